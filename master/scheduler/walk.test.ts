// Random walks through the scheduler: no entry breaks an invariant, no replica can be told from
// another.

import fc from "fast-check";
import { expect, test } from "vitest";
import { walkFrom } from "./testing/walk.ts";

test("whatever happens, tasks are leased and accepted once, and every job ends", () => {
  const counts = new Map<string, number>();
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 50, max: 400 }), (seed, steps) => {
      for (const [key, count] of walkFrom(seed, steps)) {
        counts.set(key, (counts.get(key) ?? 0) + count);
      }
    }),
    { numRuns: 60 },
  );
  // A walk that did nothing would prove nothing.
  for (const key of [
    "grantTasks granted",
    "report verdicts",
    "actionCommitted ok",
    "snapshot late",
    "cut",
  ]) {
    expect(counts.get(key)).toBeGreaterThan(10);
  }
  expect(counts.get("startAction OUTPUT_LOCKED")).toBeGreaterThan(0);
  expect(counts.get("finishJob LEASE_LOST")).toBeGreaterThan(0);
});
