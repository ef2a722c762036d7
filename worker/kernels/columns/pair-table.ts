// Pairs of numbers as numbers of groups: how keys of several columns become one number. Few numbers on both sides take an
// array with a place for each pair, others a hash table.

import { GeneratedLoops } from "../../../proto/kernels/generated-loops.ts";
import { directPairsMax } from "../../../proto/limits.ts";
import { type CodedGroups, numbersOfRows } from "./row-groups.ts";

type Words = Int32Array<ArrayBuffer>;

/** Words of a slot: both numbers, group + 1 (0 where it is free), and one to spare. */
const slotWords = 4;

/** Groups are numbered from 0 in the order in which their pairs came. Numbers are not negative. */
class HashedPairs {
  private slots: Words = new Int32Array(slotWords * 1024);
  private shift = 32 - 10;
  private count = 0;

  get size(): number {
    return this.count;
  }

  /** Memory held, in bytes. */
  get bytes(): number {
    return this.slots.byteLength;
  }

  add(left: Int32Array, right: Int32Array): Int32Array {
    const groups = new Int32Array(left.length);
    let { slots, shift } = this;
    let mask = slots.length - 1;
    for (let i = 0; i < left.length; i++) {
      const a = left[i]!;
      const b = right[i]!;
      let at = (placeOf(a, b) >>> shift) * slotWords;
      let group = slots[at + 2]!;
      while (group !== 0 && (slots[at] !== a || slots[at + 1] !== b)) {
        at = (at + slotWords) & mask;
        group = slots[at + 2]!;
      }
      if (group === 0) {
        group = ++this.count;
        slots[at] = a;
        slots[at + 1] = b;
        slots[at + 2] = group;
        if (this.count * 2 * slotWords > slots.length) {
          this.grow();
          ({ slots, shift } = this);
          mask = slots.length - 1;
        }
      }
      groups[i] = group - 1;
    }
    return groups;
  }

  find(left: Int32Array, right: Int32Array): Int32Array {
    const groups = new Int32Array(left.length);
    const { slots, shift } = this;
    const mask = slots.length - 1;
    for (let i = 0; i < left.length; i++) {
      const a = left[i]!;
      const b = right[i]!;
      let at = (placeOf(a, b) >>> shift) * slotWords;
      let group = slots[at + 2]!;
      while (group !== 0 && (slots[at] !== a || slots[at + 1] !== b)) {
        at = (at + slotWords) & mask;
        group = slots[at + 2]!;
      }
      groups[i] = group - 1;
    }
    return groups;
  }

  private grow(): void {
    const before = this.slots;
    const slots = new Int32Array(2 * before.length);
    this.shift--;
    const mask = slots.length - 1;
    for (let from = 0; from < before.length; from += slotWords) {
      const group = before[from + 2]!;
      if (group === 0) continue;
      const a = before[from]!;
      const b = before[from + 1]!;
      let at = (placeOf(a, b) >>> this.shift) * slotWords;
      while (slots[at + 2] !== 0) at = (at + slotWords) & mask;
      slots[at] = a;
      slots[at + 1] = b;
      slots[at + 2] = group;
    }
    this.slots = slots;
  }
}

type AddPairs = (
  rows: number,
  left: CodedGroups,
  right: CodedGroups,
  directory: Int32Array,
  shift: number,
  groups: Int32Array,
  addPair: (left: number, right: number) => number,
) => void;

const loops = new GeneratedLoops<AddPairs>();
const parameters = ["rows", "left", "right", "directory", "shift", "groups", "addPair"];

/** Reads numbers where they lie, in one pass: two arrays of the numbers of rows would be written and read between. */
function loopOf(isLeftCoded: boolean, isRightCoded: boolean): AddPairs {
  const a = isLeftCoded ? "lefts[leftCodes[i]]" : "lefts[i]";
  const b = isRightCoded ? "rights[rightCodes[i]]" : "rights[i]";
  const known = loops.get(a + b);
  if (known !== undefined) return known;
  const code = `"use strict";
    const { numbers: lefts, codes: leftCodes } = left;
    const { numbers: rights, codes: rightCodes } = right;
    for (let i = 0; i < rows; i++) {
      const a = ${a};
      const b = ${b};
      const at = (a << shift) | b;
      let group = directory[at];
      if (group === 0) {
        group = addPair(a, b);
        directory[at] = group;
      }
      groups[i] = group - 1;
    }`;
  return loops.make(a + b, parameters, code);
}

