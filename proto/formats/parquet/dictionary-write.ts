// Dictionaries that are built while a column chunk is written, and given up where they do not pay.

/** Distinct values are looked for among this many first: of texts that repeat little no dictionary is made. */
const probedValues = 8192;
const distinctShareMax = 0.7;

function slotCount(entries: number): number {
  let slots = 1024;
  while (slots < entries * 2) slots *= 2;
  return slots;
}

/** Distinct texts by their bytes, numbered in order of first appearance. */
export class TextDictionary {
  private table = new Int32Array(1024).fill(-1);
  private hashes = new Int32Array(1024);
  private held = new Uint8Array(16 * 1024);
  private ends: number[] = [0];
  private readonly bytesMax: number;
  private seen = 0;

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax;
  }

  get size(): number {
    return this.ends.length - 1;
  }

  get offsets(): Int32Array {
    return Int32Array.from(this.ends);
  }

  get bytes(): Uint8Array {
    return this.held.subarray(0, this.ends[this.size]!);
  }

  /** The text's number; -1 once a dictionary does not pay. */
  add(from: Uint8Array, start: number, end: number): number {
    this.seen++;
    let hash = 0x811c9dc5 | 0;
    for (let at = start; at < end; at++) hash = Math.imul(hash ^ from[at]!, 0x01000193);
    hash ^= hash >>> 15;
    const mask = this.table.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const code = this.table[slot]!;
      if (code < 0) return this.insert(slot, hash, from, start, end);
      if (this.hashes[code] === hash && this.equals(code, from, start, end)) return code;
    }
  }

  private equals(code: number, from: Uint8Array, start: number, end: number): boolean {
    const own = this.ends[code]!;
    if (this.ends[code + 1]! - own !== end - start) return false;
    for (let at = start; at < end; at++) if (this.held[own + at - start] !== from[at]) return false;
    return true;
  }

  private insert(slot: number, hash: number, from: Uint8Array, start: number, end: number): number {
    const code = this.size;
    const last = this.ends[code]!;
    const next = last + end - start;
    const isTooMany = this.seen > probedValues && code > this.seen * distinctShareMax;
    if (next > this.bytesMax || isTooMany) return -1;
    if (next > this.held.length) {
      const larger = new Uint8Array(Math.max(this.held.length * 2, next));
      larger.set(this.held);
      this.held = larger;
    }
    this.held.set(from.subarray(start, end), last);
    this.ends.push(next);
    if (code === this.hashes.length) {
      const larger = new Int32Array(code * 2);
      larger.set(this.hashes);
      this.hashes = larger;
    }
    this.hashes[code] = hash;
    this.table[slot] = code;
    if (this.size * 2 > this.table.length) this.grow();
    return code;
  }

  private grow(): void {
    this.table = new Int32Array(slotCount(this.size * 2)).fill(-1);
    const mask = this.table.length - 1;
    for (let code = 0; code < this.size; code++) {
      let slot = this.hashes[code]! & mask;
      while (this.table[slot]! >= 0) slot = (slot + 1) & mask;
      this.table[slot] = code;
    }
  }
}

const wordsEntriesMax = 32 * 1024;
const wordsProbed = 2048;

/** Distinct values of one or two words of 32 bits. */
export class WordDictionary {
  private table = new Int32Array(1024).fill(-1);
  private low: number[] = [];
  private high: number[] = [];
  private readonly words: 1 | 2;
  private seen = 0;

  constructor(words: 1 | 2) {
    this.words = words;
  }

  get size(): number {
    return this.low.length;
  }

  /** The values, as they are stored. */
  get bytes(): Uint8Array {
    const { words, size } = this;
    const out = new Int32Array(size * words);
    for (let i = 0; i < size; i++) {
      out[i * words] = this.low[i]!;
      if (words === 2) out[2 * i + 1] = this.high[i]!;
    }
    return new Uint8Array(out.buffer);
  }

  /** The value's number; -1 once a dictionary does not pay. */
  add(low: number, high: number): number {
    this.seen++;
    const mask = this.table.length - 1;
    for (let slot = hashOf(low, high) & mask; ; slot = (slot + 1) & mask) {
      const code = this.table[slot]!;
      if (code < 0) return this.insert(slot, low, high);
      if (this.low[code] === low && this.high[code] === high) return code;
    }
  }

  private insert(slot: number, low: number, high: number): number {
    const code = this.size;
    const isTooMany = this.seen > wordsProbed && code > this.seen * (distinctShareMax / 2);
    if (code >= wordsEntriesMax || isTooMany) return -1;
    this.low.push(low);
    this.high.push(high);
    this.table[slot] = code;
    if (this.size * 2 > this.table.length) {
      this.table = new Int32Array(slotCount(this.size * 2)).fill(-1);
      const mask = this.table.length - 1;
      for (let known = 0; known < this.size; known++) {
        let at = hashOf(this.low[known]!, this.high[known]!) & mask;
        while (this.table[at]! >= 0) at = (at + 1) & mask;
        this.table[at] = known;
      }
    }
    return code;
  }
}

function hashOf(low: number, high: number): number {
  const mixed = Math.imul(low ^ Math.imul(high, 0x85ebca77), 0x9e3779b1);
  return mixed ^ (mixed >>> 15);
}
