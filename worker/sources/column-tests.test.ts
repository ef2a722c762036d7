// Which parts of a condition a scan may ask by itself, and what they answer.
import { describe, expect, test } from "vitest";
import { buildColumnAs } from "../../proto/batch/build-column.ts";
import type { Expr } from "../../proto/plan/expr.ts";
import {
  type DataType,
  type Field,
  int32Type,
  int64Type,
  jsonType,
  utf8Type,
} from "../../proto/plan/types.ts";
import { columnTests } from "./column-tests.ts";

const field = (name: string, type: DataType): Field => ({ name, type, nullable: true });
const fields = [
  field("a", int32Type),
  field("b", int32Type),
  field("t", utf8Type),
  field("n", int64Type),
  field("j", jsonType),
];
const column = (name: string): Expr => ({ kind: "column", name });
const int = (value: number): Expr => ({ kind: "literal", type: int32Type, text: `${value}` });
const call = (name: string, ...args: Expr[]): Expr => ({ kind: "call", name, args });
const and = (left: Expr, right: Expr): Expr => call("and", left, right);

const fromTwo = call("ge", column("a"), int(2));
const toFour = call("le", column("a"), int(4));
const ofT = call("eq", column("t"), { kind: "literal", type: utf8Type, text: "x" });
const ofBoth = call("lt", column("a"), column("b"));

function named(condition: Expr) {
  const found = columnTests(condition, fields);
  return found && { of: found.tests.map(({ field }) => field.name), areAll: found.areAll };
}

describe("the tests of a condition", () => {
  test("are one for each column, in the order of the condition", () => {
    expect(named(and(and(ofT, fromTwo), toFour))).toEqual({ of: ["t", "a"], areAll: true });
  });

  test("leave parts about several columns to others", () => {
    expect(named(and(fromTwo, ofBoth))).toEqual({ of: ["a"], areAll: false });
    expect(named(ofBoth)).toBeUndefined();
    expect(named(call("or", fromTwo, ofT))).toBeUndefined();
  });

  test("are none where a value could make the condition fail, wherever it stands", () => {
    const failing = call("gt", call("add", column("n"), column("n")), column("n"));
    expect(named(and(fromTwo, failing))).toBeUndefined();
    expect(named(and(failing, fromTwo))).toBeUndefined();
  });

  test("are none of columns whose values have types of their own", () => {
    expect(named(and(fromTwo, call("isNull", column("j"))))).toBeUndefined();
  });

  test("answer for each slot, and null is not true", () => {
    const [test] = columnTests(and(fromTwo, toFour), fields)!.tests;
    const slots = buildColumnAs("a", int32Type, [1, 2, null, 4, 5], "null");
    expect(Array.from(test!.run(slots))).toEqual([0, 1, 0, 1, 0]);
    const [isNull] = columnTests(call("isNull", column("a")), fields)!.tests;
    expect(Array.from(isNull!.run(slots))).toEqual([0, 0, 1, 0, 0]);
    expect(Array.from(isNull!.run(buildColumnAs("a", int32Type, [], "null")))).toEqual([]);
  });
});