/** Group + 1 of each pair, in rows of 2^shift places by the left number. */
class DirectPairs {
  private directory: Words = new Int32Array(0);
  private shift = 0;
  /** Of each group. */
  private lefts: Words = new Int32Array(1024);
  private rights: Words = new Int32Array(1024);
  private count = 0;
  private rowsSeen = 0;

  get size(): number {
    return this.count;
  }

  get bytes(): number {
    return 4 * (this.directory.length + this.lefts.length + this.rights.length);
  }

  /** The numbers of all groups, in order. */
  get pairs(): readonly [Int32Array, Int32Array] {
    return [this.lefts.subarray(0, this.count), this.rights.subarray(0, this.count)];
  }

  /** False where there are too many places for so few rows; nothing was changed then. */
  reach(rows: number, leftCount: number, rightCount: number): boolean {
    this.rowsSeen += rows;
    const shift = Math.max(this.shift, 32 - Math.clz32(Math.max(rightCount - 1, 0)));
    const length = leftCount * 2 ** shift;
    if (length <= this.directory.length && shift === this.shift) return true;
    if (length > Math.min(directPairsMax, 65_536 + 4 * this.rowsSeen)) return false;
    // Twice as long where it grows by rows of places alone: left numbers come one by one.
    const isLonger = shift === this.shift && 2 * length <= directPairsMax;
    const directory = new Int32Array(isLonger ? 2 * length : length);
    if (shift === this.shift) directory.set(this.directory);
    else {
      for (let group = 0; group < this.count; group++) {
        directory[(this.lefts[group]! << shift) | this.rights[group]!] = group + 1;
      }
    }
    this.directory = directory;
    this.shift = shift;
    return true;
  }

  add(rows: number, left: CodedGroups, right: CodedGroups): Int32Array {
    const groups = new Int32Array(rows);
    const add = loopOf(left.codes !== undefined, right.codes !== undefined);
    add(rows, left, right, this.directory, this.shift, groups, (a, b) => this.addPair(a, b));
    return groups;
  }

  private addPair(left: number, right: number): number {
    if (this.count === this.lefts.length) {
      this.lefts = twiceAsLong(this.lefts);
      this.rights = twiceAsLong(this.rights);
    }
    this.lefts[this.count] = left;
    this.rights[this.count++] = right;
    return this.count;
  }

  find(left: Int32Array, right: Int32Array): Int32Array {
    const groups = new Int32Array(left.length);
    const { directory, shift } = this;
    const rightMax = 2 ** shift;
    for (let i = 0; i < left.length; i++) {
      const [a, b] = [left[i]!, right[i]!];
      const isInside = a >= 0 && b >= 0 && b < rightMax && a < directory.length >> shift;
      groups[i] = isInside ? directory[(a << shift) | b]! - 1 : -1;
    }
    return groups;
  }
}

function twiceAsLong(words: Words): Words {
  const longer = new Int32Array(2 * words.length);
  longer.set(words);
  return longer;
}

/** Groups of one side, and how many numbers there may be. */
export interface CountedGroups extends CodedGroups {
  readonly count: number;
}

function addHashed(pairs: HashedPairs, rows: number, left: CodedGroups, right: CodedGroups) {
  return pairs.add(numbersOfRows(left, rows), numbersOfRows(right, rows));
}

export class PairTable {
  private pairs: DirectPairs | HashedPairs = new DirectPairs();

  get size(): number {
    return this.pairs.size;
  }

  /** Memory held, in bytes. */
  get bytes(): number {
    return this.pairs.bytes;
  }

  /** Of `rows` rows; the counts are more than any number of a side so far. */
  add(rows: number, left: CountedGroups, right: CountedGroups): Int32Array {
    const { pairs } = this;
    if (pairs instanceof HashedPairs) return addHashed(pairs, rows, left, right);
    if (pairs.reach(rows, left.count, right.count)) return pairs.add(rows, left, right);
    const hashed = new HashedPairs();
    hashed.add(...pairs.pairs);
    this.pairs = hashed;
    return addHashed(hashed, rows, left, right);
  }

  /** -1 for pairs that were never added, and where one of the numbers is -1. */
  find(left: Int32Array, right: Int32Array): Int32Array {
    return this.pairs.find(left, right);
  }
}

function placeOf(a: number, b: number): number {
  const mixed = Math.imul(a, 0x85ebca6b) ^ Math.imul(b ^ (b >>> 15), 0xc2b2ae35);
  return Math.imul(mixed ^ (mixed >>> 13), 0x9e3779b1);
}
