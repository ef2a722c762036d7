// Which columns an `alter` makes of others: the `select` that it stands for.

import { EngineError } from "../errors.ts";
import { noColumn } from "./absent-column.ts";
import type { NamedExpr } from "./expr.ts";
import { columnText, namedText } from "./expr-text.ts";
import type { ColumnRename } from "./logical.ts";
import { findField, type Schema } from "./types.ts";

/** The parts of an `alter`. */
export interface Alteration {
  readonly drop: readonly string[];
  readonly rename: readonly ColumnRename[];
  readonly columns: readonly NamedExpr[];
}

/** In order: those of the columns that stay, then what is added. */
export function alteredColumns(
  { drop, rename, columns }: Alteration,
  names: readonly string[],
): readonly NamedExpr[] {
  const renames = new Map(rename.map(({ from, to }) => [from, to]));
  const made = new Map(columns.map((column) => [column.name, column]));
  const kept = names
    .filter((name) => !drop.includes(name))
    .map((name): NamedExpr => {
      const newName = renames.get(name) ?? name;
      return made.get(newName) ?? { name: newName, expr: { kind: "column", name } };
    });
  const places = new Set(kept.map(({ name }) => name));
  return [...kept, ...columns.filter(({ name }) => !places.has(name))];
}

/** Throws PLAN_INVALID where a column that is dropped or renamed is not there. */
export function checkAlteration({ drop, rename }: Alteration, input: Schema): void {
  for (const name of [...drop, ...rename.map(({ from }) => from)]) {
    if (findField(input, name) !== undefined) continue;
    const names = input.fields.map((field) => field.name);
    throw new EngineError("PLAN_INVALID", noColumn(name, names));
  }
}

export function renamesText(renames: readonly ColumnRename[]): string {
  return renames.map(({ from, to }) => `${columnText(from)} as ${columnText(to)}`).join(", ");
}

/** `without a rename b as c with (d + 1) as e`. */
export function alterationText({ drop, rename, columns }: Alteration): string {
  return [
    ...(drop.length === 0 ? [] : [`without ${drop.map(columnText).join(", ")}`]),
    ...(rename.length === 0 ? [] : [`rename ${renamesText(rename)}`]),
    ...(columns.length === 0 ? [] : [`with ${columns.map(namedText).join(", ")}`]),
  ].join(" ");
}
