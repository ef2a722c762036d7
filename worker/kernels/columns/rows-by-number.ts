// Rows by a whole number of 32 bits: an array that the number itself points into where numbers lie close together, ranks
// among the numbers of a range where there are more, else a hash table.

import { directKeysMax, rankedKeysPerRow } from "../../../proto/limits.ts";
import { HashedRows } from "./hashed-rows.ts";
import { PartnerTable, placesWithin } from "./partner-loops.ts";
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
  /** Once rows are looked for. */
  private table: PartnerTable | undefined;
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
    const { places, next, table } = this;
    return 4 * (places.length + (next?.length ?? 0)) + (table?.bytes ?? 0);
  }

  get isUnique(): boolean {
    return this.next === undefined;
  }

  find(numbers: Int32Array, into: Int32Array): number {
    this.table ??= new PartnerTable(
      this.places.map((place) => place - 1),
      this.min,
    );
    return this.table.find(numbers, into);
  }

  close(): void {
    this.table?.close();
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
    return placesWithin(numbers, this.min, this.order.length, into);
  }
}
