// Which texts hold a word, by a native search over the bytes of all of them at once.

import { flatVector, type TextVector } from "../vector.ts";

/** A byte of 1 for each text that holds the word, which is not empty; of texts that lie one after the other. */
function textsWith(word: Uint8Array, offsets: Int32Array, bytes: Uint8Array, texts: number) {
  const out = new Uint8Array(texts);
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, offsets[texts]!);
  let row = 0;
  for (let at = all.indexOf(word, offsets[0]!); at >= 0; ) {
    while (offsets[row + 1]! <= at) row++;
    const isWithin = at + word.length <= offsets[row + 1]!;
    if (isWithin) out[row] = 1;
    // One hit is enough for a row; a hit across rows may hide one that starts a byte later.
    at = all.indexOf(word, isWithin ? offsets[row + 1]! : at + 1);
  }
  return out;
}

/** Tells of one text, by where its bytes begin and end. */
export type TestText = (bytes: Uint8Array, start: number, end: number) => boolean;

/**
 * A byte of 1 for each row whose text holds the word, if there is one, and passes the test, if there is one. What stands
 * at nulls means nothing.
 */
export function searchTexts(
  text: TextVector,
  word: Uint8Array | undefined,
  test?: TestText,
): Uint8Array {
  const { offsets, bytes, codes, length } = text;
  if (codes !== undefined && offsets.length - 1 > length) {
    return searchTexts(flatVector(text), word, test);
  }
  const slots = codes === undefined ? length : offsets.length - 1;
  const isAny = word === undefined || word.length === 0;
  const found = isAny ? new Uint8Array(slots).fill(1) : textsWith(word, offsets, bytes, slots);
  if (test !== undefined) {
    for (let i = 0; i < slots; i++) {
      if (found[i] === 1) found[i] = test(bytes, offsets[i]!, offsets[i + 1]!) ? 1 : 0;
    }
  }
  if (codes === undefined) return found;
  const out = new Uint8Array(length);
  for (let i = 0; i < length; i++) out[i] = found[codes[i]!]!;
  return out;
}
