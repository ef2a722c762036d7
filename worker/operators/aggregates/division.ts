// Which of the divided tables a key belongs to: by its place in a range where keys are whole numbers that lie close
// together, so that each table finds its groups by an array; else by a hash. Equal keys of any types meet.

import type { Column } from "../../../proto/batch/column.ts";
import { hashKeys } from "../../kernels/columns/hash-keys.ts";
import { hashKeyRows, keyRows } from "../../kernels/columns/key-rows.ts";
import { keyTags } from "../../kernels/columns/key-values.ts";
import { rangeOf, smallIntegers } from "../../kernels/columns/small-integers.ts";

/** Tables for all groups: some thousand groups in each fill no cache. */
export const divisionBits = 6;

/** The division of each row of key columns. */
export type DivisionOf = (keys: readonly Column[], rows: number) => Int32Array;

/** Not the seed by which a shuffle divides. */
const firstSeed = 0x51ed270b;
/** Keys with more whole numbers between them are no close ones. */
const gapMax = 16;

/** `depth`: how often the keys were divided before; each time the hash is another. */
export function divisionByHash(depth: number): DivisionOf {
  return (keys, rows) => {
    const places = hashKeys(keys, rows, firstSeed + depth);
    for (let i = 0; i < places.length; i++) places[i] = places[i]! >>> (32 - divisionBits);
    return places;
  };
}

/** By the range of some keys, those of the first groups; undefined where they do not lie close together. */
export function divisionByRange(keys: readonly Column[]): DivisionOf | undefined {
  const [column] = keys;
  const sample = keys.length === 1 ? smallIntegers(column!) : undefined;
  if (sample === undefined || sample.length === 0) return undefined;
  const { min, max } = rangeOf(sample);
  const width = max - min + 1;
  if (width > gapMax * sample.length) return undefined;
  const shift = Math.max(0, 32 - Math.clz32(width - 1) - divisionBits);
  const last = (1 << divisionBits) - 1;
  // Keys outside the range belong to the tables at its ends: fewer as groups are found, never wrong.
  const placeOf = (key: number): number =>
    key <= min ? 0 : key >= max ? last : (key - min) >> shift;
  return (all, rows) => {
    const small = smallIntegers(all[0]!);
    if (small === undefined) return placesOfWords(all, rows, placeOf);
    return placesInRange(small.subarray(0, rows), min, max, shift);
  };
}

/** `placeOf` for many keys: a call for each takes several times as long. */
function placesInRange(keys: Int32Array, min: number, max: number, shift: number): Int32Array {
  const last = (1 << divisionBits) - 1;
  const places = new Int32Array(keys.length);
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i]!;
    places[i] = key <= min ? 0 : key >= max ? last : (key - min) >> shift;
  }
  return places;
}

/** Whole numbers of 32 bits among other keys have their place in the range, whatever type they come in. */
function placesOfWords(
  keys: readonly Column[],
  rows: number,
  placeOf: (key: number) => number,
): Int32Array {
  const all = keyRows(keys, rows);
  const places = hashKeyRows(all, firstSeed);
  for (let i = 0; i < rows; i++) {
    const start = all.starts === undefined ? i * all.width : all.starts[i]!;
    const low = all.words[start + 1]!;
    const isSmall = all.words[start] === keyTags.whole && all.words[start + 2] === low >> 31;
    places[i] = isSmall ? placeOf(low) : places[i]! >>> (32 - divisionBits);
  }
  return places;
}
