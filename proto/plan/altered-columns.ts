// Which columns an `alter` makes of known ones: the `select` that it stands for.

import { EngineError } from "../errors.ts";
import type { NamedExpr } from "./expr.ts";
import { columnText } from "./expr-text.ts";
import type { ColumnRename } from "./logical.ts";
import { findField, type Schema } from "./types.ts";

/** The parts of an `alter`. */
export interface Alteration {
  readonly drop: readonly string[];
  readonly rename: readonly ColumnRename[];
  readonly columns: readonly NamedExpr[];
}

/** In order: the input's columns that stay, then those that are added. Throws PLAN_INVALID. */
export function alteredColumns(node: Alteration, input: Schema): readonly NamedExpr[] {
  const renames = new Map(node.rename.map(({ from, to }) => [from, to]));
  for (const name of [...node.drop, ...renames.keys()]) {
    if (findField(input, name) !== undefined) continue;
    const names = input.fields.slice(0, 40).map((field) => columnText(field.name));
    throw new EngineError(
      "PLAN_INVALID",
      `there is no column ${columnText(name)}. The columns are: ${names.join(", ") || "none"}`,
    );
  }
  const made = new Map(node.columns.map((column) => [column.name, column]));
  const kept = input.fields
    .filter(({ name }) => !node.drop.includes(name))
    .map(({ name }): NamedExpr => {
      const newName = renames.get(name) ?? name;
      return made.get(newName) ?? { name: newName, expr: { kind: "column", name } };
    });
  const places = new Set(kept.map(({ name }) => name));
  return [...kept, ...node.columns.filter(({ name }) => !places.has(name))];
}
