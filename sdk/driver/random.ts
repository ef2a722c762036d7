// The dice of a driver program: the same throws on every replay.

import { randomStream } from "../../proto/ports/random.ts";

/** A stand-in for `Math.random` with the same 53 bits of precision. */
export function seededRandom(seed: number): () => number {
  const stream = randomStream(seed).child("mr.random");
  return () => {
    const high = stream.nextU32() >>> 5;
    const low = stream.nextU32() >>> 6;
    return (high * 2 ** 26 + low) / 2 ** 53;
  };
}
