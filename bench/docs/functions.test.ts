// Every function that the plan knows can be called: as a documented method of a column, or by itself.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { aggregateFunctions, windowFunctions } from "../../proto/plan/functions/aggregates.ts";
import { scalarFunctions } from "../../proto/plan/functions/scalars.ts";
import { AggregateValue, ColumnValue, WindowFunctionValue } from "../../sdk/columns/build.ts";
import { shortNames } from "../../sdk/columns/methods.ts";
import * as millrace from "../../sdk/index.ts";
import { documentedIn } from "./examples.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

const methods = new Set(
  ["any", "boolean", "number", "string", "date", "nested"]
    .flatMap((family) => documentedIn(root, `sdk/columns/${family}-column.ts`, new Set()))
    .map(({ name }) => name.slice(name.indexOf(".") + 1)),
);
const functions = new Set(Object.keys(millrace));

type Method = (this: ColumnValue, ...args: readonly unknown[]) => unknown;

function callMethod(name: string): unknown {
  const column = new ColumnValue({ kind: "column", name: "a" });
  const method = Reflect.get(column, name) as Method;
  return method.call(column, "b", "c");
}

describe("functions", () => {
  test.each(Object.keys(scalarFunctions))("%s", (name) => {
    const method = shortNames[name] ?? name;
    expect(methods.has(method) || functions.has(name)).toBe(true);
    if (!methods.has(method)) return;
    const column = callMethod(method);
    expect(column).toBeInstanceOf(ColumnValue);
    expect((column as ColumnValue).expr).toMatchObject({ kind: "call", name });
  });

  test.each(Object.keys(aggregateFunctions))("aggregate %s", (name) => {
    expect(methods.has(name)).toBe(true);
    expect(callMethod(name)).toBeInstanceOf(AggregateValue);
  });

  test.each(Object.keys(windowFunctions))("window function %s", (name) => {
    expect(methods.has(name) || functions.has(name)).toBe(true);
    if (methods.has(name)) expect(callMethod(name)).toBeInstanceOf(WindowFunctionValue);
  });

  test("the page has every function and method, by the name under which it is called", () => {
    const page = readFileSync(`${root}docs/functions.md`, "utf8");
    const onPage = new Set([...page.matchAll(/^\| `(\w+)\(/gm)].map(([, name]) => name));
    const free = ["functions", "free"]
      .flatMap((name) => documentedIn(root, `sdk/columns/${name}.ts`, functions))
      .map(({ name }) => name)
      .filter((name) => functions.has(name));
    // What an expression becomes on the way, told beside the tables.
    const parts = ["then", "when", "otherwise", "end", "nullsFirst", "nullsLast"];
    const wanted = [...methods, ...free].filter((name) => !parts.includes(name));
    expect(wanted.length).toBeGreaterThan(150);
    expect(wanted.filter((name) => !onPage.has(name))).toEqual([]);
  });

  test("every documented method exists", () => {
    const column = new ColumnValue({ kind: "column", name: "a" });
    expect([...methods].filter((name) => typeof Reflect.get(column, name) !== "function")).toEqual(
      [],
    );
  });
});
