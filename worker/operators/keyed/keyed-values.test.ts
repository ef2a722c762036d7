// Pairs by key in little memory: the same pairs in the same order, and the same calls of the user's functions.

import fc from "fast-check";
import { expect, test } from "vitest";
import { type Batch, batchOfRows } from "../../../proto/batch/batch.ts";
import { encodeValue } from "../../../proto/plan/values.ts";
import { ArraySpillFiles, taskMemoryOf } from "../../memory/memory-for-tests.ts";
import { flatMapStage } from "../flat-map.ts";
import type { Stage } from "../stage.ts";
import { rowsOfBatches, runStage, testUser } from "../testing/run-stage.ts";
import { joinByKeyStage } from "./join-by-key.ts";
import type { KeyedPlace } from "./keyed-place.ts";
import {
  aggregateByKeyStage,
  cogroupStage,
  groupByKeyStage,
  reduceByKeyStage,
} from "./keyed-values.ts";

/** Keys that a map tells apart by itself and others, equal in different ways. */
const keys = fc.oneof(
  fc.nat({ max: 40 }),
  fc.constantFrom<unknown>("a", "1", 1, 1n, null, undefined, true, 0, -0, Number.NaN, ""),
  fc.record({ x: fc.nat({ max: 5 }), y: fc.constantFrom("p", "q") }),
  fc.record({ y: fc.constantFrom("p", "q"), x: fc.nat({ max: 5 }) }),
  fc.array(fc.nat({ max: 2 }), { maxLength: 2 }),
);
const values = fc.oneof(
  fc.string({ maxLength: 30 }),
  fc.constantFrom<unknown>(undefined, null, 2n, -0, new Date(5), [1, undefined], { a: 1n }),
);
const pairs = fc.array(fc.tuple(keys, values), { maxLength: 60 });
const inputs = fc
  .array(pairs, { maxLength: 5 })
  .map((parts) => parts.filter((rows) => rows.length > 0).map((rows) => batchOfRows(rows)));

/** Neither order nor grouping of calls leaves it as it is. */
const combine = (left: unknown, right: unknown): unknown =>
  `(${encodeValue(left)},${encodeValue(right)})`;
const fold = (what: "add" | "merge", state: unknown, other: unknown): unknown =>
  what === "merge" ? combine(state, other) : { state: combine(state, other) };

const steps: Readonly<Record<string, (place: KeyedPlace, next: Stage) => Stage>> = {
  reduceByKey: (place, next) => reduceByKeyStage(combine, "final", place, next),
  aggregateByKey: (place, next) =>
    aggregateByKeyStage({ phase: "final", zeroJson: "0" }, fold, place, next),
  groupByKey: (place, next) => groupByKeyStage(undefined, place, next),
  "groupByKey sorted": (place, next) =>
    groupByKeyStage((value) => encodeValue(value).length, place, next),
  cogroup: (place, next) => cogroupStage(1, place, next),
  "joinByKey inner": (place, next) => joinByKeyStage({ stageId: 1, type: "inner" }, place, next),
  "joinByKey left": (place, next) => joinByKeyStage({ stageId: 1, type: "left" }, place, next),
};

for (const [name, make] of Object.entries(steps)) {
  test(`${name} answers the same whatever it may hold`, () => {
    let spilled = 0;
    fc.assert(
      fc.property(inputs, inputs, fc.integer({ min: 1000, max: 8000 }), (left, right, budget) => {
        const files = new ArraySpillFiles();
        const of = (limitBytes: number): Batch[] => {
          const memory = taskMemoryOf(limitBytes, files).operator("keyed#1");
          const place = { index: 0, user: testUser(), memory };
          const side = name === "cogroup" || name.startsWith("joinByKey") ? right : [];
          return runStage((next) => make(place, next), left, side);
        };
        let found: Batch[];
        try {
          found = of(budget);
        } catch (thrown) {
          // Where a budget of so few bytes is too small for what is kept for one key, it is said.
          expect(thrown).toMatchObject({
            code: "MEMORY_EXCEEDED",
            details: { operator: "keyed#1", partition: 0 },
          });
          return;
        }
        spilled += files.created;
        expect(files.open).toBe(0);
        expect(rowsOfBatches(found)).toEqual(rowsOfBatches(of(2 ** 40)));
      }),
      { numRuns: 100 },
    );
    expect(spilled).toBeGreaterThan(20);
  });
}

test("what is kept for one key and does not fit is named", () => {
  const memory = taskMemoryOf(20_000).operator("groupByKey#3");
  const place = { index: 0, user: testUser(), memory };
  const rows = Array.from({ length: 2000 }, (_, i) => ["the one", i] as const);
  const grouped = () =>
    runStage((next) => groupByKeyStage(undefined, place, next), [batchOfRows(rows)]);
  expect(grouped).toThrow(/groupByKey#3 of task 0 needs \d+ bytes for what is kept for one key/);
});

test("a small heap is not filled, however much memory there is", () => {
  const files = new ArraySpillFiles();
  const memory = taskMemoryOf(2 ** 40, files, 40_000).operator("reduceByKey#3");
  const place = { index: 0, user: testUser(), memory };
  const rows = Array.from({ length: 1000 }, (_, i) => [`key ${i}`, i] as const);
  const sum = (a: unknown, b: unknown): unknown => Number(a) + Number(b);
  const twice = [batchOfRows(rows), batchOfRows(rows)];
  const found = runStage((next) => reduceByKeyStage(sum, "final", place, next), twice);
  expect(rowsOfBatches(found)).toEqual(rows.map(([key, i]) => [key, 2 * i]));
  expect(files.created).toBeGreaterThan(0);
});

test("a function before a step by key is named by what it throws, also once that step called its own", () => {
  const memory = taskMemoryOf(2 ** 40).operator("reduceByKey#2");
  const user = testUser(["flatMap#1", "reduceByKey#2"]);
  const pairsUntil = (row: unknown): unknown => {
    if (row === 3) throw new Error("no more");
    return [["key", 1]];
  };
  const sum = (a: unknown, b: unknown): unknown => Number(a) + Number(b);
  const work = () =>
    runStage(
      (next) =>
        flatMapStage(
          pairsUntil,
          0,
          user,
          reduceByKeyStage(sum, "final", { index: 1, user, memory }, next),
        ),
      [batchOfRows([1, 2, 3])],
    );
  expect(work).toThrow(
    expect.objectContaining({
      details: expect.objectContaining({ operator: "flatMap#1", row: 2 }),
    }),
  );
});
