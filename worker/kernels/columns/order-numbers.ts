// The place of each value in an order as a double, to compare with values of other batches at once.

import type { Column, TextColumn } from "../../../proto/batch/column.ts";
import { integersToNumbers } from "../../../proto/batch/decode-column.ts";
import { bitAt } from "./bits.ts";
import { asFloats } from "./widen.ts";

export interface OrderNumbers {
  /** Of two rows that with the lesser number comes first; those with equal numbers may come either way. */
  readonly numbers: Float64Array;
  /** Whether rows with the same finite number have equal values. */
  readonly areAll: boolean;
  /** Numbers of one kind compare with each other; "any" with all. */
  readonly kind: "number" | "bool" | "date" | "timestamp" | "utf8" | "binary" | "any";
}

/** So many bytes of a text are a whole number below 2^53. */
const textBytes = 6;

function textNumbers({
  offsets,
  values,
  length,
}: Pick<TextColumn, "offsets" | "values" | "length">) {
  const numbers = new Float64Array(length);
  for (let i = 0; i < length; i++) {
    const start = offsets[i]!;
    const count = Math.min(offsets[i + 1]! - start, textBytes);
    let number = 0;
    for (let k = 0; k < textBytes; k++)
      number = number * 256 + (k < count ? values[start + k]! : 0);
    numbers[i] = number;
  }
  return numbers;
}

function numbersOf(column: Column): OrderNumbers | undefined {
  const { length } = column;
  switch (column.type) {
    case "int32":
    case "int53":
    case "float64":
      return { kind: "number", areAll: true, numbers: asFloats(column) };
    case "int64":
    case "decimal":
      return { kind: "number", areAll: false, numbers: asFloats(column) };
    case "timestamp":
      return { kind: "timestamp", areAll: false, numbers: integersToNumbers(column.values) };
    case "date":
      return { kind: "date", areAll: true, numbers: Float64Array.from(column.values) };
    case "bool": {
      const numbers = new Float64Array(length);
      for (let i = 0; i < length; i++) numbers[i] = bitAt(column.values, i);
      return { kind: "bool", areAll: true, numbers };
    }
    case "utf8":
    case "binary":
      return { kind: column.type, areAll: false, numbers: textNumbers(column) };
    case "dictionary": {
      const own = textNumbers(column.dictionary);
      const numbers = new Float64Array(length);
      for (let i = 0; i < length; i++) numbers[i] = own[column.codes[i]!] ?? 0;
      return { kind: "utf8", areAll: false, numbers };
    }
    case "null":
      return { kind: "any", areAll: true, numbers: new Float64Array(length) };
    default:
      return undefined;
  }
}

/** Undefined for types whose values are no numbers and do not begin with one: lists, structs, JSON. */
export function orderNumbers(
  column: Column,
  direction: "asc" | "desc",
  nulls: "first" | "last",
): OrderNumbers | undefined {
  const found = numbersOf(column);
  if (found === undefined) return undefined;
  const { numbers } = found;
  const sign = direction === "asc" ? 1 : -1;
  const out = new Float64Array(column.length);
  for (let i = 0; i < out.length; i++) {
    const number = numbers[i]!;
    // NaN comes after all other numbers, and here beside the infinity.
    out[i] = sign * (Number.isNaN(number) ? Number.POSITIVE_INFINITY : number);
  }
  const isNull = nullTest(column);
  if (isNull !== undefined) {
    const ofNull = nulls === "first" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
    for (let i = 0; i < out.length; i++) if (isNull(i)) out[i] = ofNull;
  }
  return { ...found, numbers: out };
}

function nullTest({ type, validity }: Column): ((row: number) => boolean) | undefined {
  if (type === "null") return () => true;
  return validity && ((row) => bitAt(validity, row) === 0);
}
