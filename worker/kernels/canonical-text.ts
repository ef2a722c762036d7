// One text for equal values of any type: what tells keys apart that are records, arrays or dates.

import { encodeValue } from "../../proto/plan/values.ts";

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
