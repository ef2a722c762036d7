// Lines that go into columns by their bytes give what JSON.parse gives, and are refused where it, or the schema, refuses.

import fc from "fast-check";
import { expect, test } from "vitest";
import { makeBatch } from "../../batch/batch.ts";
import { buildColumnAs } from "../../batch/build-column.ts";
import { columnValues } from "../../batch/decode-column.ts";
import {
  binaryType,
  boolType,
  dateType,
  decimalType,
  type Field,
  float64Type,
  instantType,
  int32Type,
  int53Type,
  int64Type,
  jsonType,
  listType,
  utf8Type,
} from "../../plan/types.ts";
import { JsonRecords } from "./json-records.ts";
import { JsonFault, valueOfJson } from "./json-values.ts";
import { parseJson } from "./long-numbers.ts";
import { jsonEscaped, jsonText, RecordScanner } from "./scan-record.ts";

const fields: readonly Field[] = [
  { name: "text", type: utf8Type, nullable: true },
  { name: "small", type: int32Type, nullable: true },
  { name: "safe", type: int53Type, nullable: true },
  { name: "large", type: int64Type, nullable: true },
  { name: "float", type: float64Type, nullable: true },
  { name: "flag", type: boolType, nullable: true },
  { name: "day", type: dateType, nullable: true },
  { name: "at", type: instantType, nullable: true },
  { name: "price", type: decimalType(9, 2), nullable: true },
  { name: "exact", type: decimalType(20, 6), nullable: true },
  { name: "bytes", type: binaryType, nullable: true },
  { name: "widest", type: decimalType(38, 10), nullable: true },
  { name: "any", type: jsonType, nullable: true },
  {
    name: "list",
    type: listType(int64Type),
    nullable: true,
  },
  {
    name: "user é",
    nullable: true,
    type: {
      kind: "struct",
      fields: [
        { name: "text", type: utf8Type, nullable: false },
        { name: "n", type: float64Type, nullable: true },
      ],
    },
  },
];

type Answer =
  | { readonly columns: unknown }
  | { readonly refused: true }
  | { readonly rows: number };

/** An assertion is no refusal, nor is an error that names no line. */
function isRefusal(thrown: unknown): boolean {
  return thrown instanceof JsonFault || thrown instanceof SyntaxError;
}

/** By JavaScript values alone. */
function plainly(lines: readonly string[]): Answer {
  const values: unknown[][] = fields.map(() => []);
  try {
    for (const line of lines) {
      if (line.trim() === "") continue;
      const record = parseJson(line) as Record<string, unknown>;
      if (typeof record !== "object" || record === null || Array.isArray(record)) {
        throw new JsonFault("no object");
      }
      for (const [index, field] of fields.entries()) {
        const own = Object.hasOwn(record, field.name) ? record[field.name] : undefined;
        values[index]!.push(valueOfJson(own, field, field.name));
      }
    }
    const columns = fields.map(({ name, type }, at) =>
      buildColumnAs(name, type, values[at]!, "null"),
    );
    return { columns: columns.map(columnValues) };
  } catch (thrown) {
    if (!isRefusal(thrown)) throw thrown;
    return { refused: true };
  }
}

function byBytes(lines: readonly string[]): Answer {
  const records = new JsonRecords(fields, 64);
  try {
    for (const line of lines) {
      const bytes = new TextEncoder().encode(`#${line}\n`);
      records.add(bytes, 1, bytes.length - 1);
    }
    const { rows } = records;
    const { columns } = makeBatch("record", records.take());
    if (columns.some(({ length }) => length !== rows)) return { rows };
    return { columns: columns.map(columnValues) };
  } catch (thrown) {
    if (!isRefusal(thrown)) throw thrown;
    return { refused: true };
  }
}

