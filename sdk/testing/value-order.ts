// The total order and the equality of values, as simply as they can be said.

import { assert } from "../../proto/errors.ts";
import { encodeValue } from "../../proto/plan/values.ts";

const kinds = [
  "undefined",
  "null",
  "boolean",
  "number",
  "bigint",
  "date",
  "string",
  "bytes",
  "list",
  "record",
] as const;

function kindOf(value: unknown): (typeof kinds)[number] {
  if (value === null) return "null";
  if (value instanceof Date) return "date";
  if (value instanceof Uint8Array) return "bytes";
  if (Array.isArray(value)) return "list";
  if (typeof value === "object") return "record";
  const kind = kinds.find((name) => name === typeof value);
  assert(kind !== undefined, `a ${typeof value} is no value of a row`);
  return kind;
}

/** Negative when `a` comes first. Values of different kinds are ordered by kind. */
export function compareValues(a: unknown, b: unknown): number {
  const kind = kindOf(a);
  const difference = kinds.indexOf(kind) - kinds.indexOf(kindOf(b));
  if (difference !== 0) return difference;
  switch (kind) {
    case "undefined":
    case "null":
      return 0;
    case "boolean":
    case "number":
    case "bigint":
    case "date":
      return compareNumbers(a, b);
    case "string":
      return compareLists(codePoints(a as string), codePoints(b as string));
    case "bytes":
      return compareLists([...(a as Uint8Array)], [...(b as Uint8Array)]);
    case "list":
      return compareLists(a as readonly unknown[], b as readonly unknown[]);
    case "record":
      return compareRecords(a as object, b as object);
  }
}

/** NaN comes last. */
function compareNumbers(a: unknown, b: unknown): number {
  const [left, right] = [a, b].map((value) =>
    value instanceof Date ? value.getTime() : value,
  ) as [number | bigint, number | bigint];
  if (left < right) return -1;
  if (left > right) return 1;
  return Number(Number.isNaN(left)) - Number(Number.isNaN(right));
}

function codePoints(text: string): readonly number[] {
  return Array.from(text, (character) => character.codePointAt(0) ?? 0);
}

function compareLists(a: readonly unknown[], b: readonly unknown[]): number {
  for (const [index, item] of a.entries()) {
    if (index >= b.length) return 1;
    const order = compareValues(item, b[index]);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

/** By the names of the fields, then by their values in the order of the names. */
function compareRecords(a: object, b: object): number {
  const [left, right] = [sortedEntries(a), sortedEntries(b)];
  const byNames = compareLists(
    left.map(([name]) => name),
    right.map(([name]) => name),
  );
  if (byNames !== 0) return byNames;
  return compareLists(
    left.map(([, value]) => value),
    right.map(([, value]) => value),
  );
}

/** A field that is undefined is one that is missing. */
function sortedEntries(record: object): readonly (readonly [string, unknown])[] {
  const entries = Object.entries(record).filter(([, value]) => value !== undefined);
  return entries.sort(([a], [b]) => compareValues(a, b));
}

/** Equal for values that count as one key: fields in any order, 0 and -0. */
export function identity(value: unknown): string {
  return encodeValue(ordered(value));
}

function ordered(value: unknown): unknown {
  switch (kindOf(value)) {
    case "number":
      return value === 0 ? 0 : value;
    case "list":
      return (value as readonly unknown[]).map(ordered);
    case "record":
      return Object.fromEntries(
        sortedEntries(value as object).map(([name, item]) => [name, ordered(item)]),
      );
    default:
      return value;
  }
}
