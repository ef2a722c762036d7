// Rows found by a whole number among few: the key itself says where its row is, so that no table is asked.

import { denseKeysMax } from "../../../proto/limits.ts";
import { rangeOf } from "./small-integers.ts";

export interface DirectKeys {
  readonly base: number;
  /** Row + 1 of each key from `base` on, 0 for keys that no row has. */
  readonly places: Int32Array;
  /** Whether every key of the range has a row. */
  readonly isFull: boolean;
}

/** Undefined where a key occurs twice, or where keys lie too far apart for an array. */
export function directKeys(keys: Int32Array): DirectKeys | undefined {
  const { min, max } = rangeOf(keys);
  const length = max - min + 1;
  if (length < 1 || length > denseKeysMax || length > 65_536 + 16 * keys.length) return undefined;
  const places = new Int32Array(length);
  for (let row = 0; row < keys.length; row++) {
    const at = keys[row]! - min;
    if (places[at] !== 0) return undefined;
    places[at] = row + 1;
  }
  return { base: min, places, isFull: length === keys.length };
}

/** The row of each key; -1 for keys that no row has. */
export function rowsOfKeys({ base, places }: DirectKeys, keys: Int32Array): Int32Array {
  const rows = new Int32Array(keys.length);
  const { length } = places;
  for (let i = 0; i < keys.length; i++) {
    const at = keys[i]! - base;
    rows[i] = at >= 0 && at < length ? places[at]! - 1 : -1;
  }
  return rows;
}

/** As `rowsOfKeys`, where rows lie in the order of their keys and none is absent. */
export function rowsInOrder({ base, places }: DirectKeys, keys: Int32Array): Int32Array {
  const rows = new Int32Array(keys.length);
  const { length } = places;
  for (let i = 0; i < keys.length; i++) {
    const at = keys[i]! - base;
    rows[i] = at >= 0 && at < length ? at : -1;
  }
  return rows;
}
