// What follows for the sides of a join from alternatives, and where nothing does.

import { expect, test } from "vitest";
import type { Expr } from "../../proto/plan/expr.ts";
import { exprText } from "../../proto/plan/expr-text.ts";
import type { JoinType, LogicalNode } from "../../proto/plan/logical.ts";
import { int32Type, type Schema, utf8Type } from "../../proto/plan/types.ts";
import { impliedConditions } from "./implied-conditions.ts";
import { KnownSchemas } from "./known-schemas.ts";

const schemaOf = (...names: string[]): Schema => ({
  fields: names.map((name) => ({ name, type: int32Type, nullable: true })),
});
const read = (id: number, ...names: string[]): LogicalNode => ({
  ...{ kind: "readColumns", id, format: "parquet", pattern: `s3://b/${id}` },
  options: { schema: schemaOf(...names) },
});
const call = (name: string, ...args: Expr[]): Expr => ({ kind: "call", name, args });
const column = (name: string): Expr => ({ kind: "column", name });
const is = (name: string, value: number): Expr =>
  call("eq", column(name), { kind: "literal", type: int32Type, text: `${value}` });
const and = (...parts: Expr[]): Expr => parts.reduce((left, right) => call("and", left, right));
const or = (...parts: Expr[]): Expr => parts.reduce((left, right) => call("or", left, right));

/** What is added, one line for each. */
function added(predicate: Expr, type: JoinType = "inner", twice = false): string {
  const join: LogicalNode = {
    ...{ kind: "join", id: 3, type, left: read(1, "k", "a"), right: read(2, "j", "a", "b") },
    on: [{ left: column("k"), right: column("j") }],
    rightNames: [{ from: "a", to: "a2" }],
  };
  const where: LogicalNode = { kind: "where", id: 4, input: join, predicate };
  const inputs = [where, join];
  const last: LogicalNode = twice ? { kind: "union", id: 5, inputs } : where;
  const after = impliedConditions(last, new KnownSchemas(new Map()));
  const own = after.kind === "union" ? after.inputs[0] : after;
  if (own?.kind !== "where") throw new Error("the condition is gone");
  if (own === where) return "";
  const before = exprText(predicate);
  const text = exprText(own.predicate);
  expect(text).toContain(before);
  return text.replace(before, "...");
}

const both = or(and(is("a", 1), is("b", 2)), and(is("a", 3), is("b", 4), is("a2", 5)));

test("alternatives say of each side what its parts do", () => {
  expect(added(both)).toBe(
    "((... and ((a = 1) or (a = 3))) and " + "((b = 2) or ((b = 4) and (a2 = 5))))",
  );
  expect(added(both, "left")).toBe("(... and ((a = 1) or (a = 3)))");
  expect(added(both, "right")).toContain("(b = 2");
  expect(added(both, "full")).toBe("");
});

test("nothing follows for a side of which one alternative says nothing, or that needs the rest to hold", () => {
  expect(added(or(and(is("a", 1), is("b", 2)), is("a", 3)))).toBe("(... and ((a = 1) or (a = 3)))");
  expect(added(or(is("a", 1), is("b", 2)))).toBe("");
  expect(added(and(is("a", 1), is("b", 2)))).toBe("");
  // It goes down whole.
  expect(added(or(is("a", 1), is("k", 2)))).toBe("");
  const cast = (value: string): Expr => {
    const input = { kind: "literal", type: utf8Type, text: value } as const;
    const to = { kind: "cast", input, to: int32Type, onFailure: "error" } as const;
    return call("gt", column("a"), to);
  };
  const casts = (value: string) =>
    added(or(and(cast(value), is("b", 2)), and(is("a", 3), is("b", 4))));
  expect(casts("7")).toContain('(a > cast("7" as int32)) or (a = 3)');
  expect(casts("x")).not.toContain("or (a = 3)");
  const divided = call("eq", call("divide", column("a"), column("k")), column("k"));
  expect(added(or(and(divided, is("b", 2)), and(is("a", 3), is("b", 4))))).toBe(
    "(... and ((b = 2) or (b = 4)))",
  );
});

test("nothing is added above what others read too, since it could not go down", () => {
  expect(added(both, "inner", true)).toBe("");
});
