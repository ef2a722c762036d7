// Random columns of every type, with the values that break comparisons: NaN, -0, nulls, long whole numbers.

import fc from "fast-check";
import { type Batch, makeBatch } from "../../../proto/batch/batch.ts";
import { buildColumnAs } from "../../../proto/batch/build-column.ts";
import type { Column } from "../../../proto/batch/column.ts";
import {
  binaryType,
  boolType,
  type DataType,
  dateType,
  decimalType,
  float64Type,
  instantType,
  int32Type,
  int53Type,
  int64Type,
  jsonType,
  listType,
  nullType,
  utf8Type,
} from "../../../proto/plan/types.ts";

/** Few different values, so that keys meet, and odd ones among them. */
const numbers = fc.oneof(
  fc.constantFrom(0, -0, 1, -1, 2, 0.5, -0.5, Number.NaN, Number.POSITIVE_INFINITY),
  fc.constantFrom(2 ** 31, -(2 ** 31) - 1, 2 ** 53, 1e300, 5e-324, Number.NEGATIVE_INFINITY),
  fc.double(),
);
const safeIntegers = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  fc.maxSafeInteger(),
  fc.constantFrom(2 ** 31, -(2 ** 31) - 1, 2 ** 53 - 1),
);
const bigints = fc.oneof(
  fc.bigInt({ min: -3n, max: 3n }),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.constantFrom(2n ** 53n, 2n ** 53n + 1n, -(2n ** 63n)),
);
const texts = fc.oneof(
  fc.constantFrom(
    "",
    "a",
    "b",
    "ab",
    "a\u0000",
    "abcdefgh",
    "abcdefghi",
    "abcdefghj",
    "é",
    "😀",
    "\uffff",
  ),
  fc
    .string({ unit: "binary", maxLength: 30 })
    .filter((text) => (text as unknown as { isWellFormed(): boolean }).isWellFormed()),
);

const valuesOfKind: Readonly<Record<string, readonly [DataType, fc.Arbitrary<unknown>]>> = {
  bool: [boolType, fc.boolean()],
  int32: [int32Type, fc.oneof(fc.integer({ min: -3, max: 3 }), fc.integer())],
  int53: [int53Type, safeIntegers],
  int64: [int64Type, bigints],
  float64: [float64Type, numbers],
  utf8: [utf8Type, texts],
  binary: [binaryType, fc.uint8Array({ maxLength: 12 })],
  date: [
    dateType,
    fc.integer({ min: -200_000, max: 200_000 }).map((day) => new Date(day * 86_400_000)),
  ],
  timestamp: [instantType, fc.integer({ min: -3, max: 8.64e15 }).map((ms) => new Date(ms))],
  decimal: [
    decimalType(10, 2),
    fc.integer({ min: -500, max: 500 }).map((cents) => (cents / 100).toFixed(2)),
  ],
  wide: [
    decimalType(38, 4),
    fc.bigInt({ min: -(10n ** 37n), max: 10n ** 37n }).map((digits) => `${digits / 10000n}`),
  ],
  json: [jsonType, fc.oneof(texts, numbers, fc.record({ a: numbers, b: fc.constant("x") }))],
  list: [listType(float64Type), fc.array(numbers, { maxLength: 3 })],
  null: [nullType, fc.constant(null)],
};

export const kinds = Object.keys(valuesOfKind);
export const numberKinds = ["int32", "int53", "int64", "float64", "decimal"];

export function typeOfKind(kind: string): DataType {
  return valuesOfKind[kind]![0];
}

/** Values of one kind, null among them in one of five. */
export function arbitraryValues(kind: string, length: number): fc.Arbitrary<unknown[]> {
  const one = fc.oneof(
    { weight: 4, arbitrary: valuesOfKind[kind]![1] },
    { weight: 1, arbitrary: fc.constant(null) },
  );
  return fc.oneof(
    fc.array(one, { minLength: length, maxLength: length }),
    fc.array(valuesOfKind[kind]![1], { minLength: length, maxLength: length }),
  );
}

export function columnOfValues(name: string, kind: string, values: readonly unknown[]): Column {
  // In tagged JSON null is a value; what is missing is none.
  const own = kind === "json" ? values.map((value) => value ?? undefined) : values;
  return buildColumnAs(name, typeOfKind(kind), own, "null");
}

export interface RandomColumn {
  readonly kind: string;
  readonly values: readonly unknown[];
  readonly column: Column;
}

export function arbitraryColumn(
  name: string,
  length: number,
  among: readonly string[] = kinds,
): fc.Arbitrary<RandomColumn> {
  return fc.constantFrom(...among).chain((kind) =>
    arbitraryValues(kind, length).map((values) => ({
      kind,
      values,
      column: columnOfValues(name, kind, values),
    })),
  );
}

/** Rows of named columns as batches cut at random places. */
export function cutAt(
  columns: readonly Column[],
  cuts: readonly number[],
  slice: (column: Column, start: number, end: number) => Column,
): Batch[] {
  const rows = columns[0]!.length;
  const places = [0, ...cuts.map((cut) => cut % (rows + 1)).sort((a, b) => a - b), rows];
  return places.slice(1).map((end, index) =>
    makeBatch(
      "record",
      columns.map((column) => slice(column, places[index]!, end)),
    ),
  );
}
