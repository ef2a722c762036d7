// The least numbers of each group so far, few of them: what is behind them is not among the first rows of its group.

import { grownFloats, grownInts } from "../aggregates/accumulator.ts";

export interface LeastNumbersOptions {
  /** How many of each group are kept. */
  readonly countMax: number;
  /** Whether equal numbers are one. */
  readonly areDifferent: boolean;
}

export class LeastNumbers {
  private readonly countMax: number;
  private readonly areDifferent: boolean;
  /** Those of a group lie together, rising. */
  private least = new Float64Array(0);
  private counts = new Int32Array(0);
  /** The last number of each group that has all; NaN of others. */
  private bounds = new Float64Array(0);

  constructor({ countMax, areDifferent }: LeastNumbersOptions) {
    this.countMax = countMax;
    this.areDifferent = areDifferent;
  }

  /** Memory held, in bytes. */
  get bytes(): number {
    return this.least.byteLength + this.counts.byteLength + this.bounds.byteLength;
  }

  /** Makes room for so many groups. */
  reserve(groups: number): void {
    const before = this.bounds.length;
    this.bounds = grownFloats(this.bounds, groups) as Float64Array<ArrayBuffer>;
    if (this.bounds.length === before) return;
    this.bounds.fill(Number.NaN, before);
    const { length } = this.bounds;
    this.counts = grownInts(this.counts, length) as Int32Array<ArrayBuffer>;
    this.least = grownFloats(this.least, length * this.countMax) as Float64Array<ArrayBuffer>;
  }

  /**
   * Adds numbers, each to its group; answers the rows of those that are not behind the others. `dropsEqual`: a finite
   * number that equals the last of a full group is.
   */
  add(numbers: Float64Array, groups: Int32Array, dropsEqual: boolean): Int32Array {
    const { bounds } = this;
    const rows = new Int32Array(groups.length);
    let count = 0;
    for (let i = 0; i < groups.length; i++) {
      const group = groups[i]!;
      const number = numbers[i]!;
      const bound = bounds[group]!;
      if (number > bound) continue;
      if (number === bound && dropsEqual && Number.isFinite(number)) continue;
      rows[count++] = i;
      this.insert(group, number);
    }
    return rows.subarray(0, count);
  }

  private insert(group: number, number: number): void {
    const { least, countMax } = this;
    const start = group * countMax;
    const count = this.counts[group]!;
    let at = start + count;
    while (at > start && least[at - 1]! > number) at--;
    if (this.areDifferent && at > start && least[at - 1] === number) return;
    const last = start + countMax - 1;
    if (at > last) return;
    for (let to = Math.min(start + count, last); to > at; to--) least[to] = least[to - 1]!;
    least[at] = number;
    if (count < countMax) this.counts[group] = count + 1;
    if (count + 1 >= countMax) this.bounds[group] = least[last]!;
  }

  /** The rows whose numbers are not behind all that their groups have kept. */
  within(numbers: Float64Array, groups: Int32Array): Int32Array {
    const { bounds } = this;
    const rows = new Int32Array(groups.length);
    let count = 0;
    for (let i = 0; i < groups.length; i++) {
      if (!(numbers[i]! > bounds[groups[i]!]!)) rows[count++] = i;
    }
    return rows.subarray(0, count);
  }
}
