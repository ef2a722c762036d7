// How far from zero whole numbers of 64 bits are. Whoever writes them out of few values knows without a look at each.

const known = new WeakMap<ArrayBufferLike, number>();

/** The words are all that is used of their buffer, and nobody changes them before it is forgotten. */
export function noteReach(words: BigInt64Array, reach: number): void {
  known.set(words.buffer, reach);
}

/** Other words are written there. */
export function forgetReach(buffer: ArrayBufferLike): void {
  known.delete(buffer);
}

/** None of the words is further from zero: a power of two, of the bits that any of them has. */
export function reachOfWords(words: BigInt64Array): number {
  return known.get(words.buffer) ?? findReach(words);
}

export function findReach(words: BigInt64Array): number {
  const halves = new Int32Array(words.buffer, words.byteOffset, words.length * 2);
  let lower = 0;
  let upper = 0;
  for (let i = 0; i < halves.length; i += 2) {
    const sign = halves[i + 1]! >> 31;
    lower |= halves[i]! ^ sign;
    upper |= halves[i + 1]! ^ sign;
  }
  return upper * 4_294_967_296 + (lower >>> 0) + 1;
}
