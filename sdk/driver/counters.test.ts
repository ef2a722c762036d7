// Counters: what functions add travels with the task, and what actions counted is what the program reads.

import { expect, test } from "vitest";
import { Counters } from "./counters.ts";

test("adds are taken once, and are no part of the value before their action ended", () => {
  const counters = new Counters();
  const bad = counters.counter("bad");
  bad.add();
  bad.add(2.5);
  expect(bad.value).toBe(0);
  expect(counters.take()).toEqual({ "c:bad": 3.5 });
  expect(counters.take()).toEqual({});
  counters.settle([
    ["c:bad", 7],
    ["op:0:0:rows", 100],
  ]);
  counters.settle([["c:bad", 1]]);
  counters.settle(undefined);
  expect(bad.value).toBe(8);
  expect(counters.counter("bad").value).toBe(8);
  expect(counters.counter("other").value).toBe(0);
});

test("odd names and amounts are refused", () => {
  const counters = new Counters();
  expect(() => counters.counter("")).toThrow(/named by 1 to/);
  expect(() => counters.counter("n").add(Number.NaN)).toThrow(/added NaN/);
});
