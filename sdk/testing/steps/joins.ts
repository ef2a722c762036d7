// Joins: every pair of rows is looked at.

import { EngineError } from "../../../proto/errors.ts";
import { typeOfExpr } from "../../../proto/plan/expr-type.ts";
import type { JoinNode } from "../../../proto/plan/logical.ts";
import { commonType, type Field, type Schema, typeText } from "../../../proto/plan/types.ts";
import { evaluateRaw } from "../expressions/evaluate-expr.ts";
import type { Raw } from "../expressions/raw-values.ts";
import { compareValues } from "../value-order.ts";
import { type RawRow, type Table, type TypedTable, typed, widened, withColumns } from "./table.ts";

/** How a row of the result is made of one of each side; undefined stands for a side without a partner. */
interface Shape {
  readonly schema: Schema;
  rowOf(left: RawRow | undefined, right: RawRow | undefined): RawRow;
}

export function joinStep(node: JoinNode, leftInput: Table, rightInput: Table): Table {
  const left = withColumns(
    leftInput,
    node.on.map((key) => key.left),
  );
  const right = withColumns(
    rightInput,
    node.on.map((key) => key.right),
  );
  const matches = matcherOf(node, left, right);
  const { type } = node;
  if (type === "semi" || type === "anti") {
    const isWanted = (row: RawRow) =>
      right.rows.some((other) => matches(row, other)) === (type === "semi");
    return typed(left.schema, left.rows.filter(isWanted));
  }
  const { schema, rowOf } = shapeOf(node, left, right);
  const rows: RawRow[] = [];
  const seen = new Set<number>();
  for (const row of left.rows) {
    const partners = right.rows.flatMap((other, at) => (matches(row, other) ? [at] : []));
    for (const at of partners) {
      rows.push(rowOf(row, right.rows[at]));
      seen.add(at);
    }
    const keepsLeft = type === "left" || type === "full";
    if (partners.length === 0 && keepsLeft) rows.push(rowOf(row, undefined));
  }
  if (type === "right" || type === "full") {
    for (const [at, other] of right.rows.entries()) {
      if (!seen.has(at)) rows.push(rowOf(undefined, other));
    }
  }
  return typed(schema, rows);
}

/** Keys are equal, none of them null, and the condition holds. */
function matcherOf(
  node: JoinNode,
  left: TypedTable,
  right: TypedTable,
): (a: RawRow, b: RawRow) => boolean {
  const keys = node.on.map((key) => {
    const types = [typeOfExpr(key.left, left.schema), typeOfExpr(key.right, right.schema)] as const;
    const common = commonType(...types);
    if (common === undefined) {
      const what = `a ${typeText(types[0])} is joined on a ${typeText(types[1])}`;
      throw new EngineError("PLAN_INVALID", what);
    }
    const values = new Map<RawRow, Raw>();
    for (const row of left.rows) {
      values.set(row, widened(evaluateRaw(key.left, row, left.schema), types[0], common));
    }
    const others = new Map<RawRow, Raw>();
    for (const row of right.rows) {
      others.set(row, widened(evaluateRaw(key.right, row, right.schema), types[1], common));
    }
    return (a: RawRow, b: RawRow): boolean => {
      const one = values.get(a) ?? null;
      const other = others.get(b) ?? null;
      return one !== null && other !== null && compareValues(one, other) === 0;
    };
  });
  const { condition } = node;
  if (condition === undefined) return (a, b) => keys.every((equal) => equal(a, b));
  const { schema, rowOf } = shapeOf(node, left, right);
  typeOfExpr(condition, schema);
  return (a, b) =>
    keys.every((equal) => equal(a, b)) && evaluateRaw(condition, rowOf(a, b), schema) === true;
}

function shapeOf(node: JoinNode, left: TypedTable, right: TypedTable): Shape {
  const renames = new Map(node.rightNames.map(({ from, to }) => [from, to]));
  const find = ({ schema }: TypedTable, name: string) =>
    schema.fields.find((field) => field.name === name);
  const shared = node.on.flatMap((key) => {
    if (key.left.kind !== "column" || key.right.kind !== "column") return [];
    const { name } = key.left;
    return name === key.right.name && find(left, name) && find(right, name) ? [name] : [];
  });
  const own = right.schema.fields.filter(({ name }) => !shared.includes(name));
  const leftFields = left.schema.fields.map((field): Field => {
    if (!shared.includes(field.name)) return { ...field, nullable: true };
    const type = commonType(field.type, find(right, field.name)!.type) ?? field.type;
    return { ...field, type, nullable: true };
  });
  const rightFields = own.map((field): Field => {
    return { ...field, name: renames.get(field.name) ?? field.name, nullable: true };
  });
  const sideValue = (a: RawRow | undefined, b: RawRow | undefined, { name, type }: Field) => {
    const table = a === undefined && shared.includes(name) ? right : left;
    const row = table === right ? b : a;
    if (row === undefined) return null;
    return widened(row[name] ?? null, find(table, name)!.type, type);
  };
  return {
    schema: { fields: [...leftFields, ...rightFields] },
    rowOf: (a, b) => ({
      ...Object.fromEntries(leftFields.map((field) => [field.name, sideValue(a, b, field)])),
      ...Object.fromEntries(
        own.map(({ name }) => [renames.get(name) ?? name, b?.[name] ?? null] as const),
      ),
    }),
  };
}
