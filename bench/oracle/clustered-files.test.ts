// Groups of files that hold them together, and of files that only nearly do, are those of a loop over all rows.

import fc from "fast-check";
import { expect, test } from "vitest";
import { makeBatch } from "../../proto/batch/batch.ts";
import { buildColumnAs } from "../../proto/batch/build-column.ts";
import { packerOf } from "../../proto/formats/compression/codecs.ts";
import { ParquetWriter } from "../../proto/formats/parquet/write-file.ts";
import { float64Type, int64Type, type Schema } from "../../proto/plan/types.ts";
import { createBundle } from "../../sdk/driver/create-bundle.ts";
import { defineJob, float64, z } from "../../sdk/index.ts";
import { runInMemory } from "./in-memory-engine.ts";

const context = {
  ...{ jobId: "j", paramsJson: "{}", seed: 1, submittedWallMs: 0, workingFolder: "/base" },
};
const planTargets = { splitBytes: 100, partitionBytes: 100, coalescedBytes: 0 };

const schema: Schema = {
  fields: [
    { name: "id", type: int64Type, nullable: true },
    { name: "value", type: float64Type, nullable: false },
  ],
};
type Ids = readonly (bigint | null)[];

const packer = await packerOf("none");

function fileOf(groups: readonly Ids[]): Uint8Array {
  const writer = new ParquetWriter(schema, "none", packer);
  const parts = groups.flatMap((ids) => {
    const values = ids.map((id) => Number(id ?? -1n) + 0.5);
    const columns = [
      buildColumnAs("id", int64Type, [...ids], "null"),
      buildColumnAs("value", float64Type, values, "null"),
    ];
    return [...writer.write(makeBatch("record", columns)), ...writer.flush()];
  });
  return Buffer.concat([...parts, ...writer.finish()]);
}

const job = defineJob({
  name: "clustered",
  params: z.object({}),
  async run(mr) {
    const rows = mr.read.parquet("in/");
    const sums = rows
      .select("id", "value")
      .groupBy("id")
      .agg((c) => ({ rows: c.value.cast(float64).count(), sum: c.value.cast(float64).sum() }));
    return [await sums.collect(), await rows.select("id").distinct("id").count()];
  },
});

function expected(ids: Ids): Map<bigint | null, { rows: number; sum: number }> {
  const groups = new Map<bigint | null, { rows: number; sum: number }>();
  for (const id of ids) {
    const { rows, sum } = groups.get(id) ?? { rows: 0, sum: 0 };
    groups.set(id, { rows: rows + 1, sum: sum + Number(id ?? -1n) + 0.5 });
  }
  return groups;
}

const compare = (a: bigint, b: bigint) => (a < b ? -1 : a > b ? 1 : 0);

/** Of rows in the order of their ids, cut anywhere into files and row groups; of a few one is out of its place or null. */
const files = fc
  .record({
    ids: fc.array(fc.bigInt({ min: -3n, max: 40n }), { minLength: 1, maxLength: 40 }),
    cuts: fc.array(fc.nat(40), { maxLength: 8 }),
    perFile: fc.integer({ min: 1, max: 4 }),
    stray: fc.option(fc.record({ at: fc.nat(39), id: fc.option(fc.constantFrom(0n, 20n)) })),
  })
  .map(({ ids, cuts, perFile, stray }) => {
    const sorted: (bigint | null)[] = [...ids].sort(compare);
    if (stray !== null) sorted[stray.at % sorted.length] = stray.id;
    const places = [...new Set([0, ...cuts, sorted.length])]
      .filter((place) => place <= sorted.length)
      .sort((a, b) => a - b);
    // Without a stray row, cut only where a new id begins: nothing is moved then.
    const isBorder = (at: number) => stray !== null || sorted[at] !== sorted[at - 1];
    const borders = places.filter((at) => at === 0 || at === sorted.length || isBorder(at));
    const groups = borders.slice(1).map((end, at) => sorted.slice(borders[at], end));
    const inFiles = Array.from({ length: Math.ceil(groups.length / perFile) }, (_, at) =>
      groups.slice(at * perFile, (at + 1) * perFile),
    );
    return { ids: sorted, inFiles, isClustered: stray === null };
  });

