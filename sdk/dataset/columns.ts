// Types only: which columns a row has, so that a misspelt one does not compile.

import type { CsvColumnType } from "../../proto/plan/logical.ts";

/** Values with an order: null and undefined first, then false, true, numbers, strings by code point. */
export type Sortable = string | number | bigint | boolean | Date | null | undefined;

/**
 * Columns of a row that can be sorted by; a scalar row has the one column `value`. Of rows whose columns nobody told the
 * compiler it may be any: the plan knows them, or the run.
 */
export type ColumnOf<T> = [T] extends [Sortable]
  ? "value"
  : [T] extends [readonly [unknown, unknown]]
    ? "key" | "value"
    : string extends keyof T
      ? string
      : { [Name in keyof T & string]-?: [T[Name]] extends [Sortable] ? Name : never }[keyof T &
          string];

interface CsvValues {
  readonly string: string;
  readonly number: number;
  readonly bigint: bigint;
  readonly boolean: boolean;
}

/** `{ price: "number" }` to `{ price: number }`. */
export type CsvRow<Columns extends Readonly<Record<string, CsvColumnType>>> = {
  readonly [Name in keyof Columns]: CsvValues[Columns[Name]];
};

/** What has no fields to be looked into. */
type Opaque = string | boolean | null | undefined | Date | Uint8Array;

/** The literal types of `[word, { count: 1 }] as const` would refuse the sum of two of them. */
export type Widened<V> = [V] extends [number]
  ? number
  : [V] extends [bigint]
    ? bigint
    : V extends Opaque
      ? V
      : V extends object
        ? { [Key in keyof V]: Widened<V[Key]> }
        : V;
