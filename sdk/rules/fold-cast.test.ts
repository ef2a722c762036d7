// Casts of literals that are worked out before the run are what the run would make of them.

import fc from "fast-check";
import { expect, test } from "vitest";
import { columnTypes, literalOf, rawsOfType } from "../../bench/oracle/testing/random-columns.ts";
import type { Expr } from "../../proto/plan/expr.ts";
import { exprText } from "../../proto/plan/expr-text.ts";
import { type DataType, decimalType, instantType, utf8Type } from "../../proto/plan/types.ts";
import { evaluateRaw } from "../testing/expressions/evaluate-expr.ts";
import { foldCast } from "./fold-cast.ts";

type Literal = Extract<Expr, { kind: "literal" }>;

const text = (of: string): Literal => ({ kind: "literal", type: utf8Type, text: of });
const schema = { fields: [] };

test.each<[Literal, DataType, string | undefined]>([
  [text("0.05"), decimalType(15, 2), "0.05"],
  [text("24"), decimalType(15, 2), "24.00"],
  [text("0.055"), decimalType(15, 2), undefined],
  [text("1e2"), decimalType(15, 2), "100.00"],
  [text("1e-3"), decimalType(15, 2), undefined],
  [{ kind: "literal", type: { kind: "float64" }, text: "0.5" }, decimalType(3, 1), "0.5"],
  [text("1994-01-01"), { kind: "date" }, "8766"],
  [text("1994-02-29"), { kind: "date" }, undefined],
  [{ kind: "literal", type: instantType, text: "86400000000" }, { kind: "date" }, "1"],
  [{ kind: "literal", type: { kind: "date" }, text: "1" }, instantType, "86400000000"],
])("%j as %j", (literal, to, wanted) => {
  expect(foldCast(literal, to)?.text).toBe(wanted);
});

test("whatever is folded is what the cast makes", () => {
  const types = columnTypes.filter(({ kind }) => kind !== "list" && kind !== "null");
  const cases = fc.constantFrom(...types).chain((from) =>
    fc.record({
      literal: rawsOfType(from).map((raw) => literalOf(raw, from) as Literal),
      to: fc.constantFrom(...types),
    }),
  );
  let folded = 0;
  fc.assert(
    fc.property(cases, ({ literal, to }) => {
      const made = foldCast(literal, to);
      if (made === undefined) return;
      folded++;
      const cast: Expr = { kind: "cast", input: literal, to, onFailure: "error" };
      const shown = `${exprText(cast)} and ${exprText(made)}`;
      expect(made.type, shown).toEqual(to);
      expect(evaluateRaw(made, {}, schema), shown).toEqual(evaluateRaw(cast, {}, schema));
    }),
    { numRuns: 1500 },
  );
  expect(folded).toBeGreaterThan(100);
});
