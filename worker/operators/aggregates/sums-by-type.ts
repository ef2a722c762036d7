// Sums of groups in one type each: exact, in two parts, so that what is on the way may leave the range of the type.

import {
  type Column,
  columnType,
  decimalWords,
  type Int32Column,
  type Int64Column,
} from "../../../proto/batch/column.ts";
import { readDecimal, writeDecimal } from "../../../proto/batch/decimal.ts";
import { integersToNumbers } from "../../../proto/batch/decode-column.ts";
import { assert } from "../../../proto/errors.ts";
import {
  type DataType,
  decimalPrecisionMax,
  decimalType,
  float64Type,
  int53Type,
  int64Type,
} from "../../../proto/plan/types.ts";
import { giveBack } from "../../kernels/columns/table-rooms.ts";
import { asFloats, widen } from "../../kernels/columns/widen.ts";
import { twoTo53, wholeNumbers } from "../../kernels/columns/words.ts";
import type { DoubleSums } from "../../kernels/expressions/sum-formulas.ts";
import { floatColumn, grownFloats, grownWords } from "./accumulator.ts";

const noColumn = { name: "", nulls: "null", validity: undefined } as const;

/**
 * How often the sum of each group left the range of its type, upwards or downwards: a sum is checked once, when all
 * rows are in it, so that it depends on no order.
 */
class Carries {
  private counts = new Float64Array(0);
  private size = 0;

  get bytes(): number {
    return this.counts.byteLength;
  }

  reserve(groups: number): void {
    this.size = groups;
    if (this.counts.length > 0) this.counts = grown(this.counts, groups);
  }

  add(group: number, by: number): void {
    if (this.counts.length === 0) this.counts = grown(this.counts, this.size);
    this.counts[group] = this.counts[group]! + by;
  }

  of(group: number): number {
    return this.counts[group] ?? 0;
  }

  /** Of nothing but nulls, which take no bytes, as long as every sum has stayed in its range. */
  column(groups: number): Column {
    if (this.counts.length === 0) return { ...noColumn, type: "null", length: groups };
    return floatColumn(this.counts, groups, undefined);
  }

  close(): void {
    giveBack(this.counts);
  }
}

/** Rows that are to be added without a look at each. */
const rowsUnseenMin = 4096;

function grown(numbers: Float64Array, length: number): Float64Array<ArrayBuffer> {
  return grownFloats(numbers, length) as Float64Array<ArrayBuffer>;
}

/** Sums of one type in two parts: a number of the type, and how many times `unit` is to be added. */
export interface Sums {
  readonly type: DataType;
  /** What one carry stands for; 0 where there are none. */
  readonly unit: bigint;
  readonly carries: Carries;
  /** Memory held, in bytes. */
  readonly bytes: number;
  reserve(groups: number): void;
  add(column: Column, groups: Int32Array): void;
  /** Adds digits of decimals that are whole and below 2^53; false where the scale is another. */
  addDigits?(values: Float64Array, scale: number, groups: Int32Array): boolean;
  /** Adds a number of any size, of the scale of the type. */
  addTotal(group: number, total: bigint): void;
  /** The numbers without their carries. */
  column(groups: number): Column;
  /** The sum of the first group, of doubles only. */
  first?: number;
  /** The sums of all groups as doubles, if so many values that reach so far may be added to them without a look. */
  doublesFor?(rows: number, reach: number): DoubleSums | undefined;
  /** Not to be used after it. */
  close(): void;
}

class FloatSums implements Sums {
  readonly type = float64Type;
  readonly unit = 0n;
  readonly carries = new Carries();
  private sums = new Float64Array(0);
  /** No sum is further from 0; beyond 2^53 where one might not be whole. */
  private reach = 0;

  get bytes(): number {
    return this.sums.byteLength + this.carries.bytes;
  }

  reserve(groups: number): void {
    this.sums = grown(this.sums, groups);
  }

  add(column: Column, groups: Int32Array): void {
    const values = asFloats(column);
    const { sums } = this;
    this.reach = Number.POSITIVE_INFINITY;
    for (let i = 0; i < groups.length; i++) sums[groups[i]!] = sums[groups[i]!]! + values[i]!;
  }

