// Expressions over batches: values, nulls, branches that must not run, and errors that name what is wrong.
import { describe, expect, test } from "vitest";
import { batchOfRows } from "../../../proto/batch/batch.ts";
import { columnValues } from "../../../proto/batch/decode-column.ts";
import type { Expr } from "../../../proto/plan/expr.ts";
import { decimalType, float64Type, int32Type, utf8Type } from "../../../proto/plan/types.ts";
import { compileExpr, compilePredicate } from "./compile-expr.ts";

const column = (name: string): Expr => ({ kind: "column", name });
const call = (name: string, ...args: Expr[]): Expr => ({ kind: "call", name, args });
const float = (value: number): Expr => ({
  kind: "literal",
  type: float64Type,
  text: Object.is(value, -0) ? "-0" : String(value),
});
const int = (value: number): Expr => ({ kind: "literal", type: int32Type, text: String(value) });
const text = (value: string): Expr => ({ kind: "literal", type: utf8Type, text: value });

function evaluate(expr: Expr, rows: readonly unknown[]): unknown[] {
  return columnValues(compileExpr(expr)(batchOfRows(rows)));
}

describe("expressions", () => {
  test("arithmetic and comparison with nulls", () => {
    const rows = [
      { a: 1, b: 2 },
      { a: null, b: 3 },
      { a: 4, b: -0.5 },
    ];
    expect(evaluate(call("add", column("a"), column("b")), rows)).toEqual([3, null, 3.5]);
    expect(evaluate(call("gt", column("b"), int(0)), rows)).toEqual([true, true, false]);
    expect(evaluate(call("gt", column("a"), column("b")), rows)).toEqual([false, null, true]);
  });

  test("the same expression over batches of other types", () => {
    const sum = compileExpr(call("add", column("a"), int(1)));
    expect(columnValues(sum(batchOfRows([{ a: 1.5 }])))).toEqual([2.5]);
    expect(columnValues(sum(batchOfRows([{ a: 2n ** 60n }])))).toEqual([2n ** 60n + 1n]);
    expect(columnValues(sum(batchOfRows([{ a: null }])))).toEqual([null]);
  });

  test("a branch runs only for the rows that take it", () => {
    const rows = [
      { a: 7n, b: 2n },
      { a: 7n, b: 0n },
      { a: null, b: 0n },
    ];
    const guarded: Expr = {
      kind: "case",
      branches: [
        { when: call("ne", column("b"), int(0)), result: call("modulo", column("a"), column("b")) },
      ],
      otherwise: int(-1),
    };
    expect(evaluate(guarded, rows)).toEqual([1n, -1n, -1n]);
    const both = call(
      "and",
      call("ne", column("b"), int(0)),
      call("eq", call("modulo", column("a"), column("b")), int(1)),
    );
    expect(evaluate(both, rows)).toEqual([true, false, false]);
    expect(() => evaluate(call("modulo", column("a"), column("b")), rows)).toThrow(
      /\(a % b\): modulo\(7, 0\) divides by zero/,
    );
  });

  test("what no row asks for does not fail, not even of literals", () => {
    const wrong: Expr = { kind: "cast", input: text("x"), to: int32Type, onFailure: "error" };
    const never = call("and", call("isNull", int(1)), call("eq", wrong, int(1)));
    expect(evaluate(never, [{ a: 1 }])).toEqual([false]);
    expect(evaluate(call("coalesce", int(1), wrong), [{ a: 1 }])).toEqual([1]);
    expect(evaluate(wrong, [])).toEqual([]);
    expect(() => evaluate(wrong, [{ a: 1 }])).toThrow(/"x" of the type utf8 is no int32/);
  });

  test("a number beside null need not fit the type of the sum", () => {
    const decimal = (input: Expr, precision: number, scale: number): Expr => {
      return { kind: "cast", input, to: decimalType(precision, scale), onFailure: "error" };
    };
    const sum = (large: Expr) => call("add", decimal(large, 36, 0), decimal(column("b"), 15, 3));
    const digits = `1${"0".repeat(35)}`;
    const nulls = [
      { a: digits, b: null },
      { a: null, b: 1 },
      { a: "1", b: 2 },
    ];
    expect(evaluate(sum(column("a")), nulls)).toEqual([null, null, "3.000"]);
    expect(evaluate(sum(text(digits)), [{ b: null }, { b: null }])).toEqual([null, null]);
    const both = [...nulls, { a: digits, b: 1 }];
    for (const large of [column("a"), text(digits)]) {
      expect(() => evaluate(sum(large), both)).toThrow(
        `add(${digits}e-0, 1000e-3) does not fit decimal(38,3)`,
      );
    }
    const rest = (a: Expr, b: Expr) => call("modulo", decimal(a, 15, 3), decimal(b, 36, 0));
    expect(evaluate(rest(column("b"), text(digits)), [{ b: 7 }, { b: 0 }])).toEqual([
      "7.000",
      "0.000",
    ]);
  });

  test("a number that is compared with nothing but nulls need not fit what it would be compared as", () => {
    const decimal = (name: string, precision: number, scale: number): Expr => {
      const to = decimalType(precision, scale);
      return { kind: "cast", input: column(name), to, onFailure: "error" };
    };
    const large = `1${"0".repeat(35)}`;
    const [a, b, c] = [decimal("a", 36, 0), decimal("b", 15, 3), decimal("c", 36, 0)];
    const rows = [
      { a: null, b: 1, c: large },
      { a: large, b: null, c: null },
      { a: "1", b: 1, c: null },
      { a: "1", b: null, c: "2" },
    ];
    expect(evaluate(call("isIn", a, b, c), rows)).toEqual([null, null, true, null]);
    expect(evaluate(call("isIn", text("1"), text("2"), text("1")), rows)[0]).toBe(true);
    expect(evaluate(call("eqOrBothNull", a, b), rows)).toEqual([false, false, true, false]);
    expect(evaluate(call("nullIf", a, b), rows)).toEqual([null, large, null, "1"]);
    const both = [...rows, { a: large, b: 1, c: null }];
    for (const name of ["isIn", "eqOrBothNull", "nullIf"]) {
      expect(() => evaluate(call(name, a, b), both)).toThrow(`${large}e-0 has too many digits`);
    }
  });

  test("a predicate selects the rows that are true", () => {
    const batch = batchOfRows([{ a: 1 }, { a: null }, { a: 3 }]);
    expect(compilePredicate(call("ge", column("a"), float(1)))(batch)).toEqual(Int32Array.of(0, 2));
    expect(compilePredicate(call("isNull", text("x")))(batch)).toEqual(new Int32Array(0));
    expect(compilePredicate(call("isNotNull", text("x")))(batch)).toBeUndefined();
  });

  test("mixed values are an error that names the column and the kinds", () => {
    const rows = [{ a: 1 }, { a: "x" }];
    expect(() => evaluate(call("add", column("a"), int(1)), rows)).toThrow(
      /column a holds number and string in one batch/,
    );
    expect(evaluate(call("isNull", column("a")), [...rows, { a: null }])).toEqual([
      false,
      false,
      true,
    ]);
    expect(evaluate(call("add", column("a"), int(1)), [{ a: 1 }, { a: null }, {}])).toEqual([
      2,
      null,
      null,
    ]);
  });
});
