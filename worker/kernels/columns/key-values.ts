// The words that stand for one value in a key: equal values have equal words, whatever their types.

import { unreachable } from "../../../proto/errors.ts";
import { canonicalText } from "../canonical-text.ts";
import { halvesOf, twoTo32, twoTo63 } from "./words.ts";

/**
 * What the words of a value mean. A number is whole or it is not: the int32 5, the bigint 5n, the float64 5
 * and the decimal 5.00 have the same words. They decide partitions, so they are never renumbered.
 */
export const keyTags = {
  /** No words. */
  null: 0,
  /** Two words: 64 bits, the lower half first. */
  whole: 1,
  /** Two words: the bits of a float64. */
  fraction: 2,
  /** Two words: 1 or 0, and 0. */
  bool: 3,
  /** The number of bytes, and the bytes. */
  text: 4,
  binary: 5,
  /** Two words: microseconds. */
  moment: 6,
  /** As text: canonical JSON. */
  nested: 7,
  /** As text: the digits of whole numbers beyond 64 bits, and of decimals that no float64 stands for. */
  digits: 8,
} as const;

export type KeyTag = (typeof keyTags)[keyof typeof keyTags];

const encoder = new TextEncoder();
const bitsOfNumber = new Float64Array(1);
const halvesOfNumber = new Int32Array(bitsOfNumber.buffer);

/** Writes a number as two words and answers its tag. */
export function writeNumber(words: Int32Array, at: number, value: number): KeyTag {
  const small = value | 0;
  if (small === value) {
    words[at] = small;
    words[at + 1] = small >> 31;
    return keyTags.whole;
  }
  if (Math.floor(value) === value && value >= -twoTo63 && value < twoTo63) {
    const high = Math.floor(value / twoTo32);
    words[at] = (value - high * twoTo32) | 0;
    words[at + 1] = high | 0;
    return keyTags.whole;
  }
  bitsOfNumber[0] = Number.isNaN(value) ? Number.NaN : value;
  words[at] = halvesOfNumber[0]!;
  words[at + 1] = halvesOfNumber[1]!;
  return keyTags.fraction;
}

/** Words that so many bytes take, with the one for their number. */
export function wordsOfBytes(bytes: number): number {
  return 1 + ((bytes + 3) >> 2);
}

export function writeBytes(
  words: Int32Array,
  at: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): void {
  words[at] = end - start;
  let to = at + 1;
  let from = start;
  for (; from + 4 <= end; from += 4) {
    words[to++] =
      bytes[from]! | (bytes[from + 1]! << 8) | (bytes[from + 2]! << 16) | (bytes[from + 3]! << 24);
  }
  if (from === end) return;
  let word = 0;
  for (let shift = 0; from < end; from++, shift += 8) word |= bytes[from]! << shift;
  words[to] = word;
}

export interface KeyValue {
  readonly tag: KeyTag;
  readonly words: Int32Array;
}

function bytesValue(tag: KeyTag, bytes: Uint8Array): KeyValue {
  const words = new Int32Array(wordsOfBytes(bytes.length));
  writeBytes(words, 0, bytes, 0, bytes.length);
  return { tag, words };
}

function numberValue(value: number): KeyValue {
  const words = new Int32Array(2);
  return { tag: writeNumber(words, 0, value), words };
}

function wholeValue(value: bigint): KeyValue {
  if (BigInt.asIntN(64, value) === value) {
    return { tag: keyTags.whole, words: halvesOf(BigInt64Array.of(value)) };
  }
  return bytesValue(keyTags.digits, encoder.encode(value.toString()));
}

/** Up to 15 digits different decimals are different float64, and the nearest one stands for each. */
export const digitsOfNumber = 1e15;

/** Of a decimal, `value` times 10^-scale. */
export function decimalKey(value: bigint, scale: number): KeyValue {
  let digits = value;
  let places = scale;
  while (places > 0 && digits % 10n === 0n) {
    digits /= 10n;
    places--;
  }
  if (places === 0) return wholeValue(digits);
  if (digits < digitsOfNumber && digits > -digitsOfNumber && places <= 22) {
    return numberValue(Number(digits) / Number(10n ** BigInt(places)));
  }
  return bytesValue(keyTags.digits, encoder.encode(`${digits}e-${places}`));
}

function objectValue(value: object): KeyValue {
  if (value instanceof Date) {
    const microseconds = BigInt64Array.of(BigInt(value.getTime()) * 1000n);
    return { tag: keyTags.moment, words: halvesOf(microseconds) };
  }
  if (value instanceof Uint8Array) return bytesValue(keyTags.binary, value);
  return bytesValue(keyTags.nested, encoder.encode(canonicalText(value)));
}

/** Of a JavaScript value: the same that a typed column of such values would have. */
export function keyOfValue(value: unknown): KeyValue {
  switch (typeof value) {
    case "number":
      return numberValue(value);
    case "bigint":
      return wholeValue(value);
    case "boolean":
      return { tag: keyTags.bool, words: Int32Array.of(value ? 1 : 0, 0) };
    case "string":
      return bytesValue(keyTags.text, encoder.encode(value));
    case "undefined":
      return { tag: keyTags.null, words: new Int32Array(0) };
    case "object":
      return value === null ? { tag: keyTags.null, words: new Int32Array(0) } : objectValue(value);
    default:
      return unreachable(value as never);
  }
}
