// Keys of joins as whole numbers of 32 bits, whatever type their columns have. Several columns whose ranges are small
// become one number, as places in a table of as many dimensions.

import type { Column } from "../../../proto/batch/column.ts";
import { bitAt } from "./bits.ts";
import { halvesOf } from "./words.ts";

export interface WholeKeys {
  readonly values: Int32Array;
  /** 1 for rows whose key equals no whole number of 32 bits; undefined where there is none. */
  readonly outside: Uint8Array | undefined;
}

function isWholeType(column: Column): boolean {
  return ["int32", "int53", "int64", "float64"].includes(column.type);
}

/** Undefined where the type of the column is another. */
export function wholeKeys(column: Column): WholeKeys | undefined {
  switch (column.type) {
    case "int32":
      return { values: column.values, outside: nullsOf(column) };
    case "int53":
    case "int64":
      return withNulls(ofWords(column.values), column);
    case "float64":
      return withNulls(ofFloats(column.values), column);
    default:
      return undefined;
  }
}

function ofFloats(numbers: Float64Array): WholeKeys {
  const values = new Int32Array(numbers.length);
  let outside: Uint8Array | undefined;
  for (let i = 0; i < numbers.length; i++) {
    const value = numbers[i]!;
    const small = value | 0;
    values[i] = small;
    if (small === value) continue;
    outside ??= new Uint8Array(numbers.length);
    outside[i] = 1;
  }
  return { values, outside };
}

function ofWords(words: BigInt64Array): WholeKeys {
  const halves = halvesOf(words);
  const values = new Int32Array(words.length);
  let different = 0;
  for (let i = 0; i < values.length; i++) {
    const low = halves[2 * i]!;
    values[i] = low;
    different |= halves[2 * i + 1]! ^ (low >> 31);
  }
  if (different === 0) return { values, outside: undefined };
  const outside = new Uint8Array(words.length);
  for (let i = 0; i < values.length; i++) {
    if (halves[2 * i + 1]! !== values[i]! >> 31) outside[i] = 1;
  }
  return { values, outside };
}

function nullsOf({ validity, length }: Column): Uint8Array | undefined {
  if (validity === undefined) return undefined;
  const outside = new Uint8Array(length);
  for (let i = 0; i < length; i++) outside[i] = 1 - bitAt(validity, i);
  return outside;
}

function withNulls(keys: WholeKeys, column: Column): WholeKeys {
  return { values: keys.values, outside: eitherOutside(keys.outside, nullsOf(column)) };
}

function eitherOutside(a: Uint8Array | undefined, b: Uint8Array | undefined) {
  if (a === undefined || b === undefined) return a ?? b;
  for (let i = 0; i < a.length; i++) a[i] = a[i]! | b[i]!;
  return a;
}

/** How columns become one number: each row's place among `width` values from `min` on, times `stride`. */
interface Dimension {
  readonly min: number;
  readonly width: number;
  readonly stride: number;
}

/** Turns keys into numbers as it turned those that it was made of. */
export class KeyPacking {
  private readonly dimensions: readonly Dimension[];

  private constructor(dimensions: readonly Dimension[]) {
    this.dimensions = dimensions;
  }

  /**
   * Of the columns of rows that are kept. Undefined where a column is of another type, where values lie too far
   * apart to be one number of 31 bits, or where a key that is not null is no whole number of 32 bits.
   */
  static of(columns: readonly Column[]): { packing: KeyPacking; keys: WholeKeys } | undefined {
    if (columns.length === 0 || !columns.every(isWholeType)) return undefined;
    const keys = columns.map((column) => wholeKeys(column)!);
    const isExact = keys.every(({ outside }, at) => isNullsOnly(outside, columns[at]!));
    if (!isExact) return undefined;
    if (columns.length === 1) return { packing: new KeyPacking([]), keys: keys[0]! };
    const dimensions: Dimension[] = [];
    let stride = 1;
    for (const own of keys) {
      const { min, max } = rangeInside(own);
      const width = Math.max(max - min + 1, 0);
      dimensions.push({ min, width, stride });
      stride *= width;
      if (stride > 0x7fff_ffff) return undefined;
    }
    const packing = new KeyPacking(dimensions);
    return { packing, keys: packing.packed(keys) };
  }

  /** Rows that cannot equal a kept one are outside; undefined where a column is of another type. */
  pack(columns: readonly Column[]): WholeKeys | undefined {
    const keys = columns.map(wholeKeys);
    const isWhole = keys.every((own): own is WholeKeys => own !== undefined);
    if (!isWhole) return undefined;
    return this.dimensions.length === 0 ? keys[0]! : this.packed(keys);
  }

  private packed(keys: readonly WholeKeys[]): WholeKeys {
    const rows = keys[0]!.values.length;
    const values = new Int32Array(rows);
    const outside = new Uint8Array(rows);
    for (const [at, own] of keys.entries()) {
      const { min, width, stride } = this.dimensions[at]!;
      for (let i = 0; i < rows; i++) {
        const place = own.values[i]! - min;
        const isIn = place >= 0 && place < width;
        values[i] = values[i]! + (isIn ? place * stride : 0);
        outside[i] = outside[i]! | (isIn ? 0 : 1);
      }
      if (own.outside !== undefined) eitherOutside(outside, own.outside);
    }
    return { values, outside: outside.includes(1) ? outside : undefined };
  }
}

function isNullsOnly(outside: Uint8Array | undefined, { validity }: Column): boolean {
  if (outside === undefined) return true;
  if (validity === undefined) return false;
  for (let i = 0; i < outside.length; i++) {
    if (outside[i] === 1 && bitAt(validity, i) === 1) return false;
  }
  return true;
}

function rangeInside({ values, outside }: WholeKeys): { min: number; max: number } {
  let min = 0x7fff_ffff;
  let max = -0x8000_0000;
  for (let i = 0; i < values.length; i++) {
    if (outside !== undefined && outside[i] === 1) continue;
    const value = values[i]!;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return { min, max };
}
