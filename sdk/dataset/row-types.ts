// Row types that steps make of others.

import type { RecordOf } from "../columns/column-for.ts";
import type { ValueOver } from "../columns/expression.ts";

/** Of columns: a missing field is stored as null. */
export type Stored<V> = undefined extends V ? Exclude<V, undefined> | null : V;

type Value<T, Name> = Name extends keyof RecordOf<T> ? Stored<RecordOf<T>[Name]> : never;

type IsOpen<T> = string extends keyof RecordOf<T> ? true : false;

/** Rows with the columns `Names`, and the values of expressions. */
export type Selected<T, Names extends string, Made> = {
  readonly [Name in Names | (keyof Made & string)]: Name extends keyof Made
    ? ValueOver<Made[Name], RecordOf<T>>
    : Value<T, Name>;
};

/** Rows with further columns, or others in the place of those of the same name. */
export type With<T, Added> =
  IsOpen<T> extends true
    ? RecordOf<T> & Added
    : {
        readonly [Name in keyof RecordOf<T> | keyof Added]: Name extends keyof Added
          ? Added[Name]
          : Value<T, Name>;
      };

/** Rows with the columns that expressions make. */
export type WithMade<T, Made> = With<
  T,
  { readonly [Name in keyof Made]: ValueOver<Made[Name], RecordOf<T>> }
>;

/** Rows without some columns. */
export type Without<T, Names extends string> =
  IsOpen<T> extends true
    ? RecordOf<T>
    : { readonly [Name in Exclude<keyof RecordOf<T>, Names>]: Value<T, Name> };

/** Rows with other names for some columns. */
export type Renamed<T, Names> =
  IsOpen<T> extends true
    ? RecordOf<T>
    : {
        readonly [Name in keyof RecordOf<T> as Name extends keyof Names
          ? Names[Name] & string
          : Name]: Value<T, Name>;
      };

/** Says of each misspelt name that there is no such column. */
export type KnownNames<T, Names> = {
  readonly [Name in keyof Names]: Name extends keyof RecordOf<T>
    ? Names[Name]
    : `there is no column '${Name & string}'`;
};

/** Names of columns that hold lists, or a text that says that there is none. */
export type ListName<T> = [NameOfList<T>] extends [never]
  ? "there is no column of lists"
  : NameOfList<T>;

type NameOfList<T> = {
  [Name in keyof RecordOf<T> & string]: NonNullable<RecordOf<T>[Name]> extends readonly unknown[]
    ? Name
    : never;
}[keyof RecordOf<T> & string];

/** Rows with each item of a list in the list's place. */
export type Exploded<T, Name extends string, Outer extends boolean> = With<
  T,
  {
    readonly [Key in Name]: Name extends keyof RecordOf<T>
      ? NonNullable<RecordOf<T>[Name]> extends readonly (infer Item)[]
        ? Item | (Outer extends true ? null : never)
        : unknown
      : unknown;
  }
>;
