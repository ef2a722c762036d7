// Equality and hashing of keys of any type: equal keys have equal canonical bytes, on every worker.

import { canonicalText } from "../kernels/canonical-text.ts";
import { stableHash32 } from "../kernels/stable-hash.ts";

/** Whether a Map can tell values of this kind apart by itself. */
export function isPrimitive(value: unknown): boolean {
  return typeof value !== "object" || value === null;
}

/** Never part of UTF-8: keeps `"1"` and `1` apart, while strings hash as their bare bytes. */
const notTextByte = 0xff;

const encoder = new TextEncoder();
let scratch = new Uint8Array(4096);

/** Hash of a key of any type. Strings hash as the string counter hashes them. */
export function hashKey(value: unknown): number {
  const isText = typeof value === "string";
  const text = isText ? value : canonicalText(value);
  const start = isText ? 0 : 1;
  if (text.length * 3 + 1 > scratch.length) scratch = new Uint8Array(text.length * 4 + 1);
  scratch[0] = notTextByte;
  const { written } = encoder.encodeInto(text, start === 0 ? scratch : scratch.subarray(1));
  return stableHash32(scratch, 0, start + written);
}
