// Records that are read many at a time give what they give one by one, and are refused for the same reason.

import fc from "fast-check";
import { expect, test } from "vitest";
import { type Batch, makeBatch } from "../../batch/batch.ts";
import { columnValues } from "../../batch/decode-column.ts";
import {
  boolType,
  type DataType,
  dateType,
  decimalType,
  type Field,
  float64Type,
  int32Type,
  int53Type,
  int64Type,
  utf8Type,
} from "../../plan/types.ts";
import { CsvRecordFault, CsvRecords } from "./records.ts";

const field = (name: string, type: DataType, nullable = true): Field => ({ name, type, nullable });
const fields: readonly Field[] = [
  field("text", utf8Type),
  field("sure", utf8Type, false),
  field("int32", int32Type),
  field("int53", int53Type),
  field("int64", int64Type, false),
  field("float", float64Type),
  field("bool", boolType),
  field("day", dateType),
  field("price", decimalType(9, 2)),
];
const names = ["text", "unwanted", ...fields.slice(1).map(({ name }) => name)];

interface Outcome {
  readonly columns?: readonly unknown[][];
  readonly fault?: unknown;
}

/** `pushes`: parts of a file, as they come. */
function outcome(pushes: readonly string[], nullText: string | undefined): Outcome {
  const options = { delimiter: ",", ...(nullText === undefined ? {} : { nullText }) };
  const records = new CsvRecords(names, fields, options, 0);
  const batches: Batch[] = [];
  try {
    for (const text of [...pushes, ""]) {
      const isLast = text === "";
      const bytes = new TextEncoder().encode(text);
      batches.push(...records.push(bytes, Number.POSITIVE_INFINITY, isLast));
    }
  } catch (thrown) {
    if (!(thrown instanceof CsvRecordFault)) throw thrown;
    const { message, atByte, record, column } = thrown;
    return { fault: { message, atByte, record, column } };
  }
  const rest = records.finish();
  if (rest !== undefined) batches.push(makeBatch("record", rest.columns));
  const columns = fields.map((_, at) =>
    batches.flatMap((batch) => [...columnValues(batch.columns[at]!)]),
  );
  return { columns };
}

const usual: Readonly<Record<string, fc.Arbitrary<string>>> = {
  text: fc.constantFrom("a", "some text", "", "é字", "x".repeat(80)),
  unwanted: fc.constantFrom("", "x"),
  sure: fc.constantFrom("b", ""),
  int32: fc.oneof(fc.integer().map(String), fc.constantFrom("", "+7", "-0", " 12 ")),
  int53: fc.oneof(fc.maxSafeInteger().map(String), fc.constantFrom("", "5")),
  int64: fc.oneof(fc.integer().map(String), fc.constantFrom("9223372036854775807", "0")),
  float: fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
    fc.integer().map((n) => (n / 100).toFixed(2)),
    fc.constantFrom("", "-0", "1.", "NaN", "-inf", "12345678901234567.5", "NA"),
  ),
  bool: fc.constantFrom("true", "FALSE", ""),
  day: fc.constantFrom("2024-02-29", "1969-12-31", ""),
  price: fc.constantFrom("1.25", "-3", "", "1234567.89"),
};
const odd = fc.constantFrom("", "x", "2147483648", "9007199254740993", "1e3", "NA", '"q,"', 'a"b');
const record = fc.tuple(...names.map((name) => usual[name]!)).map((parts) => parts.join(","));
const oddRecord = fc
  .tuple(record, fc.nat(names.length - 1), odd)
  .map(([text, at, value]) => text.split(",").toSpliced(at, 1, value).join(","));
const quoted = record.map((text) => text.replace(/^[^,]*/, '"quo""ted, and\nmore"'));
const otherLine = fc.oneof(oddRecord, quoted, fc.constantFrom("", "1,2,3"));
const lines = fc.array(
  fc.oneof({ weight: 60, arbitrary: record }, { weight: 1, arbitrary: otherLine }),
  { minLength: 30, maxLength: 90 },
);

test("many at a time as one by one", () => {
  const seen = { read: 0, refused: 0 };
  fc.assert(
    fc.property(
      lines,
      fc.constantFrom("\n", "\r\n"),
      fc.nat(3000),
      fc.boolean(),
      (all, end, cut, hasNullText) => {
        const nullText = hasNullText ? "NA" : undefined;
        const each = all.map((line) => line + end);
        const whole = each.join("");
        const one = outcome(each, nullText);
        expect(outcome([whole], nullText)).toEqual(one);
        const parts = [whole.slice(0, cut), whole.slice(cut)].filter((part) => part !== "");
        expect(outcome(parts, nullText)).toEqual(one);
        seen[one.fault === undefined ? "read" : "refused"]++;
      },
    ),
    { numRuns: 200 },
  );
  expect(Math.min(seen.read, seen.refused)).toBeGreaterThan(10);
});

test("of two records at fault the first is named, whatever column it is in", () => {
  const good = "a,u,b,1,1,1,1,true,2024-01-01,1\n";
  const badLast = "a,u,b,1,1,1,1,true,2024-01-01,x\n";
  const badFirst = "a,u,b,x,1,1,1,true,2024-01-01,1\n";
  const text = good.repeat(20) + badLast + good.repeat(5) + badFirst;
  expect(outcome([text], undefined)).toEqual({
    fault: {
      message: '"x" in column "price" is no decimal(9,2)',
      atByte: 20 * good.length,
      record: 20,
      column: "price",
    },
  });
});
