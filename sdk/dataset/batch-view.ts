// What `mapBatches` is given and answers: columns as typed arrays.

import type { RecordOf } from "../columns/column-for.ts";

type ValuesFor<V> = [NonNullable<V>] extends [boolean]
  ? Uint8Array
  : [NonNullable<V>] extends [number]
    ? Int32Array | Float64Array
    : [NonNullable<V>] extends [bigint]
      ? BigInt64Array
      : [NonNullable<V>] extends [Date]
        ? Float64Array
        : readonly V[];

/**
 * One column of a batch. Numbers, bigints and booleans (1 and 0) stand in typed arrays, dates as milliseconds
 * since 1970; everything else stands in a plain array.
 */
export interface BatchColumn<V> {
  readonly values: ValuesFor<V>;
  /** Where it is set: 1 for each row that has a value, 0 for null. */
  readonly valid?: Uint8Array;
  /** As plans show it: `int64`, `decimal(15,2)`, `timestamp(UTC)`, … Not needed in an answer. */
  readonly type?: string;
  /** Of timestamps: microseconds since 1970, of which `values` has the milliseconds. Not needed in an answer. */
  readonly micros?: BigInt64Array;
}

/** Some rows, column by column. Not to be changed or kept. */
export interface Batch<T> {
  readonly rows: number;
  readonly columns: { readonly [Name in keyof RecordOf<T>]-?: BatchColumn<RecordOf<T>[Name]> };
}

/** Columns of equal length: values alone where none is null, or with `valid`. */
export type BatchColumns<T> = {
  readonly [Name in keyof T]: BatchColumn<T[Name]> | BatchColumn<T[Name]>["values"];
};

type PlainColumn<V> = readonly V[] | (NonNullable<V> extends Date ? BigInt64Array : never);

/**
 * Columns as a source yields them: as `mapBatches` answers them, or in plain arrays with nulls among the values. Times
 * may also be microseconds since 1970 in a `BigInt64Array`.
 */
export type SourceColumns<T> = {
  readonly [Name in keyof T]?:
    | BatchColumns<T>[Name]
    | PlainColumn<T[Name]>
    | { readonly values: PlainColumn<T[Name]>; readonly valid?: Uint8Array };
};