  doublesFor(rows: number, reach: number): DoubleSums {
    const more = Number.isFinite(reach) ? rows * reach : reach;
    if (this.reach <= twoTo53 && this.reach + more > twoTo53) this.reach = farthest(this.sums);
    this.reach += more;
    const isOrdered = this.reach > twoTo53;
    return { sums: this.sums, rowsMax: Number.POSITIVE_INFINITY, isOrdered };
  }

  get first(): number {
    return this.sums[0]!;
  }

  set first(sum: number) {
    this.reach = Number.POSITIVE_INFINITY;
    this.sums[0] = sum;
  }

  addTotal(group: number, total: bigint): void {
    this.reach = Number.POSITIVE_INFINITY;
    this.sums[group] = this.sums[group]! + Number(total);
  }

  column(groups: number): Column {
    return floatColumn(this.sums, groups, undefined);
  }

  close(): void {
    giveBack(this.sums);
    this.carries.close();
  }
}

/** As float64, exact between -2^53 and 2^53. */
class SafeSums implements Sums {
  readonly type = int53Type;
  readonly unit = BigInt(twoTo53);
  readonly carries = new Carries();
  private sums = new Float64Array(0);
  /** No sum is further from 0. */
  private reach = 0;

  get bytes(): number {
    return this.sums.byteLength + this.carries.bytes;
  }

  reserve(groups: number): void {
    this.sums = grown(this.sums, groups);
    this.carries.reserve(groups);
  }

  doublesFor(rows: number, reach: number): DoubleSums | undefined {
    const more = rows * reach;
    if (this.reach + more > twoTo53) this.reach = farthest(this.sums);
    if (this.reach + more > twoTo53) return undefined;
    this.reach += more;
    return { sums: this.sums, rowsMax: Number.POSITIVE_INFINITY };
  }

  add(column: Column, groups: Int32Array): void {
    const values =
      column.type === "int32" ? column.values : integersToNumbers((column as Int64Column).values);
    const { sums } = this;
    this.reach = twoTo53;
    for (let i = 0; i < groups.length; i++) {
      const group = groups[i]!;
      const sum = sums[group]! + values[i]!;
      if (sum < twoTo53 && sum > -twoTo53) sums[group] = sum;
      else this.addCarried(group, values[i]!);
    }
  }

  private addCarried(group: number, value: number): void {
    const sign = value < 0 ? -1 : 1;
    // Both of one sign, so that the difference is exact, and the sum after it.
    this.sums[group] = this.sums[group]! - sign * twoTo53 + value;
    this.carries.add(group, sign);
  }

  addTotal(group: number, total: bigint): void {
    const sum = BigInt(this.sums[group]!) + total;
    this.reach = twoTo53;
    this.sums[group] = Number(sum % this.unit);
    if (sum / this.unit !== 0n) this.carries.add(group, Number(sum / this.unit));
  }

  column(groups: number): Column {
    const values = wholeNumbers(this.sums.subarray(0, groups));
    return { ...noColumn, type: "int53", length: groups, values };
  }

  close(): void {
    giveBack(this.sums);
    this.carries.close();
  }
}

/** Of whole numbers, none of which is NaN. */
function farthest(numbers: Float64Array): number {
  let most = 0;
  for (let i = 0; i < numbers.length; i++) {
    const distance = Math.abs(numbers[i]!);
    if (distance > most) most = distance;
  }
  return most;
}

/** Modulo 2^64, in two halves, with the carry by hand. */
class LongSums implements Sums {
  readonly type = int64Type;
  readonly unit = 1n << 64n;
  readonly carries = new Carries();
  private sums = new BigInt64Array(0);

  get bytes(): number {
    return this.sums.byteLength + this.carries.bytes;
  }

  reserve(groups: number): void {
    this.sums = grownWords(this.sums, groups) as BigInt64Array<ArrayBuffer>;
    this.carries.reserve(groups);
  }

  add(column: Column, groups: Int32Array): void {
    const { values } = widen(column, int64Type) as Int64Column;
    const from = new Int32Array(values.buffer, values.byteOffset, values.length * 2);
    const sums = new Int32Array(this.sums.buffer);
    for (let i = 0; i < groups.length; i++) {
      const at = groups[i]! * 2;
      const low = (sums[at]! >>> 0) + (from[2 * i]! >>> 0);
      const before = sums[at + 1]!;
      const added = from[2 * i + 1]!;
      const high = (before + added + (low > 0xffff_ffff ? 1 : 0)) | 0;
      sums[at] = low;
      sums[at + 1] = high;
      // Two of one sign whose sum has the other.
      if (((before ^ high) & (added ^ high)) < 0) this.carries.add(groups[i]!, added < 0 ? -1 : 1);
    }
  }

