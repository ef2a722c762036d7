// Loops are made once, and only so many are kept.

import { expect, test } from "vitest";
import { generatedLoopsMax } from "../limits/expressions.ts";
import { GeneratedLoops } from "./generated-loops.ts";

type Sum = (a: number, b: number) => number;

test("a loop is found by its key", () => {
  const loops = new GeneratedLoops<Sum>();
  expect(loops.get("sum")).toBeUndefined();
  const made = loops.make("sum", ["a", "b"], "return a + b;");
  expect(loops.get("sum")).toBe(made);
  expect(made(2, 3)).toBe(5);
});

test("beyond the bound the one made first goes", () => {
  const loops = new GeneratedLoops<Sum>();
  for (let at = 0; at <= generatedLoopsMax; at++) loops.make(`${at}`, ["a", "b"], `return ${at};`);
  expect(loops.get("0")).toBeUndefined();
  expect(loops.get("1")).toBeDefined();
  expect(loops.get(`${generatedLoopsMax}`)?.(0, 0)).toBe(generatedLoopsMax);
});
