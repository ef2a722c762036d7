// Smallest and largest value of a column chunk, as they are stored in its statistics.

import { decimalWords } from "../../batch/column.ts";
import { assert } from "../../errors.ts";
import type { ShreddedLeaf } from "./shred.ts";

export interface Bounds {
  readonly min: Uint8Array;
  readonly max: Uint8Array;
}

/** Longer texts are no bounds worth their place. */
const textBytesMax = 256;

function slotOf({ slots }: ShreddedLeaf, index: number): number {
  return slots === undefined ? index : slots[index]!;
}

function bytesOf(values: Int32Array | BigInt64Array | Float64Array): Uint8Array {
  return new Uint8Array(values.buffer);
}

type Range = readonly [min: number, max: number];
const noRange: Range = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];

// A loop for each kind of array, and none that asks for each value where it stands: the engine makes better code of it.

function rangeOfInts(values: Int32Array, [least, most]: Range): Range {
  let min = least;
  let max = most;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return [min, max];
}

/** Undefined where there is a NaN, which has no place among bounds. */
function rangeOfFloats(values: Float64Array, [least, most]: Range): Range | undefined {
  let min = least;
  let max = most;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (Number.isNaN(value)) return undefined;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return [min, max];
}

function picked<T extends Int32Array | Float64Array>(values: T, leaf: ShreddedLeaf): T {
  const { slots, values: count } = leaf;
  if (slots === undefined) return values.subarray(0, count) as T;
  const out = (values instanceof Int32Array ? new Int32Array(count) : new Float64Array(count)) as T;
  for (let i = 0; i < count; i++) out[i] = values[slots[i]!]!;
  return out;
}

/** Of all values; undefined where there is none, or no range. */
function numberBounds<T extends Int32Array | Float64Array>(
  pieces: readonly ShreddedLeaf[],
  rangeOf: (values: T, range: Range) => Range | undefined,
): Range | undefined {
  let range: Range | undefined = noRange;
  let count = 0;
  for (const leaf of pieces) {
    range = rangeOf(picked(numbersIn(leaf) as T, leaf), range);
    count += leaf.values;
    if (range === undefined) return undefined;
  }
  return count === 0 ? undefined : range;
}

/** Numbers of 64 bits by their halves: a BigInt for each would cost an allocation. */
function wordBounds(
  pieces: readonly ShreddedLeaf[],
  valuesOf: (leaf: ShreddedLeaf) => BigInt64Array,
): Bounds | undefined {
  let minHigh = 0x7fffffff;
  let minLow = 0xffffffff;
  let maxHigh = -0x80000000;
  let maxLow = 0;
  let isAny = false;
  for (const leaf of pieces) {
    const own = valuesOf(leaf);
    const halves = new Int32Array(own.buffer, own.byteOffset, own.length * 2);
    for (let i = 0; i < leaf.values; i++) {
      const slot = slotOf(leaf, i);
      const low = halves[2 * slot]! >>> 0;
      const high = halves[2 * slot + 1]!;
      if (high < minHigh || (high === minHigh && low < minLow)) {
        minHigh = high;
        minLow = low;
      }
      if (high > maxHigh || (high === maxHigh && low > maxLow)) {
        maxHigh = high;
        maxLow = low;
      }
      isAny = true;
    }
  }
  if (!isAny) return undefined;
  return {
    min: bytesOf(Int32Array.of(minLow, minHigh)),
    max: bytesOf(Int32Array.of(maxLow, maxHigh)),
  };
}

function isLess(left: Uint8Array, leftStart: number, leftEnd: number, right: Uint8Array): boolean {
  const length = Math.min(leftEnd - leftStart, right.length);
  for (let i = 0; i < length; i++) {
    const difference = left[leftStart + i]! - right[i]!;
    if (difference !== 0) return difference < 0;
  }
  return leftEnd - leftStart < right.length;
}

class TextBounds {
  min: Uint8Array | undefined;
  max: Uint8Array | undefined;

