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

function rounded(value: unknown): unknown {
  if (typeof value === "number" && Math.abs(value) < noise) return 0;
  return typeof value === "number" && Number.isFinite(value)
    ? Number(value.toPrecision(digits))
    : value;
}

function shown(row: unknown, inexact: ReadonlySet<string>): string {
  if (typeof row !== "object" || row === null || Array.isArray(row)) return identity(row);
  // A key that is missing reads as null once a row has columns.
  const entries = Object.entries(row).map(([name, value]) => {
    return [name, inexact.has(name) ? rounded(value) : (value ?? null)] as const;
  });
  return identity(Object.fromEntries(entries));
}

export function comparable(
  { rows }: Extract<Answer, { kind: "rows" }>,
  promised: Promised,
  inexact: ReadonlySet<string>,
): readonly string[] {
  if (promised === "number") return [`${rows.length} rows`];
  const texts = rows.map((row) => shown(row, inexact));
  return promised === "order" ? texts : texts.sort();
}
