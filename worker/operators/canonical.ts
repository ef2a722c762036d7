// Equality and hashing of keys of any type: equal keys have equal canonical bytes, on every worker.

import { encodeValue } from "../../proto/plan/values.ts";
import { stableHash32 } from "../kernels/stable-hash.ts";

/** Whether a Map can tell values of this kind apart by itself. */
export function isPrimitive(value: unknown): boolean {
  return typeof value !== "object" || value === null;
}

function sortKeys(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return Object.is(value, -0) ? 0 : value;
  if (Array.isArray(value)) return value.map(sortKeys);
  if (value instanceof Date || value instanceof Uint8Array) return value;
  // A key that is undefined is one that is missing: batches do not tell them apart.
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  entries.sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0));
  return Object.fromEntries(entries.map(([key, item]) => [key, sortKeys(item)]));
}

/** The same text for values that are equal, whatever the order of their keys. */
export function canonicalText(value: unknown): string {
  return encodeValue(sortKeys(value));
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
