// A hash table from whole numbers of 32 bits to numbers of groups: keys that lie too far apart for an array.

import { giveBack, longerRoom, takeInts } from "./table-rooms.ts";

type Words = Int32Array;

/** Groups are numbered from 0 in the order in which their keys came. */
export class SmallIntegerTable {
  /** Pairs of (key, group + 1), open addressing; a group of 0 marks a free one. */
  private slots: Words = new Int32Array(2 * 1024);
  private shift = 32 - 10;
  private keys: Words = new Int32Array(1024);
  private count = 0;

  get size(): number {
    return this.count;
  }

  /** Memory held, in bytes. */
  get bytes(): number {
    return 4 * (this.slots.length + this.keys.length);
  }

  /** The key of each group, until more are added. */
  get groupKeys(): Int32Array {
    return this.keys.subarray(0, this.count);
  }

  add(values: Int32Array): Int32Array {
    const groups = new Int32Array(values.length);
    let { slots, shift } = this;
    let mask = slots.length - 1;
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!;
      let at = (placeOf(value) >>> shift) << 1;
      let group = slots[at + 1]!;
      while (group !== 0 && slots[at] !== value) {
        at = (at + 2) & mask;
        group = slots[at + 1]!;
      }
      if (group === 0) {
        group = this.addKey(value, at);
        if (this.slots !== slots) {
          ({ slots, shift } = this);
          mask = slots.length - 1;
        }
      }
      groups[i] = group - 1;
    }
    return groups;
  }

  find(values: Int32Array): Int32Array {
    const groups = new Int32Array(values.length);
    const { slots, shift } = this;
    const mask = slots.length - 1;
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!;
      let at = (placeOf(value) >>> shift) << 1;
      let group = slots[at + 1]!;
      while (group !== 0 && slots[at] !== value) {
        at = (at + 2) & mask;
        group = slots[at + 1]!;
      }
      groups[i] = group - 1;
    }
    return groups;
  }

  private addKey(value: number, at: number): number {
    if (this.count === this.keys.length) {
      this.keys = longerRoom<Int32Array>(this.keys, 2 * this.keys.length, Int32Array);
    }
    this.keys[this.count++] = value;
    this.slots[at] = value;
    this.slots[at + 1] = this.count;
    if (this.count * 4 > this.slots.length) this.grow();
    return this.count;
  }

  private grow(): void {
    const slots = takeInts(2 * this.slots.length);
    this.shift--;
    const mask = slots.length - 1;
    for (let group = 0; group < this.count; group++) {
      const value = this.keys[group]!;
      let at = (placeOf(value) >>> this.shift) << 1;
      while (slots[at + 1] !== 0) at = (at + 2) & mask;
      slots[at] = value;
      slots[at + 1] = group + 1;
    }
    giveBack(this.slots);
    this.slots = slots;
  }

  /** Not to be used after it. */
  close(): void {
    giveBack(this.slots);
    giveBack(this.keys);
  }
}

/** Spreads keys that differ in few bits, wherever these are. */
export function placeOf(value: number): number {
  const mixed = Math.imul(value ^ (value >>> 15), 0x85ebca6b);
  return Math.imul(mixed ^ (mixed >>> 13), 0x9e3779b1);
}
