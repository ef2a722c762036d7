// A hash table from keys of rows to numbers of groups, over typed arrays: no object for a key or a row.

import { hashKeyRows, type KeyRows } from "./key-rows.ts";

const golden = 0x9e3779b1;

type Words = Int32Array<ArrayBuffer>;

function doubled(array: Words, lengthMin: number): Words {
  let length = array.length * 2;
  while (length < lengthMin) length *= 2;
  const out = new Int32Array(length);
  out.set(array);
  return out;
}

/** Groups are numbered from 0 in the order in which their keys came. */
export class GroupTable {
  /** Pairs of (hash, group + 1), open addressing; a group of 0 marks a free one. */
  private slots: Words = new Int32Array(2 * 1024);
  private shift = 32 - 10;
  /** Words of the keys of all groups, and where those of each begin. */
  private words: Words = new Int32Array(4096);
  private starts: Words = new Int32Array(1025);
  private count = 0;

  get size(): number {
    return this.count;
  }

  /** Memory held, in bytes. */
  get bytes(): number {
    return 4 * (this.slots.length + this.words.length + this.starts.length);
  }

  /** The group of each row, new ones made where needed. */
  add(keys: KeyRows): Int32Array {
    const hashes = hashKeyRows(keys);
    const groups = new Int32Array(keys.rows);
    for (let i = 0; i < keys.rows; i++) {
      const start = keys.starts === undefined ? i * keys.width : keys.starts[i]!;
      const end = keys.starts === undefined ? start + keys.width : keys.starts[i + 1]!;
      groups[i] = this.findOrAdd(hashes[i]!, keys.words, start, end);
    }
    return groups;
  }

  /** The group of each row; -1 for keys that were never added. */
  find(keys: KeyRows): Int32Array {
    const hashes = hashKeyRows(keys);
    const groups = new Int32Array(keys.rows);
    for (let i = 0; i < keys.rows; i++) {
      const start = keys.starts === undefined ? i * keys.width : keys.starts[i]!;
      const end = keys.starts === undefined ? start + keys.width : keys.starts[i + 1]!;
      const slot = this.slotOf(hashes[i]!, keys.words, start, end);
      groups[i] = this.slots[2 * slot + 1]! - 1;
    }
    return groups;
  }

  /** The same groups under keys with more words for tags, all of them zero: columns that were null so far. */
  withTagWords(before: number, after: number): GroupTable {
    const table = new GroupTable();
    for (let group = 0; group < this.count; group++) {
      const key = this.words.subarray(this.starts[group]!, this.starts[group + 1]!);
      const words = new Int32Array(key.length + after - before);
      words.set(key.subarray(0, before));
      words.set(key.subarray(before), after);
      table.add({ rows: 1, words, starts: undefined, width: words.length });
    }
    return table;
  }

  /** The slot of a key, or the free one where it belongs. */
  private slotOf(hash: number, words: Int32Array, start: number, end: number): number {
    const { slots, starts } = this;
    const own = this.words;
    const mask = (slots.length >> 1) - 1;
    let slot = Math.imul(hash, golden) >>> this.shift;
    for (;;) {
      const group = slots[2 * slot + 1]!;
      if (group === 0) return slot;
      if (slots[2 * slot] === hash) {
        let at = starts[group - 1]!;
        const stop = starts[group]!;
        if (stop - at === end - start) {
          let from = start;
          while (from < end && own[at] === words[from]) {
            at++;
            from++;
          }
          if (from === end) return slot;
        }
      }
      slot = (slot + 1) & mask;
    }
  }

  private findOrAdd(hash: number, words: Int32Array, start: number, end: number): number {
    const slot = this.slotOf(hash, words, start, end);
    const group = this.slots[2 * slot + 1]!;
    if (group !== 0) return group - 1;
    const added = this.count++;
    this.slots[2 * slot] = hash;
    this.slots[2 * slot + 1] = added + 1;
    const at = this.starts[added]!;
    const stop = at + end - start;
    if (stop > this.words.length) this.words = doubled(this.words, stop);
    for (let to = at, from = start; from < end; to++, from++) this.words[to] = words[from]!;
    if (added + 2 > this.starts.length) this.starts = doubled(this.starts, added + 2);
    this.starts[added + 1] = stop;
    if (this.count * 4 > this.slots.length) this.grow();
    return added;
  }

  private grow(): void {
    const before = this.slots;
    const slots = new Int32Array(before.length * 2);
    this.shift--;
    const mask = (slots.length >> 1) - 1;
    for (let i = 0; i < before.length; i += 2) {
      const group = before[i + 1]!;
      if (group === 0) continue;
      const hash = before[i]!;
      let slot = Math.imul(hash, golden) >>> this.shift;
      while (slots[2 * slot + 1] !== 0) slot = (slot + 1) & mask;
      slots[2 * slot] = hash;
      slots[2 * slot + 1] = group;
    }
    this.slots = slots;
  }
}
