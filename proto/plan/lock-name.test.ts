// Names of locks: what they may be.

import { expect, test } from "vitest";
import { lockNameCharsMax } from "../limits/locks.ts";
import { lockNameProblem } from "./lock-name.ts";

test.each(["a", "prices/2026-11", "A.b_c:d", "x".repeat(lockNameCharsMax)])("%s is one", (name) => {
  expect(lockNameProblem(name)).toBeUndefined();
});

test.each(["", " a", "a b", "/a", "-a", "a\n", "é", "output:file:///x/", "x".repeat(201)])(
  "%j is none",
  (name) => {
    expect(lockNameProblem(name)).toMatch(/^must /);
  },
);
