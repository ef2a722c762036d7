// Answers that are numbers go on as columns, all others as they were answered: each row is asked about once, in order.

import fc from "fast-check";
import { expect, test } from "vitest";
import { type Batch, batchOfRows, batchRows } from "../../proto/batch/batch.ts";
import { mapStage } from "./map.ts";
import { gathering, testUser } from "./testing/run-stage.ts";

const answer = fc.oneof(
  { weight: 20, arbitrary: fc.double() },
  fc.constantFrom(null, "text", true, -0, Number.NaN),
);

test("numbers and what comes between them", () => {
  const cases = fc.array(fc.array(answer, { minLength: 1, maxLength: 8 }), { maxLength: 4 });
  fc.assert(
    fc.property(cases, fc.boolean(), (answers, takesBatches) => {
      const asked: number[] = [];
      const all = answers.flat();
      const closure = (row: unknown): unknown => {
        asked.push((row as { at: number }).at);
        return all[asked.length - 1];
      };
      const next = { ...gathering(), takesBatches };
      const stage = mapStage(closure, 0, testUser(), next);
      let at = 0;
      for (const part of answers) stage.pushBatch(batchOfRows(part.map(() => ({ at: at++ }))));
      expect(asked).toEqual(all.map((_, row) => row));
      expect(next.batches.flatMap(batchRows)).toEqual(all);
    }),
  );
});

const alike = fc.record({ a: fc.double(), b: fc.constantFrom(1, "text", null, -0) });
const odd = fc.constantFrom<unknown>(
  { b: 1, a: 2 },
  { a: 1 },
  { a: 1, b: 2, c: 3 },
  { a: "1", b: "text" },
  7,
  null,
  new Date(5),
);

test("records of the same keys, and what comes between them", () => {
  const records = fc.array(alike, { minLength: 65, maxLength: 80 });
  const parts = fc.array(
    fc.tuple(records, fc.array(odd, { maxLength: 1 }), fc.array(alike, { maxLength: 5 })),
    { minLength: 1, maxLength: 3 },
  );
  fc.assert(
    fc.property(parts, fc.boolean(), (drawn, asLiteral) => {
      const answers = drawn.map((part) => part.flat());
      const all: unknown[] = answers.flat();
      const asked: number[] = [];
      const answerTo = (at: number): unknown => {
        asked.push(at);
        return all[asked.length - 1];
      };
      const literal = ({ at, a, b }: { at: number; a: number; b: unknown }) => ({
        a: asked.push(at) > 0 ? a : 0,
        b,
      });
      const given = (at: number) => (asLiteral ? { at, ...(alikeAt(all, at) as object) } : { at });
      const closure = asLiteral ? literal : (row: unknown) => answerTo((row as { at: number }).at);
      const next = { ...gathering(), takesBatches: true };
      const stage = mapStage(closure as (row: unknown) => unknown, 0, testUser(), next);
      let at = 0;
      for (const part of answers) stage.pushBatch(batchOfRows(part.map(() => given(at++))));
      expect(asked).toEqual(all.map((_, row) => row));
      const expected = asLiteral ? all.map((_, row) => alikeAt(all, row)) : all;
      expect(next.batches.flatMap(batchRows)).toEqual(expected);
    }),
    { numRuns: 60 },
  );
});

/** What is no such record reads as one, so that a literal can answer it. */
function alikeAt(all: readonly unknown[], at: number): unknown {
  const one = all[at];
  const isAlike = typeof one === "object" && one !== null && "a" in one && "b" in one;
  return isAlike ? { a: one.a, b: one.b } : { a: "odd", b: null };
}

test("a promise in the place of a record", () => {
  const next = { ...gathering(), takesBatches: true };
  const stage = mapStage(() => Promise.resolve({ a: 1 }), 0, testUser(), next);
  const batch = batchOfRows(Array.from({ length: 100 }, (_, i) => ({ i })));
  expect(() => stage.pushBatch(batch)).toThrow(/returned a promise/);
});

test("the row of a failure behind numbers", () => {
  const user = testUser();
  const batch = batchOfRows(Array.from({ length: 20_000 }, (_, i) => ({ i })));
  const next = { ...gathering(), takesBatches: true };
  const closure = (row: unknown) => {
    const { i } = row as { i: number };
    if (i === 9000) throw new Error("here");
    return i;
  };
  const stage = mapStage(closure, 0, user, next);
  const before: Batch = batchOfRows([{ i: 1 }]);
  stage.pushBatch(before);
  expect(() => stage.pushBatch(batch)).toThrow(/here/);
  expect(user.cells.ints[2]).toBe(9001);
});
