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
