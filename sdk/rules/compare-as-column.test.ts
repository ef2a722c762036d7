// Comparisons with literals, as they stand and in the types of their columns: the same answers for every value.

import fc from "fast-check";
import { expect, test } from "vitest";
import { literalOf, type Raw, rawsOfType } from "../../bench/oracle/testing/random-columns.ts";
import type { Expr } from "../../proto/plan/expr.ts";
import { exprText } from "../../proto/plan/expr-text.ts";
import {
  type DataType,
  dateType,
  decimalType,
  float64Type,
  instantType,
  int32Type,
  int53Type,
  int64Type,
  type Schema,
} from "../../proto/plan/types.ts";
import { evaluateRaw } from "../testing/expressions/evaluate-expr.ts";
import { comparedAsColumns } from "./compare-as-column.ts";

const column: Expr = { kind: "column", name: "c" };
const schemaOf = (type: DataType): Schema => ({ fields: [{ name: "c", type, nullable: true }] });
const call = (name: string, ...args: readonly Expr[]): Expr => ({ kind: "call", name, args });
const literal = (type: DataType, text: string): Expr => ({ kind: "literal", type, text });
const at = (text: string): Expr => literal(instantType, `${Date.parse(text)}000`);
const noon = at("2024-03-01T12:00:00Z");
const midnight = at("2024-03-01T00:00:00Z");
const money = decimalType(15, 2);

test.each<[string, DataType, Expr, string]>([
  ["a day before a midnight", dateType, call("lt", column, midnight), "(c < 2024-03-01)"],
  ["a day before a noon", dateType, call("lt", column, noon), "(c <= 2024-03-01)"],
  ["a day up to a noon", dateType, call("le", column, noon), "(c <= 2024-03-01)"],
  ["a day from a midnight on", dateType, call("ge", column, midnight), "(c >= 2024-03-01)"],
  ["a day from a noon on", dateType, call("ge", column, noon), "(c > 2024-03-01)"],
  ["a day after a noon", dateType, call("gt", column, noon), "(c > 2024-03-01)"],
  ["a literal that comes first", dateType, call("gt", noon, column), "(c <= 2024-03-01)"],
  ["a midnight", dateType, call("eq", column, midnight), "(c = 2024-03-01)"],
  ["money below a double", money, call("lt", column, literal(float64Type, "0.1")), "(c < 0.10)"],
  [
    "money and more digits",
    money,
    call("lt", column, literal(decimalType(9, 3), "0.105")),
    "(c <= 0.10)",
  ],
  ["one of some days", dateType, call("isIn", column, midnight), "isIn(c, 2024-03-01)"],
  [
    "whole numbers and parts",
    int32Type,
    call("gt", column, literal(float64Type, "2.5")),
    "(c > 2)",
  ],
  ["below nothing", int32Type, call("lt", column, literal(float64Type, "-0.5")), "(c <= -1)"],
])("%s", (_, type, expr, text) => {
  const better = comparedAsColumns(expr, schemaOf(type));
  expect(exprText(better).replace(/[\w(),]+ "([^"]*)"/g, "$1")).toBe(text);
  expect(comparedAsColumns(better, schemaOf(type))).toBe(better);
});

test.each<[string, DataType, Expr]>([
  ["a noon is no day", dateType, call("eq", column, noon)],
  [
    "midnights of other zones",
    dateType,
    call("lt", column, { ...noon, type: { kind: "timestamp", zone: "Asia/Tokyo" } } as Expr),
  ],
  ["what doubles do not tell apart", int64Type, call("lt", column, literal(float64Type, "2.5"))],
  [
    "decimals wider than doubles",
    decimalType(16, 2),
    call("lt", column, literal(float64Type, "2.5")),
  ],
  ["no number", money, call("lt", column, literal(float64Type, "NaN"))],
  ["beyond the type", int32Type, call("lt", column, literal(int64Type, "4294967296"))],
  ["what needs no conversion", int64Type, call("lt", column, literal(int32Type, "5"))],
  ["a list with a noon", dateType, call("isIn", column, midnight, noon)],
])("%s: the comparison stays", (_, type, expr) => {
  expect(comparedAsColumns(expr, schemaOf(type))).toBe(expr);
});

const numbers = [
  int32Type,
  int53Type,
  int64Type,
  float64Type,
  decimalType(5, 2),
  money,
  decimalType(24, 6),
];
const clock: DataType = { kind: "timestamp" };
const pairs: readonly (readonly [DataType, DataType])[] = [
  ...[dateType, instantType, clock].map((other) => [dateType, other] as const),
  ...numbers.flatMap((own) => numbers.map((other) => [own, other] as const)),
];

/** Values of the type right beside the literal, as text says them. */
function near(type: DataType, text: string, other: DataType): readonly Raw[] {
  const micros = 86_400_000_000;
  const scale = type.kind === "decimal" ? type.scale : 0;
  const value =
    type.kind === "date" && other.kind === "timestamp" ? Number(text) / micros : Number(text);
  const steps = Math.floor(value * 10 ** scale);
  if (!Number.isSafeInteger(steps) || Math.abs(steps) > 99_998) return [];
  const isBig = type.kind === "decimal" || type.kind === "int64";
  return [-1, 0, 1, 2].map((more) => (isBig ? BigInt(steps + more) : steps + more));
}

const comparisons = ["eq", "ne", "lt", "le", "gt", "ge", "eqOrBothNull", "isIn"];

test("both answer the same of every value", () => {
  let changed = 0;
  const cases = fc.constantFrom(...pairs).chain(([own, other]) =>
    fc.record({
      own: fc.constant(own),
      other: fc.constant(other),
      name: fc.constantFrom(...comparisons),
      raws: fc.array(fc.option(rawsOfType(own)), { minLength: 1, maxLength: 4 }),
      literals: fc.array(fc.option(rawsOfType(other), { freq: 9 }), { minLength: 2, maxLength: 2 }),
      isTurned: fc.boolean(),
    }),
  );
  fc.assert(
    fc.property(cases, ({ own, other, name, raws, literals, isTurned }) => {
      const [first, second] = literals.map((raw) => literalOf(raw, other)) as [Expr, Expr];
      const args =
        name === "isIn" ? [column, first, second] : isTurned ? [first, column] : [column, first];
      const expr = call(name, ...args);
      const schema = schemaOf(own);
      const better = comparedAsColumns(expr, schema);
      if (better === expr) return;
      changed++;
      const text = first.kind === "literal" ? (first.text ?? "0") : "0";
      for (const raw of [null, ...raws, ...near(own, text, other)]) {
        const shown = `${exprText(expr)} and ${exprText(better)} of ${String(raw)}`;
        expect(evaluateRaw(better, { c: raw }, schema), shown).toBe(
          evaluateRaw(expr, { c: raw }, schema),
        );
      }
    }),
    { numRuns: 1500 },
  );
  expect(changed).toBeGreaterThan(200);
});
