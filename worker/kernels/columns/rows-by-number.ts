// Rows by a whole number of 32 bits: an array that the number itself points into where numbers lie close together, ranks
// among the numbers of a range where there are more, else a hash table.

import { directKeysMax, rankedKeysPerRow } from "../../../proto/limits.ts";
import { HashedRows } from "./hashed-rows.ts";
import { RankedRows } from "./ranked-rows.ts";
import type { WholeKeys } from "./whole-keys.ts";

/** Rows of a batch with rows of the table that have the same number, in the order of the former. */
export interface RowPairs {
  readonly probe: Int32Array;
  readonly kept: Int32Array;
}

export interface RowsByNumber {
  /** Memory held, in bytes. */
  readonly bytes: number;
  /** Rows in the order in which the table numbers them; undefined where it is that in which they came. */
  readonly order: Int32Array | undefined;
  /** Whether no number has two rows. */
  readonly isUnique: boolean;
  /** The row after each one with the same number, -1 after the last; undefined where there is none, or `pairsOf` tells. */
  readonly next: Int32Array | undefined;
  /** The first row of each number, -1 where it has none; answers how many of them have one. */
  find(numbers: Int32Array, into: Int32Array): number;
  /** All rows of each number; undefined where `next` tells. */
  pairsOf?(numbers: WholeKeys): RowPairs | undefined;
  /** To be called once, after which nothing may be asked for. */
  close?(): void;
}

export interface NumberRange {
  readonly min: number;
  readonly length: number;
  /** Of the rows that have a number. */
  readonly rows: number;
}

export function rangeOf({ values, outside }: WholeKeys): NumberRange {
  let min = 0x7fff_ffff;
  let max = -0x8000_0000;
  let rows = 0;
  for (let row = 0; row < values.length; row++) {
    if (outside !== undefined && outside[row] === 1) continue;
    const value = values[row]!;
    if (value < min) min = value;
    if (value > max) max = value;
    rows++;
  }
  return { min, length: Math.max(max - min + 1, 0), rows };
}

/**
 * Rows whose keys are outside have no number, and are never found. The table may number rows in its own order where
 * `reorder` says so: always, or only where it then is none, since each number of a range has one row.
 */
export function rowsByNumber(keys: WholeKeys, reorder: Reorder): RowsByNumber {
  const range = rangeOf(keys);
  if (range.length <= directKeysMax) return directRows(keys, range, reorder);
  if (range.length > rankedKeysPerRow * range.rows) return new HashedRows(keys, range.rows);
  const isMaybeFull = range.length === keys.values.length;
  const mayReorder = reorder === "always" || (reorder === "whereFull" && isMaybeFull);
  const ranked = RankedRows.of(keys, range, mayReorder);
  if (ranked === undefined) return new HashedRows(keys, range.rows);
  if (ranked.order === undefined || !ranked.isFull) return ranked;
  ranked.close();
  return new RowsInOrder(range.min, ranked.order);
}

export type Reorder = "always" | "whereFull" | "never";

function directRows(keys: WholeKeys, range: NumberRange, reorder: Reorder): RowsByNumber {
  const direct = new DirectRows(keys, range);
  if (reorder === "never" || !direct.isFull) return direct;
  return new RowsInOrder(
    range.min,
    direct.places.map((place) => place - 1),
  );
}

/** Row + 1 of each number from the least on, 0 where it has none. */
export class DirectRows implements RowsByNumber {
  readonly order = undefined;
  readonly places: Int32Array;
  readonly next: Int32Array | undefined;
  private readonly min: number;
  /** Whether each number of the range has exactly one row, and every row one. */
  readonly isFull: boolean;

  constructor({ values, outside }: WholeKeys, { min, length, rows }: NumberRange) {
    const places = new Int32Array(length);
    let next: Int32Array | undefined;
    // From the last row, so that chains run upwards.
    for (let row = values.length - 1; row >= 0; row--) {
      if (outside !== undefined && outside[row] === 1) continue;
      const at = values[row]! - min;
      const before = places[at]!;
      if (before !== 0) {
        next ??= new Int32Array(values.length).fill(-1);
        next[row] = before - 1;
      }
      places[at] = row + 1;
    }
    this.places = places;
    this.next = next;
    this.min = min;
    this.isFull = next === undefined && rows === length && rows === values.length;
  }

  get bytes(): number {
    return 4 * (this.places.length + (this.next?.length ?? 0));
  }

  get isUnique(): boolean {
    return this.next === undefined;
  }

  // Four loads before their stores: one after the other they would wait for each cache miss.
  find(numbers: Int32Array, into: Int32Array): number {
    const { places, min } = this;
    const { length } = places;
    const count = numbers.length;
    let found = 0;
    let i = 0;
    for (; i + 4 <= count; i += 4) {
      // Unsigned: a number below the least lies far beyond the end.
      const at0 = (numbers[i]! - min) >>> 0;
      const at1 = (numbers[i + 1]! - min) >>> 0;
      const at2 = (numbers[i + 2]! - min) >>> 0;
      const at3 = (numbers[i + 3]! - min) >>> 0;
      const place0 = at0 < length ? places[at0]! : 0;
      const place1 = at1 < length ? places[at1]! : 0;
      const place2 = at2 < length ? places[at2]! : 0;
      const place3 = at3 < length ? places[at3]! : 0;
      into[i] = place0 - 1;
      into[i + 1] = place1 - 1;
      into[i + 2] = place2 - 1;
      into[i + 3] = place3 - 1;
      found += (place0 === 0 ? 0 : 1) + (place1 === 0 ? 0 : 1);
      found += (place2 === 0 ? 0 : 1) + (place3 === 0 ? 0 : 1);
    }
    for (; i < count; i++) {
      const at = (numbers[i]! - min) >>> 0;
      const place = at < length ? places[at]! : 0;
      into[i] = place - 1;
      if (place !== 0) found++;
    }
    return found;
  }
}

/** Rows that lie in the order of their numbers, from `min` on, none of which is absent: no table is asked. */
export class RowsInOrder implements RowsByNumber {
  readonly order: Int32Array;
  readonly isUnique = true;
  readonly next = undefined;
  private readonly min: number;

  constructor(min: number, order: Int32Array) {
    this.min = min;
    this.order = order;
  }

  get bytes(): number {
    return this.order.byteLength;
  }

  find(numbers: Int32Array, into: Int32Array): number {
    const { min } = this;
    const count = this.order.length;
    let found = 0;
    for (let i = 0; i < numbers.length; i++) {
      const at = (numbers[i]! - min) >>> 0;
      const isThere = at < count;
      into[i] = isThere ? at : -1;
      found += isThere ? 1 : 0;
    }
    return found;
  }
}
