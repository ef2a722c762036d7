// What a sort samples: an even part of the files, never the same byte twice, and only where rows may be made twice.

import fc from "fast-check";
import { expect, test } from "vitest";
import { sortSampleBytes, sortSamplePiecesMax, sortSampleWindowBytes } from "../../proto/limits.ts";
import type { FileRange, SourceProgram } from "../../proto/plan/program.ts";
import { int64Type, utf8Type } from "../../proto/plan/types.ts";
import type { OpenStage } from "./open-stage.ts";
import { sampleSplits, sampleStage } from "./sort-samples.ts";
import { planSplits } from "./splits.ts";

const MiB = 1024 * 1024;

function splitsOf(sizes: readonly number[], extension = "txt") {
  const files = sizes.map((sizeBytes, i) => ({ uri: `file:///${i}.${extension}`, sizeBytes }));
  return planSplits(files, { bytesTarget: 32 * MiB, divisible: true });
}

test("of every window of the files a piece, or all of what is small", () => {
  const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 300_000 }), fc.nat(2 ** 31 - 1)), {
    minLength: 1,
    maxLength: 6,
  });
  fc.assert(
    fc.property(sizes, (given) => {
      const splits = splitsOf(given);
      const total = given.reduce((sum, size) => sum + size, 0);
      fc.pre(total > 0);
      const sampled = sampleSplits(splits).flatMap(({ ranges }) => ranges);
      const bytes = sampled.reduce((sum, { startByte, endByte }) => sum + endByte - startByte, 0);
      const windows = Math.ceil(
        total / Math.max(sortSampleWindowBytes, total / sortSamplePiecesMax),
      );
      expect(bytes).toBeLessThanOrEqual(windows * sortSampleBytes);
      expect(bytes).toBeGreaterThanOrEqual(
        Math.min(total, Math.max(windows - 1, 1) * sortSampleBytes),
      );
      let before: FileRange | undefined;
      for (const range of sampled.sort((a, b) =>
        a.uri < b.uri ? -1 : a.uri > b.uri ? 1 : a.startByte - b.startByte,
      )) {
        const { uri, startByte, endByte, fileBytes } = range;
        expect(startByte >= 0 && startByte < endByte && endByte <= fileBytes).toBe(true);
        if (before?.uri === uri) expect(startByte).toBeGreaterThanOrEqual(before.endByte);
        before = range;
      }
    }),
    { numRuns: 50 },
  );
});

const text: SourceProgram = { kind: "text", node: 0 };
const parquet: SourceProgram = {
  ...{ kind: "columns", node: 0, format: "parquet" },
  options: {
    schema: {
      fields: [
        { name: "a", type: int64Type, nullable: false },
        { name: "b", type: utf8Type, nullable: false },
      ],
    },
  },
};
const keys = [{ expr: { kind: "column", name: "b" }, direction: "asc", nulls: "last" }] as const;

function open(source: SourceProgram, more: Partial<OpenStage> = {}): OpenStage {
  const splits = splitsOf([100 * MiB]);
  return {
    ...{ names: ["read"], taskCount: splits.length, inputs: [], placement: { kind: "any" } },
    ...{ source, operators: [], splits, inputBytes: 100 * MiB, bytesBelow: 100 * MiB },
    ...more,
  };
}

test("lines are sampled from places in their files, columns of Parquet by those of the keys", () => {
  const lines = sampleStage(open(text), keys);
  expect(lines?.inputBytes).toBe(25 * sortSampleBytes);
  expect([lines?.taskCount, lines?.splits.length]).toEqual([1, 1]);
  const columns = sampleStage(open(parquet), keys);
  expect(columns?.source).toMatchObject({ columns: ["b"], sampled: true });
  expect(columns?.splits).toEqual(open(parquet).splits);
});

test("rows that cost much, or that functions make, are not made twice", () => {
  const input = { stageId: 0, partition: 0, maps: "all" } as const;
  expect(sampleStage(open(text, { inputs: [input] }), keys)).toBeUndefined();
  const map = { kind: "map", node: 1 } as const;
  expect(sampleStage(open(text, { operators: [map] }), keys)).toBeUndefined();
  expect(sampleStage(open(text, { splits: splitsOf([9], "txt.gz") }), keys)).toBeUndefined();
  const where = { kind: "where", node: 1, predicate: keys[0].expr } as const;
  expect(sampleStage(open(parquet, { operators: [where] }), keys)).toBeUndefined();
  expect(sampleStage(open(text, { operators: [where] }), keys)).toBeDefined();
  expect(
    sampleStage(
      open({ kind: "range", node: 0, start: 0, end: 9, step: 1, tasks: 1 }, { splits: [] }),
      keys,
    ),
  ).toBeUndefined();
});
