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
/** Keys of a first batch with more whole numbers between them are no close ones: many more may come between them. */
const gapMax = 64;
/** Of the width of the range: keys so near to it were missing among the first by chance. */
const nearShare = 1 / 8;

/** `depth`: how often the keys were divided before; each time the hash is another. */
export function divisionByHash(depth: number): DivisionOf {
  return (keys, rows) => {
    const places = hashKeys(keys, rows, firstSeed + depth);
    for (let i = 0; i < places.length; i++) places[i] = places[i]! >>> (32 - divisionBits);
    return places;
  };
}

/** Whole numbers that are divided by their places in a range. */
interface KeyRange {
  readonly min: number;
  readonly width: number;
  /** Of keys outside, which belong to the tables at the ends. */
  readonly near: number;
  readonly shift: number;
}

/**
 * By the range of some keys, those of the first batch; undefined where they do not lie close together. Keys that are
 * far from it are divided by a hash: where keys rise from batch to batch, most are.
 */
export function divisionByRange(keys: readonly Column[]): DivisionOf | undefined {
  const [column] = keys;
  const sample = keys.length === 1 ? smallIntegers(column!) : undefined;
  if (sample === undefined || sample.length === 0) return undefined;
  const { min, max } = rangeOf(sample);
  const width = max - min + 1;
  if (width > gapMax * sample.length) return undefined;
  const shift = Math.max(0, 32 - Math.clz32(width - 1) - divisionBits);
  const range = { min, width, near: Math.ceil(width * nearShare), shift };
  return (all, rows) => {
    const small = smallIntegers(all[0]!);
    if (small === undefined) return placesOfWords(all, rows, range);
    return placesInRange(small.subarray(0, rows), range);
  };
}

const lastPlace = (1 << divisionBits) - 1;

/** Of a key that is not in the range. */
function placeOutside(key: number, { min, width, near }: KeyRange): number {
  const distance = key < min ? min - key : key - (min + width - 1);
  if (distance <= near) return key < min ? 0 : lastPlace;
  // Not the hash of a table of small whole numbers: keys of one division would lie side by side there.
  const mixed = Math.imul(key ^ (key >>> 16), 0x7feb352d);
  return Math.imul(mixed ^ (mixed >>> 15), 0x846ca68b) >>> (32 - divisionBits);
}

function placeInRange(key: number, range: KeyRange): number {
  const distance = key - range.min;
  return distance >= 0 && distance < range.width
    ? distance >> range.shift
    : placeOutside(key, range);
}

/** `placeInRange` for many keys: a call for each takes several times as long. */
function placesInRange(keys: Int32Array, range: KeyRange): Int32Array {
  const { min, width, shift } = range;
  const places = new Int32Array(keys.length);
  for (let i = 0; i < keys.length; i++) {
    const distance = keys[i]! - min;
    const isInside = distance >= 0 && distance < width;
    places[i] = isInside ? distance >> shift : placeOutside(keys[i]!, range);
  }
  return places;
}

/** Whole numbers of 32 bits among other keys have their place in the range, whatever type they come in. */
function placesOfWords(keys: readonly Column[], rows: number, range: KeyRange): Int32Array {
  const all = keyRows(keys, rows);
  const places = hashKeyRows(all, firstSeed);
  for (let i = 0; i < rows; i++) {
    const start = all.starts === undefined ? i * all.width : all.starts[i]!;
    const low = all.words[start + 1]!;
    const isSmall = all.words[start] === keyTags.whole && all.words[start + 2] === low >> 31;
    places[i] = isSmall ? placeInRange(low, range) : places[i]! >>> (32 - divisionBits);
  }
  return places;
}
