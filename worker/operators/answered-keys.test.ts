// Keys that are read off the source of a function are those of what it answers; whatever is not certain is not told.

import { expect, test } from "vitest";
import { answeredKeys } from "./answered-keys.ts";

const near = (x: number, y: number) => x + y;
const b = 1;

/** As text: what makes the tests run may write functions down otherwise. */
const functionOf = (source: string) => new Function("near", "b", `return ${source}`)(near, b);

test.each([
  ["({ x, y }) => ({ center: near(x, y), x, y })", ["center", "x", "y"]],
  ["(row) => ({ a: row.x, b })", ["a", "b"]],
  ["row => ({ ratio: row.x / row.y, half: (row.x) / 2, })", ["ratio", "half"]],
  ["(row) => ({ kind: row.x > 1 ? 'a, {' : \"b)\", list: [1, { c: 2 }] })", ["kind", "list"]],
  ["(row) => ({\n  a: near(row.x, 1),\n  b: ((x) => { return { x }; })(row.x),\n})", ["a", "b"]],
  ["(row) => ({})", []],
])("%s", (source, keys) => {
  expect(answeredKeys(functionOf(source))).toEqual(keys);
  expect(Object.keys(functionOf(source)({ x: 1, y: 2 }))).toEqual(keys);
});

test.each([
  "(row) => ({ ...row, a: 1 })",
  "(row) => ({ [row.x]: 1 })",
  "(row) => ({ get a() { return 1; } })",
  "(row) => ({ a() { return 1; } })",
  "(row) => ({ 'a': 1 })",
  "(row) => ({ 1: 1 })",
  "(row) => ({ a: 1, a: 2 })",
  "(row) => ({ __proto__: row })",
  "(row) => ({ a: `}, b: ` })",
  "(row) => ({ a: /[,{]/.test(row.x), b: 1 })",
  "(row) => ({ a: typeof /[{,]/, b: 1 })",
  "(row) => ({ a: 1 /* }, b: { */ })",
  "(row) => ({ a: (() => { if (b) /{/.test(b); })() })",
  "(row) => ({ a: 1 }).a",
  "(row) => ({ a: 1 }) && ({ b: 1 })",
  "(row) => { return { a: row.x }; }",
  "(row, other) => ({ a: row.x })",
  "function (row) { return { a: row.x }; }",
  "async (row) => ({ a: 1 })",
])("not of %s", (source) => {
  expect(answeredKeys(functionOf(source))).toBeUndefined();
});
