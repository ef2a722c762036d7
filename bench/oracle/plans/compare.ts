// What came of a program, made comparable as far as the program promises anything.

import { identity } from "../../../sdk/testing/value-order.ts";
import type { Promised } from "./known.ts";

export type Answer =
  | { readonly kind: "rows"; readonly rows: readonly unknown[] }
  | { readonly kind: "failed"; readonly code: string; readonly message: string };

/** Digits in which sums and means of floats must agree, in whatever order they were made. */
const digits = 9;

/** What is left of differences that are none. */
const noise = 1e-12;

/** By half of the last digit at most: two numbers as near as noise that round apart without it round alike with it. */
const shift = 1 + 0.5 * 10 ** -digits;

function rounded(value: unknown, isShifted: boolean): unknown {
  if (typeof value === "number" && Math.abs(value) < noise) return 0;
  return typeof value === "number" && Number.isFinite(value)
    ? Number((isShifted ? value * shift : value).toPrecision(digits))
    : value;
}

function shown(row: unknown, inexact: ReadonlySet<string>, isShifted: boolean): string {
  if (typeof row !== "object" || row === null || Array.isArray(row)) return identity(row);
  // A key that is missing reads as null once a row has columns.
  const entries = Object.entries(row).map(([name, value]) => {
    return [name, inexact.has(name) ? rounded(value, isShifted) : (value ?? null)] as const;
  });
  return identity(Object.fromEntries(entries));
}

/** `isShifted`: inexact numbers are rounded at other borders, since two that are next to each other may lie around one. */
export function comparable(
  { rows }: Extract<Answer, { kind: "rows" }>,
  promised: Promised,
  inexact: ReadonlySet<string>,
  isShifted = false,
): readonly string[] {
  if (promised === "number") return [`${rows.length} rows`];
  const texts = rows.map((row) => shown(row, inexact, isShifted));
  return promised === "order" ? texts : texts.sort();
}
