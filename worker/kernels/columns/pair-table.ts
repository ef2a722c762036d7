// A hash table from pairs of numbers to numbers of groups: how keys of several columns become one number.

type Words = Int32Array<ArrayBuffer>;

/** Words of a slot: both numbers, group + 1 (0 where it is free), and one to spare. */
const slotWords = 4;

/** Groups are numbered from 0 in the order in which their pairs came. Numbers are not negative. */
export class PairTable {
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

  /** -1 for pairs that were never added, and where one of the numbers is -1. */
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

function placeOf(a: number, b: number): number {
  const mixed = Math.imul(a, 0x85ebca6b) ^ Math.imul(b ^ (b >>> 15), 0xc2b2ae35);
  return Math.imul(mixed ^ (mixed >>> 13), 0x9e3779b1);
}
