// A hash table from whole numbers of 32 bits to rows, for numbers that lie too far apart for an array. Built once, of
// all rows, with at most half of its slots taken; linear probing.

import type { RowsByNumber } from "./rows-by-number.ts";
import type { WholeKeys } from "./whole-keys.ts";

/** Spreads numbers that differ in few bits, wherever these are. */
function placeOf(value: number): number {
  const mixed = Math.imul(value ^ (value >>> 15), 0x85ebca6b);
  return Math.imul(mixed ^ (mixed >>> 13), 0x9e3779b1);
}

export class HashedRows implements RowsByNumber {
  readonly order = undefined;
  readonly next: Int32Array | undefined;
  /** Pairs of (number, row + 1); 0 marks a free one. */
  private readonly slots: Int32Array;
  private readonly shift: number;

  /** `rows`: of those that have a number. */
  constructor({ values, outside }: WholeKeys, rows: number) {
    const bits = Math.max(Math.ceil(Math.log2(2 * Math.max(rows, 1))), 4);
    const slots = new Int32Array(2 ** (bits + 1));
    const shift = 32 - bits;
    const mask = slots.length - 1;
    let next: Int32Array | undefined;
    // From the last row, so that chains run upwards.
    for (let row = values.length - 1; row >= 0; row--) {
      if (outside !== undefined && outside[row] === 1) continue;
      const value = values[row]!;
      let at = (placeOf(value) >>> shift) << 1;
      let before = slots[at + 1]!;
      while (before !== 0 && slots[at] !== value) {
        at = (at + 2) & mask;
        before = slots[at + 1]!;
      }
      if (before !== 0) {
        next ??= new Int32Array(values.length).fill(-1);
        next[row] = before - 1;
      }
      slots[at] = value;
      slots[at + 1] = row + 1;
    }
    this.slots = slots;
    this.shift = shift;
    this.next = next;
  }

  get bytes(): number {
    return 4 * (this.slots.length + (this.next?.length ?? 0));
  }

  get isUnique(): boolean {
    return this.next === undefined;
  }

  // Four slots are loaded before the first is looked at: one after the other they would wait for each cache miss.
  find(numbers: Int32Array, into: Int32Array): number {
    const { slots, shift } = this;
    const count = numbers.length;
    let found = 0;
    let i = 0;
    for (; i + 4 <= count; i += 4) {
      const value0 = numbers[i]!;
      const value1 = numbers[i + 1]!;
      const value2 = numbers[i + 2]!;
      const value3 = numbers[i + 3]!;
      const at0 = (placeOf(value0) >>> shift) << 1;
      const at1 = (placeOf(value1) >>> shift) << 1;
      const at2 = (placeOf(value2) >>> shift) << 1;
      const at3 = (placeOf(value3) >>> shift) << 1;
      const place0 = slots[at0] === value0 ? slots[at0 + 1]! : this.placeFrom(at0, value0);
      const place1 = slots[at1] === value1 ? slots[at1 + 1]! : this.placeFrom(at1, value1);
      const place2 = slots[at2] === value2 ? slots[at2 + 1]! : this.placeFrom(at2, value2);
      const place3 = slots[at3] === value3 ? slots[at3 + 1]! : this.placeFrom(at3, value3);
      into[i] = place0 - 1;
      into[i + 1] = place1 - 1;
      into[i + 2] = place2 - 1;
      into[i + 3] = place3 - 1;
      found += (place0 === 0 ? 0 : 1) + (place1 === 0 ? 0 : 1);
      found += (place2 === 0 ? 0 : 1) + (place3 === 0 ? 0 : 1);
    }
    for (; i < count; i++) {
      const value = numbers[i]!;
      const place = this.placeFrom((placeOf(value) >>> shift) << 1, value);
      into[i] = place - 1;
      if (place !== 0) found++;
    }
    return found;
  }

  /** Row + 1 of a number, looked for from a slot on; 0 where it has none. */
  private placeFrom(start: number, value: number): number {
    const { slots } = this;
    const mask = slots.length - 1;
    let at = start;
    let place = slots[at + 1]!;
    while (place !== 0 && slots[at] !== value) {
      at = (at + 2) & mask;
      place = slots[at + 1]!;
    }
    return place;
  }
}
