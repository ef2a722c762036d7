// Nested values, bytes and times as text: what CSV and NDJSON write is what they read.
import { expect, test } from "vitest";
import { batchRows, makeBatch } from "../../proto/batch/batch.ts";
import { buildColumnAs } from "../../proto/batch/build-column.ts";
import { CsvRecords } from "../../proto/formats/csv/records.ts";
import { valueOfJson } from "../../proto/formats/json/json-values.ts";
import {
  binaryType,
  type DataType,
  dateType,
  decimalType,
  type Field,
  instantType,
  int64Type,
} from "../../proto/plan/types.ts";
import { csvRecords } from "./csv-text.ts";
import { jsonColumns } from "./json-columns.ts";
import { linesOfJson } from "./row-text.ts";

const nullable = (name: string, type: DataType): Field => ({ name, type, nullable: true });
const inner = [
  nullable("day", dateType),
  nullable("clock", { kind: "timestamp" }),
  nullable("at", instantType),
  nullable("raw", binaryType),
  nullable("large", int64Type),
  nullable("price", decimalType(9, 2)),
];
const struct: DataType = { kind: "struct", fields: inner };
const fields = [
  ...inner,
  nullable("nested", struct),
  nullable("list", { kind: "list", item: nullable("item", struct) }),
];

const full = {
  day: new Date("2024-02-29"),
  clock: 1_709_200_800_000_001n,
  at: 1_709_200_800_250_000n,
  raw: Uint8Array.of(0, 255, 34),
  large: 9_007_199_254_740_993n,
  price: "12.50",
};
const empty = { day: null, clock: null, at: null, raw: null, large: null, price: null };
const rows = [
  { ...full, nested: full, list: [full, null, empty] },
  { ...empty, nested: null, list: [] },
  { ...full, raw: new Uint8Array(0), nested: empty, list: null },
];
const columnsOf = (values: readonly Readonly<Record<string, unknown>>[]) =>
  makeBatch(
    "record",
    fields.map(({ name, type }) =>
      buildColumnAs(
        name,
        type,
        values.map((row) => row[name]),
        "null",
      ),
    ),
  );
const batch = columnsOf(rows);

test("as CSV", () => {
  const text = new TextEncoder().encode(csvRecords(batch, ","));
  const names = fields.map(({ name }) => name);
  const records = new CsvRecords(names, fields, { delimiter: "," }, 0);
  const read = [...records.push(text, text.length, true)];
  const last = records.finish();
  if (last !== undefined) read.push(last);
  expect(read.flatMap(batchRows)).toEqual(batchRows(batch));
});

test("as NDJSON", () => {
  const lines = linesOfJson(batchRows(jsonColumns(batch)))
    .trimEnd()
    .split("\n");
  const read = lines.map((line) => {
    const record = JSON.parse(line) as Readonly<Record<string, unknown>>;
    return Object.fromEntries(
      fields.map((field) => [field.name, valueOfJson(record[field.name], field, field.name)]),
    );
  });
  expect(batchRows(columnsOf(read))).toEqual(batchRows(batch));
});
