// Texts as numbers by their bytes, in an open-addressing table: none of them becomes a string.

/** Numbers texts from 1 on, in the order in which they come. */
export class TextNumbers {
  #size = 0;
  /** The number at each slot; 0 where it is free. */
  #slots = new Int32Array(1 << 12);
  #hashes = new Int32Array(1 << 11);
  /** Where the bytes of each text begin, and those of the last one end. */
  #starts = new Int32Array((1 << 11) + 1);
  #heap = Buffer.allocUnsafe(1 << 15);

  of(bytes: Uint8Array, start: number, end: number): number {
    let hash = 0;
    for (let at = start; at < end; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193);
    hash ^= hash >>> 15;
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    for (;;) {
      const number = this.#slots[slot]!;
      if (number === 0) return this.#add(slot, hash, bytes.subarray(start, end));
      if (this.#hashes[number - 1] === hash && this.#isSame(number - 1, bytes, start, end)) {
        return number;
      }
      slot = (slot + 1) & mask;
    }
  }

  #isSame(text: number, bytes: Uint8Array, start: number, end: number): boolean {
    const from = this.#starts[text]!;
    if (this.#starts[text + 1]! - from !== end - start) return false;
    for (let at = start; at < end; at++) {
      if (this.#heap[from + at - start] !== bytes[at]) return false;
    }
    return true;
  }

  #add(slot: number, hash: number, text: Uint8Array): number {
    const start = this.#starts[this.#size]!;
    if (start + text.length > this.#heap.length) {
      const longer = Buffer.allocUnsafe(2 * this.#heap.length + text.length);
      this.#heap.copy(longer);
      this.#heap = longer;
    }
    this.#heap.set(text, start);
    this.#hashes[this.#size] = hash;
    this.#size++;
    this.#starts[this.#size] = start + text.length;
    this.#slots[slot] = this.#size;
    if (this.#size === this.#hashes.length) this.#grow();
    return this.#size;
  }

  /** Half of the slots stay free. */
  #grow(): void {
    const [hashes, starts] = [this.#hashes, this.#starts];
    this.#hashes = new Int32Array(2 * hashes.length);
    this.#hashes.set(hashes);
    this.#starts = new Int32Array(2 * hashes.length + 1);
    this.#starts.set(starts);
    this.#slots = new Int32Array(2 * this.#slots.length);
    const mask = this.#slots.length - 1;
    for (let text = 0; text < this.#size; text++) {
      let slot = hashes[text]! & mask;
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
      this.#slots[slot] = text + 1;
    }
  }
}