test("sums of groups and different keys", async () => {
  await fc.assert(
    fc.asyncProperty(files, async ({ ids, inFiles, isClustered }) => {
      const contents = new Map(
        inFiles.map((groups, at) => [`file:///base/in/${at}.parquet`, fileOf(groups)]),
      );
      const bundle = createBundle(job);
      const run = await runInMemory({ bundle, context, files: contents, planTargets });
      const [sums, different] = run.value as [
        { id: bigint | null; rows: number; sum: number }[],
        number,
      ];
      const groups = expected(ids);
      expect(new Map(sums.map(({ id, rows, sum }) => [id, { rows, sum }]))).toEqual(groups);
      expect([sums.length, different]).toEqual([groups.size, groups.size]);
      if (isClustered) expect(run.graphs[0]!.stages).toHaveLength(1);
    }),
    { numRuns: 15 },
  );
});

type Joined = readonly (bigint | number | null)[];
const joinTypes = ["inner", "left", "right", "full", "semi", "anti"] as const;

const joining = defineJob({
  name: "joining",
  params: z.object({}),
  async run(mr) {
    const rows = mr.read.parquet("in/").select("id", "value");
    const left = rows.where((c) => c.value.cast(float64).gt(4));
    const right = rows
      .where((c) => c.value.cast(float64).lt(30))
      .select((c) => ({ other: c.id, seen: c.value.cast(float64).mul(2) }));
    const answers: Joined[][] = [];
    for (const type of joinTypes) {
      const found = await left.join(right, (l, r) => l.id.eq(r.other), type).collect();
      answers.push(found.map((row) => Object.values(row as object)));
    }
    return answers;
  },
});

function joined(ids: Ids, type: (typeof joinTypes)[number]): readonly Joined[] {
  const rows = ids.map((id) => [id, Number(id ?? -1n) + 0.5] as const);
  const left = rows.filter(([, value]) => value > 4);
  const right = rows.filter(([, value]) => value < 30).map(([id, value]) => [id, 2 * value]);
  const isPair = (a: Joined, b: Joined) => a[0] !== null && a[0] === b[0];
  const pairs = left.flatMap((own) =>
    right.filter((each) => isPair(own, each)).map((each) => [...own, ...each]),
  );
  const alone = left.filter((own) => !right.some((each) => isPair(own, each)));
  const others = right.filter((each) => !left.some((own) => isPair(own, each)));
  if (type === "anti") return alone;
  if (type === "semi") return left.filter((own) => !alone.includes(own));
  const ofLeft = type === "left" || type === "full" ? alone : [];
  const ofRight = type === "right" || type === "full" ? others : [];
  return [
    ...pairs,
    ...ofLeft.map((own) => [...own, null, null]),
    ...ofRight.map((each) => [null, null, ...each]),
  ];
}

test("joins of rows that lie in the same tasks", async () => {
  const shown = (rows: readonly Joined[]) => rows.map((row) => row.map(String).join(" ")).sort();
  await fc.assert(
    fc.asyncProperty(files, async ({ ids, inFiles, isClustered }) => {
      const contents = new Map(
        inFiles.map((groups, at) => [`file:///base/in/${at}.parquet`, fileOf(groups)]),
      );
      const bundle = createBundle(joining);
      const run = await runInMemory({ bundle, context, files: contents, planTargets });
      for (const [at, type] of joinTypes.entries()) {
        expect(shown((run.value as Joined[][])[at]!)).toEqual(shown(joined(ids, type)));
      }
      // One that holds the kept side, and one that reads it where it is.
      if (isClustered) for (const { stages } of run.graphs) expect(stages).toHaveLength(2);
    }),
    { numRuns: 8 },
  );
});
