// toArrow: one stream of Arrow with the rows of all tasks in order, by the engine as by the testing kit.

import { expect, test } from "vitest";
import { z } from "zod";
import { batchRows } from "../../proto/batch/batch.ts";
import { columnType } from "../../proto/batch/column.ts";
import { batchesOfBytes } from "../../proto/batch/ipc.ts";
import type { JobContext } from "../../proto/plan/bundle.ts";
import { typeText } from "../../proto/plan/types.ts";
import { createBundle } from "../../sdk/driver/create-bundle.ts";
import { decimal, defineJob, float64, int64, list, schema, utf8 } from "../../sdk/index.ts";
import { testJob } from "../../sdk/testing/test-job.ts";
import { runInMemory } from "./in-memory-engine.ts";

const context: JobContext = {
  jobId: "job-1",
  paramsJson: "{}",
  seed: 1,
  submittedWallMs: 0,
  workingFolder: "/base",
};

const columns = schema({
  word: utf8,
  id: int64,
  price: decimal(9, 2).nullable(),
  size: float64,
  tags: list(utf8),
});

const text = Array.from({ length: 60 }, (_, line) => `w${(line * 37) % 60}\n`).join("");

const jobOf = (least: number) =>
  defineJob({
    name: "to-arrow",
    params: z.object({}),
    run: async (mr) =>
      await mr.read
        .text("s3://in/")
        .map((word) => {
          const number = Number(word.slice(1));
          const price = number % 7 === 0 ? null : `${number}.25`;
          return { word, id: BigInt(number), price, size: number / 2, tags: [word, "x"] };
        })
        .as(columns)
        .where((c) => c.size.ge(least))
        .orderBy("size", "desc")
        .toArrow(),
  });

async function byEngine(least: number): Promise<Uint8Array> {
  const { value } = await runInMemory({
    bundle: createBundle(jobOf(least)),
    context,
    files: new Map([["s3://in/lines.txt", new TextEncoder().encode(text)]]),
    planTargets: { splitBytes: 30, partitionBytes: 40, coalescedBytes: 0 },
  });
  return value as Uint8Array;
}

const shown = (bytes: Uint8Array) => {
  const batches = batchesOfBytes(bytes);
  return {
    types: batches[0]!.columns.map((column) => `${column.name} ${typeText(columnType(column))}`),
    rows: batches.flatMap(batchRows),
  };
};

test.each([0, 7, 1000])("rows from %d on, as columns of their types", async (least) => {
  const found = shown(await byEngine(least));
  const files = { "s3://in/lines.txt": text };
  const kit = shown((await testJob(jobOf(least), {}, { files })).result);
  expect(found.types).toEqual([
    ...["word utf8", "id int64", "price decimal(9,2)", "size float64", "tags list<utf8>"],
  ]);
  expect(found).toEqual(kit);
  const rows = found.rows as readonly { readonly size: number }[];
  const sizes = rows.map(({ size }) => size);
  expect(sizes).toEqual([...sizes].sort((a, b) => b - a));
  expect(sizes).toHaveLength(Math.max(0, 60 - 2 * least));
});
