// Types of CSV columns from a sample: the narrowest that all sampled values fit.

import {
  boolType,
  type DataType,
  dateType,
  type Field,
  float64Type,
  instantType,
  int53Type,
  int64Type,
  utf8Type,
} from "../../plan/types.ts";
import { numberOf } from "../fields/column-builder.ts";
import { clockOf, dayOf } from "../fields/field-values.ts";

type Candidate = readonly [DataType, (text: string) => boolean];

const encoder = new TextEncoder();
const wholeText = /^[-+]?\d+$/;
const int64Max = 2n ** 63n;

function isInt64(text: string): boolean {
  if (!wholeText.test(text) || text.length > 20) return false;
  const value = BigInt(text.replace("+", ""));
  return value < int64Max && value >= -int64Max;
}

function isDate(text: string): boolean {
  const bytes = encoder.encode(text);
  return !Number.isNaN(dayOf(bytes, 0, bytes.length));
}

/**
 * Numbers with a zero in front are texts: postal codes, telephone numbers. Dates come before timestamps,
 * whole numbers before others; the first that all values fit is taken.
 */
const isPadded = (text: string): boolean => /^[-+]?0\d/.test(text);
const candidates: readonly Candidate[] = [
  [boolType, (text) => /^(true|false)$/i.test(text)],
  [
    int53Type,
    (text) => wholeText.test(text) && !isPadded(text) && Number.isSafeInteger(Number(text)),
  ],
  [int64Type, (text) => isInt64(text) && !isPadded(text)],
  [float64Type, (text) => numberOf(text) !== undefined && !isPadded(text)],
  [dateType, isDate],
  [{ kind: "timestamp" }, (text) => clockOf(text)?.hasZone === false],
  [instantType, (text) => clockOf(text)?.hasZone === true],
];

/** `values`: of one column; null for nothing. Columns without any value are text. */
export function inferCsvType(values: readonly (string | null)[]): DataType {
  const known = values.filter((text) => text !== null);
  if (known.length === 0) return utf8Type;
  for (const [type, fits] of candidates) if (known.every(fits)) return type;
  return utf8Type;
}

/** Every column may be null: a sample cannot tell that none is. */
export function csvFields(
  names: readonly string[],
  columns: readonly (readonly (string | null)[])[],
): readonly Field[] {
  return names.map((name, at) => ({
    name,
    type: inferCsvType(columns[at] ?? []),
    nullable: true,
  }));
}
