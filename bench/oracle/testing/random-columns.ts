// Random values of every type, edges first, as raw values, literals and columns.

import fc from "fast-check";
import { type Batch, makeBatch } from "../../../proto/batch/batch.ts";
import { buildColumnAs } from "../../../proto/batch/build-column.ts";
import type { Column } from "../../../proto/batch/column.ts";
import { decimalText } from "../../../proto/batch/decimal.ts";
import type { Expr } from "../../../proto/plan/expr.ts";
import {
  binaryType,
  boolType,
  type DataType,
  dateType,
  decimalType,
  type Field,
  float64Type,
  int32Type,
  int53Type,
  int64Type,
  listType,
  utf8Type,
} from "../../../proto/plan/types.ts";
import { encodeValue } from "../../../proto/plan/values.ts";

export type Raw = unknown;

const safe = 2 ** 53 - 1;
const doubles = fc.oneof(
  fc.constantFrom(Number.NaN, -0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
  fc.constantFrom(0.5, 1.5, 2.5, -0.5, 2 ** 31, 2 ** 53, 1e20, 0.49999999999999994),
  fc.integer({ min: -20, max: 20 }),
  fc.double(),
);
const int53s = fc.oneof(
  fc.constantFrom(safe, -safe, 0),
  fc.integer({ min: -9, max: 9 }),
  fc.maxSafeInteger(),
);
const int64s = fc.oneof(
  fc.constantFrom(2n ** 63n - 1n, -(2n ** 63n), 0n, 2n ** 53n, -(2n ** 32n), 2n ** 32n - 1n),
  fc.bigInt({ min: -9n, max: 9n }),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
);
const texts = fc.oneof(
  fc.constantFrom("", "a", "A", " a ", "😀", "é", "e\u0301", "ß", "ΑΣ", "a%b", "12", "-3.5"),
  fc.constantFrom("2024-02-29", "1969-12-31T23:59:59.5", "2024-03-31T02:30:00", "true", "1e3"),
  fc.constantFrom("2024-02-29T01:02:03+05:30", "1900-02-29", "NaN", "-Infinity", "+7"),
  fc.string({ unit: fc.constantFrom("a", "b", "A", " ", "é", "😀", "\ufffd", "%"), maxLength: 6 }),
  fc.string({ unit: "grapheme", maxLength: 5 }),
);
/** Years that calendars are wrong about, and the clock changes of zones. */
const seconds = fc.oneof(
  fc.constantFrom(0, -1, -86_400, 951_782_400, 1_711_846_800, 1_711_843_200, 1_729_990_800),
  fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  fc.integer({ min: -60_000_000_000, max: 250_000_000_000 }),
);
const times = fc
  .tuple(seconds, fc.constantFrom(0, 1, 500_000, 999_999, 250_000))
  .map(([whole, micros]) => BigInt(whole) * 1_000_000n + BigInt(micros));

export function rawsOfType(type: DataType): fc.Arbitrary<Raw> {
  switch (type.kind) {
    case "bool":
      return fc.boolean();
    case "int32":
      return fc.oneof(
        fc.constantFrom(2147483647, -2147483648),
        fc.integer({ min: -9, max: 9 }),
        fc.integer(),
      );
    case "int53":
      return int53s;
    case "int64":
      return int64s;
    case "float64":
      return doubles;
    case "utf8":
      return texts;
    case "binary":
      return fc.uint8Array({ maxLength: 4 });
    case "date":
      return seconds.map((value) => Math.floor(value / 86_400));
    case "timestamp":
      return times;
    case "decimal": {
      const limit = 10n ** BigInt(type.precision) - 1n;
      return fc.oneof(fc.bigInt({ min: -99n, max: 99n }), fc.bigInt({ min: -limit, max: limit }));
    }
    case "list":
      return fc.array(fc.option(rawsOfType(type.item.type), { freq: 4 }), { maxLength: 4 });
    default:
      return fc.constant(null);
  }
}

const zones = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"];

export const columnTypes: readonly DataType[] = [
  boolType,
  int32Type,
  int53Type,
  int64Type,
  float64Type,
  utf8Type,
  binaryType,
  dateType,
  { kind: "timestamp" },
  ...zones.map((zone): DataType => ({ kind: "timestamp", zone })),
  decimalType(5, 2),
  decimalType(15, 3),
  decimalType(18, 0),
  decimalType(24, 6),
  listType(utf8Type),
  listType(int53Type),
  { kind: "null" },
];

/** As rows hold it, for building columns. */
function rowValue(raw: Raw, type: DataType): unknown {
  if (raw !== null && type.kind === "decimal") return decimalText(raw as bigint, type.scale);
  return raw;
}

/** Text as codes, as sources of few different words hand it over. */
function asDictionary(column: Column, raws: readonly Raw[]): Column {
  if (column.type !== "utf8") return column;
  const words = [...new Set(["unused", ...raws.filter((raw) => raw !== null)])];
  const codes = Int32Array.from(raws, (raw) => Math.max(words.indexOf(raw as string), 0));
  const { name, length, nulls, validity } = column;
  const dictionary = buildColumnAs(name, { kind: "utf8" }, words, "null") as typeof column;
  return { name, length, nulls, validity, type: "dictionary", codes, dictionary };
}

export interface RandomColumn {
  readonly field: Field;
  readonly raws: readonly Raw[];
  readonly column: Column;
}

export function columnOf(name: string, type: DataType, rows: number): fc.Arbitrary<RandomColumn> {
  const nullsSometimes = fc.option(rawsOfType(type), { freq: 5 });
  const values = fc.oneof(rawsOfType(type), nullsSometimes);
  return fc
    .tuple(fc.array(values, { minLength: rows, maxLength: rows }), fc.boolean())
    .map(([raws, isDictionary]) => {
      const plain = buildColumnAs(
        name,
        type,
        raws.map((raw) => rowValue(raw, type)),
        "null",
      );
      const column = isDictionary ? asDictionary(plain, raws) : plain;
      return { field: { name, type, nullable: true }, raws, column };
    });
}

export function batchOf(columns: readonly RandomColumn[]): Batch {
  return makeBatch(
    "record",
    columns.map(({ column }) => column),
  );
}

export function literalOf(raw: Raw, type: DataType): Expr {
  const text = (): string => {
    if (type.kind === "decimal") return decimalText(raw as bigint, type.scale);
    if (type.kind === "float64") return Object.is(raw, -0) ? "-0" : String(raw);
    if (type.kind === "binary") return Buffer.from(raw as Uint8Array).toString("base64");
    return type.kind === "list" ? encodeValue(raw) : String(raw);
  };
  return { kind: "literal", type, text: raw === null ? null : text() };
}
