// Seeded random streams, split by name: only the first seed of a process is ever real.
// Generator: splitmix32-seeded sfc32 (Chris Doty-Humphrey, PractRand).

export interface RandomStream {
  /** A uniform integer in [0, 2^32). */
  nextU32(): number;
  /** A uniform integer in [0, bound); `bound` is at most 2^32. */
  below(bound: number): number;
  /** 128 random bits as 32 hexadecimal digits: how ids are made. */
  nextHex128(): string;
  /** An independent stream: the same seed and name give the same stream. */
  child(name: string): RandomStream;
}

function hashName(seed: number, name: string): number {
  let hash = seed ^ 0x9e3779b9;
  for (let i = 0; i < name.length; i++) {
    hash = Math.imul(hash ^ name.charCodeAt(i), 0x85ebca6b);
    hash ^= hash >>> 13;
  }
  return hash >>> 0;
}

function splitmix32(state: { value: number }): number {
  state.value = (state.value + 0x9e3779b9) | 0;
  let z = state.value;
  z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
  z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
  return (z ^ (z >>> 16)) >>> 0;
}

/** A stream from a 32-bit seed. */
export function randomStream(seed: number): RandomStream {
  const state = { value: seed | 0 };
  let a = splitmix32(state) | 0;
  let b = splitmix32(state) | 0;
  let c = splitmix32(state) | 0;
  let counter = 1;
  const nextU32 = (): number => {
    const t = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return t >>> 0;
  };
  for (let i = 0; i < 12; i++) nextU32();
  return {
    nextU32,
    below: (bound) => Math.floor((nextU32() / 2 ** 32) * bound),
    nextHex128: () => [0, 1, 2, 3].map(() => nextU32().toString(16).padStart(8, "0")).join(""),
    child: (name) => randomStream(hashName(seed, name)),
  };
}
