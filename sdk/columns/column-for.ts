// From the types of a row's values to the columns of an expression, so that editors offer what fits.

import type { UnknownColumn } from "./any-column.ts";
import type { BooleanColumn } from "./boolean-column.ts";
import type { IsDecimal } from "./column-type.ts";
import type { DateColumn } from "./date-column.ts";
import type { BinaryColumn, ListColumn, StructColumn } from "./nested-column.ts";
import type { BigintColumn, DecimalColumn, NumberColumn } from "./number-column.ts";
import type { StringColumn } from "./string-column.ts";

/** `null` where a value may be missing, else `never`. */
type NullIn<V> = null extends V ? null : undefined extends V ? null : never;

/** The column with such values. */
export type ColumnFor<V, R = unknown> = unknown extends V
  ? UnknownColumn<null, R>
  : ColumnOf<NonNullable<V>, NullIn<V>, R>;

/** The column with values `V`, and null where `N` is. */
export type ColumnOf<V, N extends null, R> = [V] extends [never]
  ? UnknownColumn<N, R>
  : [V] extends [boolean]
    ? BooleanColumn<N, R>
    : [V] extends [number]
      ? NumberColumn<N, R>
      : [V] extends [bigint]
        ? BigintColumn<N, R>
        : [V] extends [string]
          ? IsDecimal<V> extends true
            ? DecimalColumn<N, R>
            : StringColumn<N, R>
          : [V] extends [Date]
            ? DateColumn<N, R>
            : [V] extends [Uint8Array]
              ? BinaryColumn<N, R>
              : [V] extends [readonly (infer Item)[]]
                ? ListColumn<Item, N, R>
                : [V] extends [string | number | bigint | boolean | Date]
                  ? UnknownColumn<N, R>
                  : [V] extends [object]
                    ? StructColumn<V, N, R>
                    : UnknownColumn<N, R>;

type Scalar = string | number | bigint | boolean | Date | Uint8Array | null | undefined;

/** Rows as records: a scalar is the column `value`, a pair `key` and `value`. */
export type RecordOf<T> = unknown extends T
  ? unknown
  : [T] extends [Scalar]
    ? { readonly value: T }
    : [T] extends [readonly [infer K, infer V]]
      ? { readonly key: K; readonly value: V }
      : [T] extends [readonly unknown[]]
        ? { readonly value: T }
        : T;

/** Whether the names of the columns are not known to TypeScript. */
type IsUntyped<Row> = string extends keyof Row ? true : false;

/** Names of columns. */
export type ColumnName<T> = keyof RecordOf<T> & string;

/** What an expression may need of a dataset; anything where its columns are known at the run only. */
export type Available<T> = IsUntyped<RecordOf<T>> extends true ? never : RecordOf<T>;

/**
 * The columns of a dataset, as a function given to `where`, `select` and others gets them. Of a dataset whose
 * columns are only known at the run it is a function: `c("delay")`.
 */
export type Columns<T> =
  IsUntyped<RecordOf<T>> extends true
    ? (name: string) => ColumnFor<RecordOf<T>[keyof RecordOf<T>]>
    : { readonly [Name in ColumnName<T>]-?: ColumnFor<RecordOf<T>[Name]> };
