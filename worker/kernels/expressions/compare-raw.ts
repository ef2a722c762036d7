// The order of raw values of one type: lists item by item, structs field by field, nulls first.

import { compareNumbers, compareStrings } from "../../operators/order.ts";
import type { Raw } from "./raw.ts";

function rank(raw: Raw): number {
  if (raw === null || raw === undefined) return 0;
  switch (typeof raw) {
    case "boolean":
      return 1;
    case "number":
      return 2;
    case "bigint":
      return 3;
    case "string":
      return 5;
    default:
      if (raw instanceof Date) return 4;
      if (raw instanceof Uint8Array) return 6;
      return Array.isArray(raw) ? 7 : 8;
  }
}

function compareLists(a: ArrayLike<Raw>, b: ArrayLike<Raw>): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const order = compareRaw(a[i], b[i]);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function compareStructs(
  a: Readonly<Record<string, Raw>>,
  b: Readonly<Record<string, Raw>>,
): number {
  const names = Object.keys(a).sort(compareStrings);
  const order = compareLists(names, Object.keys(b).sort(compareStrings));
  if (order !== 0) return order;
  for (const name of names) {
    const byValue = compareRaw(a[name], b[name]);
    if (byValue !== 0) return byValue;
  }
  return 0;
}

/** Negative where `a` comes first. Values of different kinds are ordered by kind. */
export function compareRaw(a: Raw, b: Raw): number {
  const kind = rank(a);
  const difference = kind - rank(b);
  if (difference !== 0) return difference;
  switch (kind) {
    case 0:
      return 0;
    case 1:
      return Number(a) - Number(b);
    case 2:
      return compareNumbers(a as number, b as number);
    case 3:
      return (a as bigint) < (b as bigint) ? -1 : (a as bigint) > (b as bigint) ? 1 : 0;
    case 4:
      return compareNumbers((a as Date).getTime(), (b as Date).getTime());
    case 5:
      return compareStrings(a as string, b as string);
    case 6:
    case 7:
      return compareLists(a as ArrayLike<Raw>, b as ArrayLike<Raw>);
    default:
      return compareStructs(a as Readonly<Record<string, Raw>>, b as Readonly<Record<string, Raw>>);
  }
}
