// Schemas: the columns of a dataset, declared once for the compiler, the reader and the files.

import type { Field, Schema } from "../../proto/plan/types.ts";
import { type ColumnTypes, fieldsOf, type ValuesOf } from "./column-type.ts";

declare const rowMark: unique symbol;

/** The columns of a dataset in order. `Row`: what its rows are in TypeScript. */
export class RowSchema<out Row> implements Schema {
  /** For the compiler only. */
  declare readonly [rowMark]: Row;
  readonly fields: readonly Field[];

  /** Schemas are made by `schema(…)`. */
  constructor(fields: readonly Field[]) {
    this.fields = fields;
    Object.freeze(this);
  }
}

/**
 * Declares the columns of a dataset. Files read with it must fit; its rows are typed by it.
 * @param columns types by name, in order: `int32`, `utf8`, `timestamp("UTC")`, `list(utf8)`, …; a column may
 *   hold null only if it says `.nullable()`
 * @throws PLAN_INVALID for a value that is no column type
 * @example
 * const tripSchema = schema({ origin: utf8, delay: int32.nullable(), at: timestamp("UTC") });
 * type Trip = RowOf<typeof tripSchema>;
 */
export function schema<const Columns extends ColumnTypes>(
  columns: Columns,
): RowSchema<ValuesOf<Columns>> {
  return new RowSchema(fieldsOf(columns));
}

/** The row type of a schema: `RowOf<typeof flights>`. */
export type RowOf<S> = S extends RowSchema<infer Row> ? Row : never;
