// Order and equality of text by bytes, which for UTF-8 is by code points.

import type { TextVector } from "./vector.ts";

/** Where the bytes of each row lie: by row, by code, or always at the same place. */
function slotOf({ codes, constant }: TextVector): (row: number) => number {
  if (codes !== undefined) return constant ? () => codes[0]! : (row) => codes[row]!;
  return constant ? () => 0 : (row) => row;
}

export function compareText(left: TextVector, right: TextVector): (row: number) => number {
  const [a, b] = [left.bytes, right.bytes];
  const [fromA, fromB] = [left.offsets, right.offsets];
  const [slotA, slotB] = [slotOf(left), slotOf(right)];
  return (row) => {
    const i = slotA(row);
    const k = slotB(row);
    const startA = fromA[i]!;
    const startB = fromB[k]!;
    const lengthA = fromA[i + 1]! - startA;
    const lengthB = fromB[k + 1]! - startB;
    const length = lengthA < lengthB ? lengthA : lengthB;
    for (let at = 0; at < length; at++) {
      const difference = a[startA + at]! - b[startB + at]!;
      if (difference !== 0) return difference;
    }
    return lengthA - lengthB;
  };
}

function wordOf({ codes, offsets, bytes }: TextVector): Uint8Array {
  const slot = codes?.[0] ?? 0;
  return bytes.subarray(offsets[slot]!, offsets[slot + 1]!);
}

/** 1 for each row whose text is one of the constants. */
export function textIsAmong(
  text: TextVector,
  wanted: readonly TextVector[],
  out: Uint8Array,
): void {
  const { codes } = text;
  if (codes !== undefined && text.offsets.length <= out.length) {
    const words = new Uint8Array(text.offsets.length - 1);
    textIsAmong({ ...text, codes: undefined }, wanted, words);
    for (let i = 0; i < out.length; i++) out[i] = words[codes[i]!]!;
    return;
  }
  const byLength = new Map<number, Uint8Array[]>();
  for (const word of wanted.map(wordOf)) {
    byLength.set(word.length, [...(byLength.get(word.length) ?? []), word]);
  }
  const { offsets, bytes } = text;
  for (let i = 0; i < out.length; i++) {
    const slot = codes === undefined ? i : codes[i]!;
    const start = offsets[slot]!;
    const words = byLength.get(offsets[slot + 1]! - start);
    out[i] = words !== undefined && isOneOf(words, bytes, start) ? 1 : 0;
  }
}

function isOneOf(words: readonly Uint8Array[], bytes: Uint8Array, start: number): boolean {
  for (let k = 0; k < words.length; k++) {
    const word = words[k]!;
    let at = 0;
    while (at < word.length && bytes[start + at] === word[at]) at++;
    if (at === word.length) return true;
  }
  return false;
}

function equalsConstant(text: TextVector, wanted: TextVector, out: Uint8Array, flip: 0 | 1): void {
  const { offsets, bytes } = text;
  const word = wordOf(wanted);
  const length = word.length;
  for (let i = 0; i < out.length; i++) {
    const start = offsets[i]!;
    let same = offsets[i + 1]! - start === length;
    for (let at = 0; same && at < length; at++) same = bytes[start + at] === word[at];
    out[i] = same ? 1 ^ flip : flip;
  }
}

/** One comparison for each word of the dictionary rather than for each row. */
function equalsByCode(text: TextVector, wanted: TextVector, out: Uint8Array, flip: 0 | 1): void {
  const codes = text.codes!;
  const words = new Uint8Array(text.offsets.length - 1);
  equalsConstant({ ...text, codes: undefined }, wanted, words, flip);
  for (let i = 0; i < out.length; i++) out[i] = words[codes[i]!]!;
}

export function textEquals(
  left: TextVector,
  right: TextVector,
  out: Uint8Array,
  negate: boolean,
): void {
  const flip = negate ? 1 : 0;
  if (left.constant && !right.constant) return textEquals(right, left, out, negate);
  if (right.constant && !left.constant) {
    if (left.codes === undefined) return equalsConstant(left, right, out, flip);
    if (left.offsets.length <= out.length) return equalsByCode(left, right, out, flip);
  }
  const [slotA, slotB] = [slotOf(left), slotOf(right)];
  const [a, b] = [left.bytes, right.bytes];
  const [fromA, fromB] = [left.offsets, right.offsets];
  for (let i = 0; i < out.length; i++) {
    const startA = fromA[slotA(i)]!;
    const startB = fromB[slotB(i)]!;
    const length = fromA[slotA(i) + 1]! - startA;
    let same = fromB[slotB(i) + 1]! - startB === length;
    for (let at = 0; same && at < length; at++) same = a[startA + at] === b[startB + at];
    out[i] = same ? 1 ^ flip : flip;
  }
}
