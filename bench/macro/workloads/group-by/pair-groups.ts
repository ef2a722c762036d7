// Groups by two whole numbers each, in an open-addressing table over typed arrays.

/** Numbers groups from 0 on, in the order in which they come. */
export class PairGroups {
  #size = 0;
  /** One more than the group of each slot; 0 where it is free. */
  #slots = new Int32Array(1 << 16);
  #firsts = new Int32Array(1 << 15);
  #seconds = new Int32Array(1 << 15);

  get size(): number {
    return this.#size;
  }

  of(first: number, second: number): number {
    const mask = this.#slots.length - 1;
    let slot = slotOf(first, second) & mask;
    for (;;) {
      const group = this.#slots[slot]! - 1;
      if (group < 0) break;
      if (this.#firsts[group] === first && this.#seconds[group] === second) return group;
      slot = (slot + 1) & mask;
    }
    const group = this.#size++;
    this.#slots[slot] = group + 1;
    this.#firsts[group] = first;
    this.#seconds[group] = second;
    if (this.#size === this.#firsts.length) this.#grow();
    return group;
  }

  /** Half of the slots stay free. */
  #grow(): void {
    this.#firsts = twiceAsLong(this.#firsts);
    this.#seconds = twiceAsLong(this.#seconds);
    this.#slots = new Int32Array(this.#slots.length * 2);
    const mask = this.#slots.length - 1;
    for (let group = 0; group < this.#size; group++) {
      let slot = slotOf(this.#firsts[group]!, this.#seconds[group]!) & mask;
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
      this.#slots[slot] = group + 1;
    }
  }
}

function slotOf(first: number, second: number): number {
  const mixed = Math.imul(first, 0x9e3779b1) ^ Math.imul(second, 0x85ebca6b);
  return mixed ^ (mixed >>> 15);
}

/** The values, and zeros after them. */
export function twiceAsLong<A extends Int32Array | Float64Array>(values: A): A {
  const longer = new (values.constructor as new (length: number) => A)(values.length * 2);
  longer.set(values);
  return longer;
}