  addTotal(group: number, total: bigint): void {
    const sum = this.sums[group]! + total;
    const rest = BigInt.asIntN(64, sum);
    this.sums[group] = rest;
    if (sum !== rest) this.carries.add(group, Number((sum - rest) / this.unit));
  }

  column(groups: number): Column {
    const values = this.sums.slice(0, groups);
    return { ...noColumn, type: "int64", length: groups, values };
  }

  close(): void {
    giveBack(this.sums);
    this.carries.close();
  }
}

const decimalUnit = 10n ** BigInt(decimalPrecisionMax);

/**
 * Of decimals that fit a word in halves of 2^32 as float64; a BigInt for a row only where they do not. Loops over
 * doubles are handed the sums themselves.
 */
class DecimalSums implements Sums, DoubleSums {
  readonly type: DataType;
  readonly unit = decimalUnit;
  readonly carries = new Carries();
  private readonly scale: number;
  /** Sums of digits, exact below 2^53: mostly all that there is, so the others have room once they are needed. */
  private digits = new Float64Array(0);
  /** Upper and lower part of each sum, in units of 2^32: exact up to 2^53 each. */
  private upper = new Float64Array(0);
  private lower = new Float64Array(0);
  private rest = new BigInt64Array(0);
  private rows = 0;
  /** No sum of digits is further from 0. */
  private reach = 0;
  /** How much further those may be after the next rows of a loop. */
  private more = 0;
  /** Rows of a loop between which there is to be room. */
  rowsMax = 0;

  constructor(scale: number) {
    this.scale = scale;
    this.type = decimalType(decimalPrecisionMax, scale);
  }

  get bytes(): number {
    return (
      this.upper.byteLength +
      this.lower.byteLength +
      this.digits.byteLength +
      this.rest.byteLength +
      this.carries.bytes
    );
  }

  reserve(groups: number): void {
    this.digits = grown(this.digits, groups);
    if (this.upper.length > 0) this.openParts();
    if (this.rest.length > 0) this.openRest();
    this.carries.reserve(groups);
  }

  private openParts(): void {
    this.upper = grown(this.upper, this.digits.length);
    this.lower = grown(this.lower, this.digits.length);
  }

  private openRest(): void {
    this.rest = grownWords(this.rest, 2 * this.digits.length) as BigInt64Array<ArrayBuffer>;
  }

  doublesFor(rows: number, reach: number): DoubleSums | undefined {
    const rowsMax = Math.floor(twoTo53 / 2 / reach);
    // Looking through all sums again and again would take longer than a look at each value.
    if (rowsMax < rows && rowsMax < Math.max(rowsUnseenMin, this.digits.length)) return undefined;
    this.more = Math.min(rows, rowsMax) * reach;
    this.rowsMax = rowsMax;
    this.makeRoom();
    return this;
  }

  /** Digits of what a loop adds to. */
  get sums(): Float64Array {
    return this.digits;
  }

  makeRoom(): void {
    if (this.reach + this.more > twoTo53) this.moveLarge();
    this.reach += this.more;
  }

  /** Makes room in sums of digits that have taken half of it. */
  private moveLarge(): void {
    const { digits } = this;
    for (let group = 0; group < digits.length; group++) {
      if (Math.abs(digits[group]!) < twoTo53 / 2) continue;
      this.addTotal(group, BigInt(digits[group]!));
      digits[group] = 0;
    }
    this.reach = farthest(digits);
  }

  addDigits(values: Float64Array, scale: number, groups: Int32Array): boolean {
    if (scale !== this.scale) return false;
    const { digits } = this;
    this.reach = twoTo53;
    for (let i = 0; i < groups.length; i++) {
      const group = groups[i]!;
      const sum = digits[group]! + values[i]!;
      if (sum < twoTo53 && sum > -twoTo53) digits[group] = sum;
      else {
        this.addTotal(group, BigInt(digits[group]!));
        digits[group] = values[i]!;
      }
    }
    return true;
  }

