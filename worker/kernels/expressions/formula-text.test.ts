// Loops are found by the texts of formulas: these must tell apart whatever is written otherwise.

import fc from "fast-check";
import { expect, test } from "vitest";
import { boolType, type DataType, float64Type, int53Type } from "../../../proto/plan/types.ts";
import type { Bound } from "./bound.ts";
import { exactCall, exactLeaf } from "./exact-formulas.ts";
import { callFormula, leafFormula } from "./fuse.ts";
import { numberVector, type Vector } from "./vector.ts";

const decimal = (precision: number, scale: number): DataType => ({
  kind: "decimal",
  precision,
  scale,
});
const none = numberVector(float64Type, new Float64Array(1), undefined);
const number: Vector = { ...none, constant: true };

function leaf(type: DataType, literal?: Vector): Bound {
  const bound: Bound = { type, canFail: false, run: () => none };
  return { ...bound, formula: leafFormula(bound, literal), exact: exactLeaf(bound) };
}

function called(name: string, args: readonly Bound[], type: DataType): Bound {
  return {
    type,
    canFail: false,
    formula: callFormula(name, args, type),
    exact: exactCall(name, args, type),
    run: () => none,
  };
}

const doubles = fc.letrec<{ number: Bound; truth: Bound }>((tie) => ({
  number: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom(leaf(float64Type), leaf(float64Type, number), leaf(int53Type)),
    fc
      .tuple(fc.constantFrom("add", "subtract", "multiply"), tie("number"), tie("number"))
      .map(([name, x, y]) => called(name, [x, y], float64Type)),
  ),
  truth: fc.oneof(
    { depthSize: "small" },
    fc
      .tuple(fc.constantFrom("eq", "lt", "le", "gt", "ge", "ne"), tie("number"), tie("number"))
      .map(([name, x, y]) => called(name, [x, y], boolType)),
    fc
      .tuple(fc.constantFrom("and", "or"), tie("truth"), tie("truth"))
      .map(([name, x, y]) => called(name, [x, y], boolType)),
    tie("truth").map((x) => called("not", [x], boolType)),
  ),
}));

const exacts = fc.letrec<{ decimal: Bound }>((tie) => ({
  decimal: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom(leaf(decimal(9, 0)), leaf(decimal(9, 2))),
    fc
      .tuple(fc.constantFrom("add", "subtract", "multiply"), tie("decimal"), tie("decimal"))
      .map(([name, x, y]) => called(name, [x, y], decimal(30, 8))),
  ),
}));

const codes = new Map<string, string>();

/** What was written for a text before is written for it again, whatever it was a text of. */
function isAlike({ formula, exact }: Bound): void {
  for (const found of [formula, exact]) {
    if (found === undefined) continue;
    const lines: string[] = [];
    const value = found.write((index) => `x${index}`, lines);
    const code = `${lines.join(" ")} ${value}`;
    expect(codes.get(found.text) ?? code).toBe(code);
    codes.set(found.text, code);
  }
}

test("formulas of doubles and of truths", () => {
  fc.assert(fc.property(fc.oneof(doubles.number, doubles.truth), isAlike), { numRuns: 2000 });
});

test("formulas of decimals", () => {
  fc.assert(fc.property(exacts.decimal, isAlike), { numRuns: 2000 });
});
