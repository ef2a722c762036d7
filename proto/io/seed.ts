// Real randomness from the operating system: the only source of chance in a production process.

import { randomBytes } from "node:crypto";
import type { RandomStream } from "../ports/random.ts";

const bufferWords = 256;

/** A 32-bit seed, for what must be replayable from one printed number. */
export function realSeed(): number {
  return randomBytes(4).readUInt32LE(0);
}

/**
 * A stream straight from the operating system. Ids are made from it, so it is not expanded from a
 * 32-bit seed: among 100 000 processes two would share theirs, and with it every id they make.
 */
export function realRandom(): RandomStream {
  let words = new Uint32Array(0);
  let position = 0;
  const nextU32 = (): number => {
    if (position === words.length) {
      const bytes = randomBytes(bufferWords * 4);
      words = new Uint32Array(
        bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length),
      );
      position = 0;
    }
    const word = words[position] ?? 0;
    position += 1;
    return word;
  };
  const hexWord = (): string => nextU32().toString(16).padStart(8, "0");
  return {
    nextU32,
    below: (bound) => Math.floor((nextU32() / 2 ** 32) * bound),
    nextHex128: () => hexWord() + hexWord() + hexWord() + hexWord(),
    child: () => realRandom(),
  };
}