  add(column: Column, groups: Int32Array): void {
    assert(column.type === "decimal" || column.type.startsWith("int"), `${column.type} as decimal`);
    const scale = scaleOf(columnType(column));
    if (column.type === "decimal" && scale === this.scale) {
      return this.addWords(column.values, decimalWords(column.precision), groups);
    }
    const factor = 10n ** BigInt(this.scale - scale);
    for (let i = 0; i < groups.length; i++) this.addTotal(groups[i]!, wholeAt(column, i) * factor);
  }

  addTotal(group: number, total: bigint): void {
    if (this.rest.length === 0) this.openRest();
    const sum = readDecimal(this.rest, 2, group) + total;
    const isLarge = sum >= this.unit || sum <= -this.unit;
    writeDecimal(this.rest, 2, group, isLarge ? sum % this.unit : sum);
    if (isLarge) this.carries.add(group, Number(sum / this.unit));
  }

  private addWords(values: BigInt64Array, words: 1 | 2, groups: Int32Array): void {
    if (this.upper.length === 0) this.openParts();
    const { upper, lower } = this;
    const halves = new Int32Array(values.buffer, values.byteOffset, values.length * 2);
    for (let i = 0, at = 0; i < groups.length; i++, at += 2 * words) {
      const group = groups[i]!;
      const high = halves[at + 1]!;
      // Of two words the upper one is mostly nothing but the sign.
      if (words === 2 && (halves[at + 2] !== high >> 31 || halves[at + 3] !== high >> 31)) {
        this.addTotal(group, readDecimal(values, 2, i));
        continue;
      }
      lower[group] = lower[group]! + (halves[at]! >>> 0);
      upper[group] = upper[group]! + high;
    }
    this.rows += groups.length;
    // Below 2^21 rows the parts stay below 2^53.
    if (this.rows >= 2 ** 20) this.settle();
  }

  private settle(): void {
    for (let group = 0; group < this.digits.length; group++) {
      if (this.digits[group] === 0) continue;
      this.addTotal(group, BigInt(this.digits[group]!));
      this.digits[group] = 0;
    }
    for (let group = 0; group < this.upper.length; group++) {
      if (this.upper[group] === 0 && this.lower[group] === 0) continue;
      const part = BigInt(this.upper[group]!) * 4_294_967_296n + BigInt(this.lower[group]!);
      this.addTotal(group, part);
      this.upper[group] = 0;
      this.lower[group] = 0;
    }
    this.rows = 0;
  }

  column(groups: number): Column {
    const type = { type: "decimal", precision: decimalPrecisionMax, scale: this.scale } as const;
    return { ...noColumn, ...type, length: groups, values: this.words(groups) };
  }

  private words(groups: number): BigInt64Array<ArrayBuffer> {
    if (this.upper.length === 0 && this.rest.length === 0) return wordsOf(this.digits, groups);
    this.settle();
    if (this.rest.length === 0) this.openRest();
    return this.rest.slice(0, 2 * groups);
  }

  close(): void {
    const { digits, upper, lower, rest, carries } = this;
    for (const array of [digits, upper, lower, rest]) giveBack(array);
    carries.close();
  }
}

/** Two words for each number that is whole and below 2^53, without a BigInt for any. */
function wordsOf(numbers: Float64Array, count: number): BigInt64Array<ArrayBuffer> {
  const words = new BigInt64Array(2 * count);
  const halves = new Int32Array(words.buffer);
  for (let i = 0, at = 0; i < count; i++, at += 4) {
    const number = numbers[i]!;
    const high = Math.floor(number / 4_294_967_296);
    halves[at] = number - high * 4_294_967_296;
    halves[at + 1] = high;
    const sign = number < 0 ? -1 : 0;
    halves[at + 2] = sign;
    halves[at + 3] = sign;
  }
  return words;
}

export function sumsOf(type: DataType): Sums {
  switch (type.kind) {
    case "int32":
    case "int53":
      return new SafeSums();
    case "int64":
      return new LongSums();
    case "decimal":
      return new DecimalSums(type.scale);
    default:
      return new FloatSums();
  }
}

/** Whole numbers and the digits of decimals. */
export function wholeAt(column: Column, row: number): bigint {
  if (column.type === "decimal") {
    return readDecimal(column.values, decimalWords(column.precision), row);
  }
  if (!column.type.startsWith("int")) assert(false, `${column.type} as whole numbers`);
  return BigInt((column as Int32Column | Int64Column).values[row]!);
}

export function scaleOf(type: DataType): number {
  return type.kind === "decimal" ? type.scale : 0;
}
