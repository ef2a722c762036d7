// The least numbers of each group so far, few of them: what is behind them is not among the first rows of its group.

import { grownFloats } from "../aggregates/accumulator.ts";

export interface LeastNumbersOptions {
  /** How many of each group are kept. */
  readonly countMax: number;
  /** Whether equal numbers are one. */
  readonly areDifferent: boolean;
}

/** A group whose numbers lie in one line of a cache is found at the cost of one look at memory. */
export class LeastNumbers {
  private readonly countMax: number;
  private readonly areDifferent: boolean;
  /** Those of a group lie together, rising; behind them the infinity, behind which nothing comes, for each that it lacks. */
  private least = new Float64Array(0);

  constructor({ countMax, areDifferent }: LeastNumbersOptions) {
    this.countMax = countMax;
    this.areDifferent = areDifferent;
  }

  /** Memory held, in bytes. */
  get bytes(): number {
    return this.least.byteLength;
  }

  /** Makes room for so many groups. */
  reserve(groups: number): void {
    const before = this.least.length;
    this.least = grownFloats(this.least, groups * this.countMax) as Float64Array<ArrayBuffer>;
    if (this.least.length > before) this.least.fill(Number.POSITIVE_INFINITY, before);
  }

  /**
   * Adds numbers, none of which is NaN, each to its group; answers the rows of those that are not behind the others.
   * `dropsEqual`: a finite number that equals the last of a full group is.
   */
  add(numbers: Float64Array, groups: Int32Array, dropsEqual: boolean): Int32Array {
    const { least, countMax } = this;
    const rows = new Int32Array(groups.length);
    if (countMax === 2 && !this.areDifferent) {
      return rows.subarray(0, addToPairs(least, numbers, groups, dropsEqual, rows));
    }
    let count = 0;
    for (let i = 0; i < groups.length; i++) {
      const start = groups[i]! * countMax;
      const number = numbers[i]!;
      const bound = least[start + countMax - 1]!;
      if (number > bound) continue;
      if (number === bound && dropsEqual && Number.isFinite(number)) continue;
      rows[count++] = i;
      this.insert(start, number);
    }
    return rows.subarray(0, count);
  }

  private insert(start: number, number: number): void {
    const { least } = this;
    const end = start + this.countMax;
    let at = end;
    while (at > start && least[at - 1]! > number) at--;
    if (this.areDifferent && at > start && least[at - 1] === number) return;
    for (let to = end - 1; to > at; to--) least[to] = least[to - 1]!;
    if (at < end) least[at] = number;
  }

  /** The rows whose numbers are not behind all that their groups have kept. */
  within(numbers: Float64Array, groups: Int32Array): Int32Array {
    const { least, countMax } = this;
    const rows = new Int32Array(groups.length);
    let count = 0;
    for (let i = 0; i < groups.length; i++) {
      const bound = least[(groups[i]! + 1) * countMax - 1]!;
      if (!(numbers[i]! > bound)) rows[count++] = i;
    }
    return rows.subarray(0, count);
  }
}

/**
 * As `add`, of two numbers for each group, into `rows`; answers how many these are. Those that are behind the last of
 * their group are told before, without a branch: the processor then waits for the numbers of many groups at a time.
 */
function addToPairs(
  least: Float64Array,
  numbers: Float64Array,
  groups: Int32Array,
  dropsEqual: boolean,
  rows: Int32Array,
): number {
  let candidates = 0;
  for (let i = 0; i < groups.length; i++) {
    rows[candidates] = i;
    candidates += numbers[i]! <= least[2 * groups[i]! + 1]! ? 1 : 0;
  }
  let count = 0;
  for (let k = 0; k < candidates; k++) {
    const i = rows[k]!;
    const at = 2 * groups[i]!;
    const number = numbers[i]!;
    const last = least[at + 1]!;
    if (number > last) continue;
    if (number === last && dropsEqual && Number.isFinite(number)) continue;
    rows[count++] = i;
    const first = least[at]!;
    if (number < first) {
      least[at] = number;
      least[at + 1] = first;
    } else least[at + 1] = number;
  }
  return count;
}
