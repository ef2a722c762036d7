// The parts of a condition that ask about one column each, as a scan can ask them.

import { makeBatch } from "../../proto/batch/batch.ts";
import type { ColumnTest } from "../../proto/formats/parquet/row-filter.ts";
import { columnsOf, type Expr } from "../../proto/plan/expr.ts";
import type { DataType, Field } from "../../proto/plan/types.ts";
import { bind } from "../kernels/expressions/bind.ts";
import { predicate } from "../operators/evaluate.ts";

export interface ColumnTests {
  readonly tests: readonly ColumnTest[];
  /** Whether there is nothing else in the condition. */
  readonly areAll: boolean;
}

/** Values of others say for themselves what they are, so that a dictionary of them is none of the column's rows. */
const testedKinds: ReadonlySet<DataType["kind"]> = new Set([
  "bool",
  "int32",
  "int53",
  "int64",
  "float64",
  "decimal",
  "date",
  "timestamp",
  "utf8",
  "binary",
] as const);

function conjunctsOf(condition: Expr): readonly Expr[] {
  if (condition.kind !== "call" || condition.name !== "and") return [condition];
  return condition.args.flatMap(conjunctsOf);
}

/** The field of the only column of the expression; undefined where it has another number of them. */
function onlyField(expr: Expr, fields: readonly Field[]): Field | undefined {
  const [name, ...others] = columnsOf(expr);
  if (name === undefined || others.length > 0) return undefined;
  const field = fields.find((candidate) => candidate.name === name);
  return field !== undefined && testedKinds.has(field.type.kind) ? field : undefined;
}

/** Whether no value of such columns makes it throw. */
function neverFails(condition: Expr, fields: readonly Field[]): boolean {
  const typeOf = (name: string) => fields.find((field) => field.name === name)?.type;
  if ([...columnsOf(condition)].some((name) => !testedKinds.has(typeOf(name)?.kind ?? "any"))) {
    return false;
  }
  return !bind(condition, { typeOf: (name) => typeOf(name)!, mixture: () => undefined }).canFail;
}

function testOf(field: Field, conjuncts: readonly Expr[]): ColumnTest {
  const [first, ...others] = conjuncts;
  const condition = others.reduce<Expr>(
    (left, right) => ({ kind: "call", name: "and", args: [left, right] }),
    first!,
  );
  const select = predicate(condition);
  return {
    field,
    run: (column) => {
      const truths = new Uint8Array(column.length);
      const rows = select({ ...makeBatch("record", [column]), rows: column.length });
      if (rows === undefined) truths.fill(1);
      else for (let i = 0; i < rows.length; i++) truths[rows[i]!] = 1;
      return truths;
    },
  };
}

/**
 * The tests of a condition, in the order in which it names their columns; undefined where it has none. A condition that
 * can fail stays whole, because which rows it fails for depends on the order of its parts.
 */
export function columnTests(condition: Expr, fields: readonly Field[]): ColumnTests | undefined {
  if (!neverFails(condition, fields)) return undefined;
  const byField = new Map<Field, Expr[]>();
  let areAll = true;
  for (const conjunct of conjunctsOf(condition)) {
    const field = onlyField(conjunct, fields);
    if (field === undefined) areAll = false;
    else byField.set(field, [...(byField.get(field) ?? []), conjunct]);
  }
  if (byField.size === 0) return undefined;
  return { tests: [...byField].map(([field, conjuncts]) => testOf(field, conjuncts)), areAll };
}