const oddNumbers = [
  ...["0", "-0", "1", "-12", "1.0", "0.1", "1e3", "1E-7", "-0.0", "2147483647", "2147483648", "01"],
  ...["999999999999999", "9007199254740991", "9007199254740993", "9223372036854775807", "1e999"],
  ...["1.25", "-1.255", "1e-2", "12345678901234.567", "1234567890123.125", "0.000001", "1E2"],
  ...["9223372036854775808", "-9223372036854775808", "9007199254740992.0", "4503599627370497.5"],
  ...["0.99999999999999999999", "12345678901234567890.12e-6", "1e-400", "0e9999999999", "12e400"],
  ...["123456789012345678901", "0.30000000000000004", "1.", ".5", "+1", "-", "1e", "NaN", "5e-324"],
];
const oddTexts = [
  ...[
    '""',
    '"a"',
    '"é字😀"',
    '"\\u00e9"',
    '"\\ud800"',
    '"a\\"b"',
    '"a\\nb"',
    '"a\tb"',
    '"\\/\\b\\f\\r\\t\\\\"',
    '"\\ud83d\\uDE00"',
    '"\\u12"',
    '"\\u00zz"',
    '"\\x"',
    '"\\',
    '"2024-02-2\\u0039"',
    '"x',
    "'a'",
  ],
  ...['"2024-02-29"', '"2023-02-29"', '"2024-02-29T01:02:03Z"', '"2024-02-29 01:02:03.5"'],
  ...['"2024-02-29T01:02:03.123456Z"', '"2024-02-29T24:00:00Z"', '"2024-02-29T01:02:03+01:00"'],
  ...[
    '"9999-12-31T23:59:59.999999Z"',
    '"0001-01-01T00:00:00Z"',
    '"12"',
    '"-5"',
    '"1.25"',
    '"YQ=="',
  ],
];
const odd = fc.constantFrom(
  ...[...oddNumbers, ...oddTexts, "true", "false", "null", "tru", "True", "{}", "[]", "[1,2]"],
  ...['{"text":"b"}', '{"text":null}', '{"n":1,"text":"a b"}', '{"text":"a","text":"b"}', "[1,]"],
  ...["[1,null]", '{"x":[{"y":{}},"z"],"text":"q"}', "[[[1]]]", "", "1 2", '{"text":"a",}'],
);
const usual: Readonly<Record<string, fc.Arbitrary<string>>> = {
  text: fc.string().map((text) => JSON.stringify(text)),
  small: fc.integer().map(String),
  safe: fc.maxSafeInteger().map(String),
  large: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
  float: fc.double({ noDefaultInfinity: true, noNaN: true }).map((value) => JSON.stringify(value)),
  flag: fc.boolean().map(String),
  day: fc.constantFrom('"2024-02-29"', '"1969-12-31"', "null"),
  at: fc.constantFrom('"2024-02-29T01:02:03Z"', '"1969-12-31T23:59:59.999999Z"', "null"),
  price: fc.constantFrom("1.25", '"-3.1"', "7", "null"),
  exact: fc.oneof(
    fc.tuple(fc.integer(), fc.nat(999_999)).map(([whole, part]) => `${whole}.${part}`),
    fc.constantFrom('"12345678901234.567891"', '"-0.000001"', "-0", "null"),
  ),
  widest: fc
    .tuple(fc.bigInt({ min: 0n, max: 10n ** 28n - 1n }), fc.nat(999_999))
    .map(([whole, part]) => `${whole}.${part}`),
  bytes: fc.constantFrom('"YQ=="', '""', "null"),
  any: fc.json(),
  list: fc.constantFrom("[1,2,null]", "[]", "null"),
  "user é": fc.constantFrom('{"text":"b","n":1.5}', '{ "n" : null , "text" : "" }', "null"),
  other: fc.json(),
};
const spaces = fc.constantFrom("", "", "", " ", "\t", " \r");
const names = Object.keys(usual);
const member = fc
  .tuple(fc.constantFrom(...names), fc.boolean(), spaces, odd)
  .chain(([name, isOdd, space, oddValue]) =>
    (isOdd ? fc.constant(oddValue) : usual[name]!).map(
      (value) => `${space}${JSON.stringify(name)}${space}:${space}${value}${space}`,
    ),
  );
const usualMember = (name: string) =>
  usual[name]!.map((value) => `${JSON.stringify(name)}:${value}`);
const line = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(...names.map(usualMember)).map((all) => `{${all.join(",")}}`) },
  { weight: 4, arbitrary: fc.array(member, { maxLength: 6 }).map((all) => `{${all.join(",")}}`) },
  { weight: 1, arbitrary: fc.constantFrom("", "  ", "\u00a0", "[]", "null", "{", "{}x", '{"a"}') },
);

test("lines of any kind are taken, or refused, as JSON.parse and the schema do", () => {
  fc.assert(
    fc.property(fc.array(line, { minLength: 1, maxLength: 4 }), (lines) => {
      expect(byBytes(lines)).toEqual(plainly(lines));
    }),
    { numRuns: 700 },
  );
});

test("decimals and 64 bits keep every digit, wherever they stand, and what they cannot hold is refused", () => {
  const digits = "1234567890123456789";
  const line = (text: string) => `{"large":${text},"widest":${text},"list":[${text}],"any":1}`;
  const [taken] = [digits, `${digits}.0`, `${digits}0e-1`, `-${digits}`].map((text) => {
    const answer = byBytes([line(text)]);
    expect(answer, text).toMatchObject({ columns: expect.anything() });
    return answer as { readonly columns: readonly (readonly unknown[])[] };
  });
  const value = (name: string) => taken!.columns[fields.findIndex((one) => one.name === name)]![0];
  expect(value("large")).toBe(BigInt(digits));
  expect(value("widest")).toBe(`${digits}.0000000000`);
  expect(value("list")).toEqual([BigInt(digits)]);
  for (const text of [`${digits}9`, `${digits}.5`, `${digits}e-1`]) {
    expect(byBytes([`{"large":${text}}`]), text).toEqual({ refused: true });
    expect(byBytes([`{"list":[${text}]}`]), text).toEqual({ refused: true });
  }
  expect(byBytes(['{"widest":0.12345678901}'])).toEqual({ refused: true });
});

test("each odd value in each field", () => {
  for (const name of names) {
    for (const value of [...oddNumbers, ...oddTexts, "null", "true", "{}", "[]"]) {
      const lines = [`{${JSON.stringify(name)}:${value}}`];
      expect(byBytes(lines), lines[0]).toEqual(plainly(lines));
    }
  }
});

test("usual lines are understood by their bytes, in any order of their fields", () => {
  const scanner = new RecordScanner(fields);
  const scan = (text: string): boolean => {
    const bytes = new TextEncoder().encode(`${text}\n`);
    return scanner.scan(bytes, 0, bytes.length - 1);
  };
  expect(scan('{"text":"a","small":1,"user é":{"text":"b"},"x":[{"y":null}]}')).toBe(true);
  expect(scan('{ "x" : -1.5e3 , "user é" : { "n" : 1 , "text" : "" } , "text" : "a" } \r')).toBe(
    true,
  );
  expect(scanner.kinds[0]).toBe(jsonText);
  expect(scan('{"text":"a\\n\\u00e9","x":{"\\n":"\\""}}')).toBe(true);
  expect(scanner.kinds[0]).toBe(jsonEscaped);
  for (const text of ['{"te\\u0078t":"a"}', '{"text":"a","text":"b"}', '{"text":"\\x"}', "{}{}"]) {
    expect(scan(text), text).toBe(false);
  }
});