  add(values: Uint8Array, start: number, end: number): void {
    if (this.min === undefined || this.max === undefined) {
      this.min = values.slice(start, end);
      this.max = this.min;
      return;
    }
    if (isLess(values, start, end, this.min)) this.min = values.slice(start, end);
    const isMore = end - start !== this.max.length || !equals(values, start, this.max);
    if (isMore && !isLess(values, start, end, this.max)) this.max = values.slice(start, end);
  }
}

function equals(values: Uint8Array, start: number, other: Uint8Array): boolean {
  for (let i = 0; i < other.length; i++) if (values[start + i] !== other[i]) return false;
  return true;
}

function textBounds(pieces: readonly ShreddedLeaf[]): Bounds | undefined {
  const bounds = new TextBounds();
  for (const leaf of pieces) {
    const { column } = leaf;
    if (column.type === "dictionary") {
      const { offsets, values } = column.dictionary;
      const seen = new Uint8Array(column.dictionary.length);
      for (let i = 0; i < leaf.values; i++) seen[column.codes[slotOf(leaf, i)]!] = 1;
      for (let code = 0; code < seen.length; code++) {
        if (seen[code] === 1) bounds.add(values, offsets[code]!, offsets[code + 1]!);
      }
    } else if (column.type === "utf8") {
      const { offsets, values } = column;
      for (let i = 0; i < leaf.values; i++) {
        const slot = slotOf(leaf, i);
        bounds.add(values, offsets[slot]!, offsets[slot + 1]!);
      }
    }
  }
  const { min, max } = bounds;
  if (min === undefined || max === undefined) return undefined;
  return min.length <= textBytesMax && max.length <= textBytesMax ? { min, max } : undefined;
}

function boolBounds(pieces: readonly ShreddedLeaf[]): Bounds | undefined {
  let seen = 0;
  for (const leaf of pieces) {
    if (leaf.column.type !== "bool") return undefined;
    const { values } = leaf.column;
    for (let i = 0; i < leaf.values; i++) {
      const slot = slotOf(leaf, i);
      seen |= 1 << ((values[slot >> 3]! >> (slot & 7)) & 1);
    }
  }
  if (seen === 0) return undefined;
  return {
    min: Uint8Array.of((seen & 1) === 1 ? 0 : 1),
    max: Uint8Array.of((seen & 2) === 2 ? 1 : 0),
  };
}

function numbersIn({ column }: ShreddedLeaf): unknown {
  assert("values" in column, `a column of the type ${column.type} has no numbers`);
  return column.values;
}

/** Undefined for types without bounds worth their cost, for no values, and where a NaN occurs. */
export function boundsOf(pieces: readonly ShreddedLeaf[]): Bounds | undefined {
  const { column } = pieces[0]!;
  switch (column.type) {
    case "int32":
    case "date": {
      const found = numberBounds(pieces, rangeOfInts);
      return (
        found && { min: bytesOf(Int32Array.of(found[0])), max: bytesOf(Int32Array.of(found[1])) }
      );
    }
    case "float64": {
      const found = numberBounds(pieces, rangeOfFloats);
      if (found === undefined) return undefined;
      // Zeros of either sign are equal, so that a bound must cover both.
      const [min, max] = [found[0] === 0 ? -0 : found[0], found[1] === 0 ? 0 : found[1]];
      return { min: bytesOf(Float64Array.of(min)), max: bytesOf(Float64Array.of(max)) };
    }
    case "int53":
    case "int64":
    case "timestamp":
      return wordBounds(pieces, (leaf) => numbersIn(leaf) as BigInt64Array);
    case "decimal":
      if (decimalWords(column.precision) === 2) return undefined;
      return wordBounds(pieces, (leaf) => numbersIn(leaf) as BigInt64Array);
    case "utf8":
    case "dictionary":
      return textBounds(pieces);
    case "bool":
      return boolBounds(pieces);
    default:
      return undefined;
  }
}
