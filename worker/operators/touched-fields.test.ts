// Fields that functions can touch: all of those they name, and no claim where a name could hide.
import { expect, test } from "vitest";
import { touchedFields } from "./touched-fields.ts";

type Row = { a: number; b: number; c: { r: number } };
const touched = (closure: unknown) => {
  const fields = touchedFields(closure);
  return fields === undefined ? "all" : [...fields].sort().join();
};

test("fields that are named behind the parameter, or taken apart", () => {
  expect(touched((r: Row) => r.a * r.b)).toBe("a,b");
  expect(touched((r: Row) => ({ sum: r.a + 1, text: `${r.b}` }))).toBe("a,b");
  expect(touched((r: Row) => r?.c.r)).toBe("c");
  expect(touched(({ a, b: other }: Row) => a + other)).toBe("a,b");
  expect(touched(() => 1)).toBe("all");
  const lines = (row: Row) => {
    const twice = row.a * 2;
    return [twice].map((x) => x + row.b);
  };
  expect(touched(lines)).toBe("a,b");
  expect(touched(new Function("return r => r . a + o.r")())).toBe("a");
  expect(touched(new Function("return r => 1")())).toBe("");
});

test("all of them wherever the row itself is seen", () => {
  const sources = [
    "r => r",
    "r => ({ ...r })",
    "r => ({ ... r, a: 1 })",
    "r => f(r)",
    "r => r['a']",
    "r => { const { a } = r; return a; }",
    "r => ({ r })",
    "r => r.toString()",
    "r => r.hasOwnProperty('a')",
    "r => eval('r').a",
    "r => \\u0072.a",
    "(r, i) => r.a",
    "(...r) => r.length",
    "(r = {}) => r.a",
    "({ a, ...rest }) => rest",
    "({ a = 1 }) => a",
    "({ c: { r } }) => r",
    "function (r) { return arguments[0]; }",
    "async (r) => r.a",
    "async => async",
    "r => r /* x */ .a + r",
  ];
  for (const source of sources) {
    const closure = source.startsWith("r => \\u")
      ? new Function(`return ${source}`)()
      : new Function(`const f = 0; return ${source}`)();
    expect(touched(closure), source).toBe("all");
  }
});
