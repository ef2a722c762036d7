// A profile's time goes to the functions that ran.

import { expect, test } from "vitest";
import { breakdownOf, type CpuProfile } from "./breakdown.ts";

const frame = (functionName: string, url = "") => ({
  functionName,
  url,
  lineNumber: 0,
  columnNumber: 0,
});

test("idle time is no time, and Node's own code is one line", () => {
  const profile: CpuProfile = {
    nodes: [
      { id: 1, callFrame: frame("(idle)") },
      { id: 2, callFrame: frame("(garbage collector)") },
      { id: 3, callFrame: frame("read", "node:fs") },
      { id: 4, callFrame: frame("write", "node:fs") },
    ],
    samples: [1, 2, 3, 4, 4],
    timeDeltas: [9000, 1000, 2000, 3000, 4000],
  };
  expect(breakdownOf(profile)).toEqual({
    busyMs: 10,
    folders: [
      { what: "(node)", ms: 9 },
      { what: "(garbage collector)", ms: 1 },
    ],
    functions: [
      { what: "(node)", ms: 9 },
      { what: "(garbage collector)", ms: 1 },
    ],
  });
});
