// The total order of values: null < booleans < numbers < bigints < dates < strings < bytes < arrays < records.

import { EngineError } from "../../proto/errors.ts";

export const ranks = {
  ...{ undefined: 0, null: 1, boolean: 2, number: 3, bigint: 4 },
  ...{ date: 5, string: 6, bytes: 7, array: 8, record: 9 },
} as const;

export function rankOf(value: unknown): number {
  switch (typeof value) {
    case "undefined":
      return ranks.undefined;
    case "boolean":
      return ranks.boolean;
    case "number":
      return ranks.number;
    case "bigint":
      return ranks.bigint;
    case "string":
      return ranks.string;
    case "object":
      if (value === null) return ranks.null;
      if (value instanceof Date) return ranks.date;
      if (value instanceof Uint8Array) return ranks.bytes;
      return Array.isArray(value) ? ranks.array : ranks.record;
    default:
      throw new EngineError("VALUE_UNSUPPORTED", `a ${typeof value} cannot be sorted`);
  }
}

/** NaN comes after all other numbers; 0 and -0 are equal. */
export function compareNumbers(a: number, b: number): number {
  if (a < b) return -1;
  if (a > b) return 1;
  if (a === b) return 0;
  return (Number.isNaN(a) ? 1 : 0) - (Number.isNaN(b) ? 1 : 0);
}

/** Order of code points, which is the order of UTF-8 bytes; UTF-16 units differ for surrogates. */
export function compareStrings(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const left = a.charCodeAt(i);
    const right = b.charCodeAt(i);
    if (left === right) continue;
    const leftSurrogate = (left & 0xf800) === 0xd800;
    const rightSurrogate = (right & 0xf800) === 0xd800;
    if (leftSurrogate !== rightSurrogate) return leftSurrogate ? 1 : -1;
    return left < right ? -1 : 1;
  }
  return a.length - b.length;
}

function compareSequences(a: ArrayLike<unknown>, b: ArrayLike<unknown>): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const order = compareValues(a[i], b[i]);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

/** Keys of the last record asked for: records of one dataset mostly have the same. */
let knownKeys: readonly string[] = [];
let knownSorted: readonly string[] = [];

/** Names of the keys that hold something: batches do not tell `undefined` from missing, nor does the order. */
export function presentKeys(record: Record<string, unknown>): readonly string[] {
  const keys = Object.keys(record);
  for (let i = 0; i < keys.length; i++) {
    if (record[keys[i]!] === undefined) return keys.filter((key) => record[key] !== undefined);
  }
  return keys;
}

function sortedKeys(record: Record<string, unknown>): readonly string[] {
  const keys = presentKeys(record);
  let same = keys.length === knownKeys.length;
  for (let i = 0; same && i < keys.length; i++) same = keys[i] === knownKeys[i];
  if (same) return knownSorted;
  knownKeys = keys;
  knownSorted = [...keys].sort(compareStrings);
  return knownSorted;
}

/** By names of keys first, then by their values in order of the names. */
function compareRecords(a: Record<string, unknown>, b: Record<string, unknown>): number {
  const left = sortedKeys(a);
  const right = sortedKeys(b);
  if (left !== right) {
    const order = compareSequences(left, right);
    if (order !== 0) return order;
  }
  for (let i = 0; i < left.length; i++) {
    const order = compareValues(a[left[i]!], b[left[i]!]);
    if (order !== 0) return order;
  }
  return 0;
}

export function compareValues(a: unknown, b: unknown): number {
  const rank = rankOf(a);
  const difference = rank - rankOf(b);
  if (difference !== 0) return difference;
  switch (rank) {
    case ranks.boolean:
      return Number(a) - Number(b);
    case ranks.number:
      return compareNumbers(a as number, b as number);
    case ranks.bigint:
      return (a as bigint) < (b as bigint) ? -1 : (a as bigint) > (b as bigint) ? 1 : 0;
    case ranks.date:
      return compareNumbers((a as Date).getTime(), (b as Date).getTime());
    case ranks.string:
      return compareStrings(a as string, b as string);
    case ranks.bytes:
    case ranks.array:
      return compareSequences(a as ArrayLike<unknown>, b as ArrayLike<unknown>);
    case ranks.record:
      return compareRecords(a as Record<string, unknown>, b as Record<string, unknown>);
    default:
      return 0;
  }
}
