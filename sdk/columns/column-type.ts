// Types of columns as values: what schemas and casts are written with, and what TypeScript reads off them.

import { EngineError } from "../../proto/errors.ts";
import {
  binaryType,
  boolType,
  type DataType,
  dateType,
  decimalPrecisionMax,
  decimalType,
  type Field,
  float64Type,
  int32Type,
  int53Type,
  int64Type,
  jsonType,
  utf8Type,
} from "../../proto/plan/types.ts";

declare const decimalMark: unique symbol;
declare const valueMark: unique symbol;

/**
 * A decimal in a row: its digits as a string, exact, such as `"12.50"`. Any string is assignable to it; the
 * mark only tells the compiler which column methods there are.
 */
export type Decimal = string & { readonly [decimalMark]?: "decimal" };

/** Whether a type of values is `Decimal` and not just any string. */
export type IsDecimal<V> = typeof decimalMark extends keyof V ? true : false;

/** The type of a column. `V`: its values in TypeScript. */
export class ColumnType<out V> {
  /** For the compiler only. */
  declare readonly [valueMark]: V;
  /** What plans and files call it. */
  readonly type: DataType;
  readonly isNullable: boolean;

  /** Types are made by `int32`, `utf8`, `decimal(…)` and the like. */
  constructor(type: DataType, isNullable = false) {
    this.type = type;
    this.isNullable = isNullable;
    Object.freeze(this);
  }

  /**
   * The same type, whose values may be null.
   * @example schema({ delay: int32.nullable() })
   */
  nullable(): ColumnType<V | null> {
    return new ColumnType(this.type, true);
  }
}

/** The values of a column type: `ValueOfType<typeof int32>` is `number`. */
export type ValueOfType<Type> = Type extends ColumnType<infer V> ? V : never;

/** True or false. */
export const bool: ColumnType<boolean> = new ColumnType(boolType);
/** Whole numbers from -2^31 to 2^31 - 1; `number` in rows. */
export const int32: ColumnType<number> = new ColumnType(int32Type);
/** Whole numbers that are safe in JavaScript (±2^53 - 1); `number` in rows, 64 bits in files. */
export const int53: ColumnType<number> = new ColumnType(int53Type);
/** Whole numbers of 64 bits; `bigint` in rows. */
export const int64: ColumnType<bigint> = new ColumnType(int64Type);
/** Floating point of 64 bits: JavaScript's `number`. */
export const float64: ColumnType<number> = new ColumnType(float64Type);
/** Text. */
export const utf8: ColumnType<string> = new ColumnType(utf8Type);
/** Bytes; `Uint8Array` in rows. */
export const binary: ColumnType<Uint8Array> = new ColumnType(binaryType);
/** Days; in rows a `Date` at midnight UTC. */
export const date: ColumnType<Date> = new ColumnType(dateType);
/** Nested or mixed values that have no columns of their own. */
export const json: ColumnType<unknown> = new ColumnType(jsonType);

/**
 * Moments, kept to the microsecond; `Date` in rows, which holds milliseconds.
 * @param zone with one (`"UTC"`, `"Europe/Berlin"`) an instant that is shown in that zone; without, what a
 *   clock on a wall shows
 * @example schema({ at: timestamp("UTC") })
 */
export function timestamp(zone?: string): ColumnType<Date> {
  return new ColumnType(
    Object.freeze(zone === undefined ? { kind: "timestamp" } : { kind: "timestamp", zone }),
  );
}

/**
 * Exact decimal numbers; a string of digits in rows.
 * @param precision digits in all, from 1 to 38
 * @param scale digits after the point, from 0 to the precision
 * @throws PLAN_INVALID for a precision or scale outside these bounds
 * @example schema({ price: decimal(15, 2) })
 */
export function decimal(precision: number, scale: number): ColumnType<Decimal> {
  const isWhole = Number.isInteger(precision) && Number.isInteger(scale);
  if (!isWhole || precision < 1 || precision > decimalPrecisionMax || scale < 0) {
    throw new EngineError(
      "PLAN_INVALID",
      `decimal(${precision}, ${scale}): the precision is from 1 to ${decimalPrecisionMax}, and the scale from 0 to it`,
    );
  }
  if (scale > precision) {
    throw new EngineError(
      "PLAN_INVALID",
      `decimal(${precision}, ${scale}): more digits after the point than there are in all`,
    );
  }
  return new ColumnType(Object.freeze(decimalType(precision, scale)));
}

/**
 * Lists of items of one type; a readonly array in rows.
 * @param item the type of the items
 * @example schema({ tags: list(utf8) })
 */
export function list<V>(item: ColumnType<V>): ColumnType<readonly V[]> {
  return new ColumnType(Object.freeze({ kind: "list", item: fieldOf("item", item) }));
}

/** Names and their types. */
export type ColumnTypes = Readonly<Record<string, ColumnType<unknown>>>;

/** The values of several types by name. With `unknown`, so that messages show the fields and not this name. */
export type ValuesOf<Columns extends ColumnTypes> = {
  readonly [Name in keyof Columns]: ValueOfType<Columns[Name]>;
} & unknown;

/**
 * Objects with named fields; a plain object in rows.
 * @param fields the types of the fields by name
 * @example schema({ place: struct({ latitude: float64, longitude: float64 }) })
 */
export function struct<const Fields extends ColumnTypes>(
  fields: Fields,
): ColumnType<ValuesOf<Fields>> {
  return new ColumnType(Object.freeze({ kind: "struct", fields: fieldsOf(fields) }));
}

export function fieldOf(name: string, type: ColumnType<unknown>): Field {
  if (!(type instanceof ColumnType)) {
    throw new EngineError(
      "PLAN_INVALID",
      `the type of '${name}' is ${typeof type}, not a column type such as int32 or utf8`,
    );
  }
  return Object.freeze({ name, type: type.type, nullable: type.isNullable });
}

export function fieldsOf(types: ColumnTypes): readonly Field[] {
  return Object.freeze(Object.entries(types).map(([name, type]) => fieldOf(name, type)));
}
