// Sources of typed columns against naive readers: at any split, in any packing, and what damage is called.
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { batchRows, makeBatch } from "../../proto/batch/batch.ts";
import { buildColumnAs } from "../../proto/batch/build-column.ts";
import { batchesToFileBytes } from "../../proto/batch/ipc.ts";
import { EngineError } from "../../proto/errors.ts";
import { packerOf } from "../../proto/formats/compression/codecs.ts";
import { describeInput } from "../../proto/formats/describe.ts";
import { ParquetWriter } from "../../proto/formats/parquet/write-file.ts";
import type { Expr } from "../../proto/plan/expr.ts";
import type { ColumnarFormat } from "../../proto/plan/logical.ts";
import {
  binaryType,
  type DataType,
  type Field,
  fieldText,
  float64Type,
  int32Type,
  int53Type,
  int64Type,
  utf8Type,
} from "../../proto/plan/types.ts";
import { type Reading, read, storeOf } from "./testing/read-columns.ts";

const encode = (text: string) => new TextEncoder().encode(text);

async function failure(promise: Promise<unknown>): Promise<EngineError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(EngineError);
  return error as EngineError;
}

const field = (name: string, type: DataType, nullable = true): Field => ({ name, type, nullable });
const quote = (text: string) => `"${text.replaceAll('"', '""')}"`;

describe("csv", () => {
  test("with quotes anywhere, cut anywhere, it is read as from one piece, or refused as from one", async () => {
    const parts = ["a", '"', ",", "\n", '""', ',"', '",', '"\n', '\n"', "\r\n", "é"];
    const texts = fc.array(fc.constantFrom(...parts), { minLength: 1, maxLength: 40 });
    const field = (name: string) => ({ name, type: utf8Type, nullable: true });
    const schema = { fields: [field("c0"), field("c1")] };
    const options = { schema, header: false };
    const outcome = (bytes: Uint8Array, cuts: readonly number[]) =>
      read("csv", bytes, { options, cuts }).catch((thrown: unknown) => {
        if (thrown instanceof EngineError) return thrown.code;
        throw thrown;
      });
    const counts = { read: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(texts, fc.array(fc.nat(80), { maxLength: 6 }), async (text, cuts) => {
        const bytes = encode(`a,b\n${text.join("")}`);
        const whole = await outcome(bytes, []);
        expect(await outcome(bytes, cuts)).toEqual(whole);
        counts[typeof whole === "string" ? "refused" : "read"]++;
      }),
      { numRuns: 1000 },
    );
    expect(Math.min(counts.read, counts.refused)).toBeGreaterThan(20);
  }, 60_000);

  const piece = fc.constantFrom("a", '"', ",", "\n", "\r\n", "é", "1", " ", '","', '"\n"');
  const text = fc.array(piece, { maxLength: 6 }).map((parts) => parts.join(""));
  const table = fc.array(fc.tuple(fc.option(text), fc.integer(), text), { maxLength: 12 });
  const written = fc.record({
    rows: table,
    always: fc.boolean(),
    lineEnd: fc.constantFrom("\n", "\r\n"),
    mark: fc.boolean(),
    lastEnd: fc.boolean(),
    cuts: fc.array(fc.nat(300)),
  });
  const schema = {
    fields: [field("left", utf8Type), field("n", int32Type), field("right", utf8Type, false)],
  };

  test("what a writer quotes reads back, at any split", async () => {
    await fc.assert(
      fc.asyncProperty(written, async ({ rows, always, lineEnd, mark, lastEnd, cuts }) => {
        const fieldOf = (value: string) =>
          always || value === "" || /[",\r\n]/.test(value) ? quote(value) : value;
        const lines = rows.map(([left, n, right]) =>
          [left === null ? "" : fieldOf(left), String(n), fieldOf(right)].join(","),
        );
        const body = ["left,n,right", ...lines].join(lineEnd) + (lastEnd ? lineEnd : "");
        const bytes = encode((mark ? "\ufeff" : "") + body);
        const expected = rows.map(([left, n, right]) => ({ left, n, right }));
        expect(await read("csv", bytes, { cuts, options: { schema } })).toEqual(expected);
      }),
      { numRuns: 400 },
    );
  }, 60_000);

  test("types are inferred, columns chosen, nulls told", async () => {
    const lines = [
      "id,zip,price,day,at,on,big,word,none",
      "1,01234,1.5,2024-02-29,2024-01-01T10:00:00Z,true,9007199254740993,a,",
      '2,98765,NA,2024-03-01,2024-01-01 10:00:00+02:00,FALSE,1,"",',
      "3,1,-2e3,,2024-01-01T10:00:00.123456Z,,2,NA,",
    ];
    const bytes = encode(lines.join("\n"));
    const options = { nullText: "NA" };
    const files = [{ uri: "s3://bucket/x", sizeBytes: bytes.length }];
    const { fields } = await describeInput(storeOf(bytes), "csv", files, options);
    expect(fields.map(fieldText)).toEqual([
      "id: int53?",
      "zip: utf8?",
      "price: float64?",
      "day: date?",
      "at: timestamp(UTC)?",
      "on: bool?",
      "big: int64?",
      "word: utf8?",
      "none: utf8?",
    ]);
    expect(await read("csv", bytes, { options })).toEqual([
      {
        id: 1,
        zip: "01234",
        price: 1.5,
        day: new Date("2024-02-29"),
        at: new Date("2024-01-01T10:00:00Z"),
        on: true,
        big: 9007199254740993n,
        word: "a",
        none: null,
      },
      {
        id: 2,
        zip: "98765",
        price: null,
        day: new Date("2024-03-01"),
        at: new Date("2024-01-01T08:00:00Z"),
        on: false,
        big: 1n,
        word: "",
        none: null,
      },
      {
        id: 3,
        zip: "1",
        price: -2000,
        day: null,
        at: new Date("2024-01-01T10:00:00.123Z"),
        on: null,
        big: 2n,
        word: null,
        none: null,
      },
    ]);
    const some = await read("csv", bytes, { options, columns: ["price", "id"] });
    expect(some[0]).toEqual({ price: 1.5, id: 1 });
  });

  test("a long file without quotes, and one full of them, are cut anywhere", async () => {
    for (const isQuoted of [false, true]) {
      const rows = Array.from({ length: 60_000 }, (_, n) => ({
        n,
        text: isQuoted ? `line ${n},\n"quoted" and so on` : `plain text of row ${n}`,
      }));
      const lines = rows.map(({ n, text }) => `${n},${isQuoted ? quote(text) : text}`);
      const bytes = encode(["n,text", ...lines, ""].join("\n"));
      const cuts = [1, 7, 8, 100_003, 500_000, 500_001, 1_200_000];
      expect(await read("csv", bytes, { cuts })).toEqual(rows);
    }
  });

  test("faults are named by line, byte and column, in whichever split they are", async () => {
    const options = { schema: { fields: [field("a", int53Type, false), field("b", utf8Type)] } };
    const cases: [string, number, number, RegExp][] = [
      ['a,b\n1,"x\ny"\nz,2\n', 4, 12, /"z" in column "a" is no int53/],
      ["a,b\n1,2\n\n1,2,3\n", 4, 9, /3 fields where 2 belong/],
      ["a,b\n1,2\n3\n", 3, 8, /1 fields where 2 belong/],
      ['a,b\n1,x"y\n', 2, 4, /does not begin/],
      ['a,b\n1,"x"y\n', 2, 4, /after its closing quote/],
      ['a,b\n1,"x\n', 2, 4, /never ends/],
      ["a,b\n,x\n", 2, 4, /nothing in column "a"/],
    ];
    for (const [text, line, byteOffset, pattern] of cases) {
      for (const cuts of [[], [byteOffset]]) {
        const error = await failure(read("csv", encode(text), { cuts, options }));
        expect(error.message).toMatch(pattern);
        const details = { file: "s3://bucket/input", line, byteOffset };
        expect(error).toMatchObject({ code: "INPUT_MALFORMED", details });
      }
    }
  });
});

test("a header that names a column twice is told with its file", async () => {
  const options = { schema: { fields: [field("a", int32Type)] } };
  const error = await failure(read("csv", encode("a,b,a\n1,2,3\n"), { options }));
  expect(error.message).toBe('s3://bucket/input: its header names the column "a" twice');
  expect(error).toMatchObject({ code: "INPUT_MALFORMED", details: { line: 1 } });
});

describe("ndjson", () => {
  test("nested values are inferred and read, at any split", async () => {
    const rows = Array.from({ length: 500 }, (_, n) => ({
      n,
      tags: n % 3 === 0 ? [] : [`t${n}`, "é"],
      place: n % 4 === 0 ? null : { city: `c${n}`, at: { lat: n / 4 } },
      mixed: n % 2 === 0 ? n : { a: n },
    }));
    const bytes = encode(rows.map((row) => JSON.stringify(row)).join("\r\n"));
    const files = [{ uri: "s3://bucket/x", sizeBytes: bytes.length }];
    const { fields } = await describeInput(storeOf(bytes), "ndjson", files, {});
    expect(fields.map(fieldText)).toEqual([
      "n: int53?",
      "tags: list<utf8?>?",
      "place: struct<city: utf8?, at: struct<lat: float64?>?>?",
      "mixed: json?",
    ]);
    expect(await read("ndjson", bytes, { cuts: [1, 77, 1000, 1001] })).toEqual(rows);
    expect(await read("ndjson", bytes, { columns: ["place"] })).toEqual(
      rows.map(({ place }) => ({ place })),
    );
  });

  test("a value that does not fit is named by line and path", async () => {
    const schema = { fields: [field("a", { kind: "list", item: field("item", int32Type) })] };
    const text = '{"a":[1]}\n{}\n{"a":[2,"x"]}\n';
    for (const cuts of [[], [10], [12, 14]]) {
      const error = await failure(read("ndjson", encode(text), { cuts, options: { schema } }));
      expect(error.message).toMatch(/line 3 .*"x" at "a\[1\]" is no int32/);
      expect(error).toMatchObject({ details: { line: 3, byteOffset: 13 } });
    }
  });
});

test("bytes that are no base64 are named by line, path and file", async () => {
  const schema = { fields: [field("a", binaryType)] };
  const text = '{"a":"AQI="}\n{"a":"A*I="}\n';
  const error = await failure(read("ndjson", encode(text), { options: { schema } }));
  expect(error.message).toMatch(/line 2 .*"A\*I=" at "a" is no binary/);
  const details = { file: "s3://bucket/input", line: 2, byteOffset: 13 };
  expect(error).toMatchObject({ code: "INPUT_MALFORMED", details });
  const csv = "a,b\nAQI=,1\nA*I=,2\n";
  const both = { fields: [field("a", binaryType), field("b", int53Type)] };
  const ofCsv = await failure(read("csv", encode(csv), { options: { schema: both } }));
  expect(ofCsv.message).toMatch(/line 3 .*"A\*I=" in column "a" is no binary/);
  expect(ofCsv).toMatchObject({ code: "INPUT_MALFORMED", details: { line: 3, byteOffset: 11 } });
});

describe("packed files", () => {
  const rows = Array.from({ length: 2000 }, (_, n) => ({ n, word: `w${n % 7}` }));
  const csv = ["n,word", ...rows.map(({ n, word }) => `${n},${word}`), ""].join("\n");
  const halves = [csv.slice(0, 5000), csv.slice(5000)].map(encode);

  test("gzip of several members", async () => {
    const bytes = Buffer.concat(halves.map((half) => gzipSync(half)));
    expect(await read("csv", bytes, { uri: "s3://bucket/x.csv.gz" })).toEqual(rows);
  });

  test("zstd of several frames", async () => {
    const pack = await packerOf("zstd");
    const bytes = Buffer.concat(halves.map((half) => pack(half)));
    expect(await read("csv", bytes, { uri: "s3://bucket/x.csv.zst" })).toEqual(rows);
    const cut = await failure(read("csv", bytes.subarray(0, 60), { uri: "s3://bucket/x.csv.zst" }));
    expect(cut.code).toBe("INPUT_UNREADABLE");
  });
});

describe("arrow", () => {
  const batches = [0, 1, 2].map((part) => {
    const ids = Array.from({ length: 1000 }, (_, i) => part * 1000 + i);
    return makeBatch("record", [
      buildColumnAs("id", int53Type, ids, "null"),
      buildColumnAs(
        "word",
        utf8Type,
        ids.map((id) => (id % 5 === 0 ? null : `w${id % 9}`)),
        "null",
      ),
      buildColumnAs(
        "price",
        float64Type,
        ids.map((id) => id / 3),
        "null",
      ),
    ]);
  });
  const bytes = batchesToFileBytes(batches);
  const rows = batches.flatMap(batchRows);

  test("every batch is read once, wherever the file is cut", async () => {
    const cuts = [10, 5000, 20_000, 40_000, bytes.length - 5];
    expect(await read("arrow", bytes, { cuts })).toEqual(rows);
    const some = await read("arrow", bytes, { columns: ["price"] });
    expect(some).toEqual(rows.map((row) => ({ price: (row as { price: number }).price })));
  });

  test("whole numbers of 64 bits are JavaScript numbers where all of them can be", async () => {
    const file = (values: readonly (bigint | null)[]) =>
      batchesToFileBytes([makeBatch("record", [buildColumnAs("n", int64Type, values, "null")])]);
    const options = { schema: { fields: [field("n", int53Type, true)] } };
    const safe = [2n ** 53n - 1n, null, -5n];
    expect(await read("arrow", file(safe), { options })).toEqual([
      { n: 2 ** 53 - 1 },
      { n: null },
      { n: -5 },
    ]);
    const error = await failure(read("arrow", file([1n, 2n ** 53n]), { options }));
    expect(error.code).toBe("INPUT_MALFORMED");
    expect(error.message).toContain("holds 9007199254740992, which is no int53");
  });

  test("nulls where the schema has none are refused", async () => {
    const options = { schema: { fields: [field("word", utf8Type, false)] } };
    const error = await failure(read("arrow", bytes, { options }));
    expect(error).toMatchObject({ code: "INPUT_MALFORMED" });
    expect(error.message).toMatch(/column "word" .* holds nulls/);
  });

  test("damage is named by file", async () => {
    const error = await failure(read("arrow", bytes.subarray(0, bytes.length - 20)));
    expect(error).toMatchObject({
      code: "INPUT_MALFORMED",
      details: { file: "s3://bucket/input" },
    });
  });
});

test("columns of folders stand in their places, and leave out files", async () => {
  const csv = encode("id\n1\n2\n");
  const uri = "s3://bucket/year=2024/city=S%C3%A3o/part.csv";
  const options = { partitionColumns: true };
  expect(await read("csv", csv, { uri, options })).toEqual([
    { id: 1, year: 2024, city: "São" },
    { id: 2, year: 2024, city: "São" },
  ]);
  const columns = ["city", "id"];
  expect(await read("csv", csv, { uri, options, columns })).toEqual([
    { city: "São", id: 1 },
    { city: "São", id: 2 },
  ]);
});

test("a filter on a column of folders leaves no row group of a matching file out", async () => {
  const fields = [field("id", int32Type)];
  const writer = new ParquetWriter({ fields }, "none", await packerOf("none"));
  const batch = makeBatch("record", [buildColumnAs("id", int32Type, [1, 2], "null")]);
  const bytes = Buffer.concat([...writer.write(batch), ...writer.finish()]);
  const uri = "s3://bucket/year=2024/part.parquet";
  const options = { partitionColumns: true };
  const year: Expr = { kind: "column", name: "year" };
  const asked = (name: string, ...more: Expr[]): Expr => ({
    kind: "call",
    name,
    args: [year, ...more],
  });
  const at = (text: string): Expr => ({ kind: "literal", type: int32Type, text });
  const rowsWhere = async (pruning: Expr) =>
    (await read("parquet", bytes, { uri, options, pruning })).length;
  expect(await rowsWhere(asked("isNotNull"))).toBe(2);
  expect(await rowsWhere(asked("eq", at("2024")))).toBe(2);
  expect(await rowsWhere(asked("eq", at("2023")))).toBe(0);
  expect(await rowsWhere(asked("isNull"))).toBe(0);
});

test("what a scan is told of a condition only it can leave out, and no more than it holds for", async () => {
  const fields = [field("id", int32Type), field("word", utf8Type)];
  const writer = new ParquetWriter({ fields }, "none", await packerOf("none"));
  const batch = makeBatch("record", [
    buildColumnAs("id", int32Type, [1, 2, null, 4], "null"),
    buildColumnAs("word", utf8Type, ["a", "b", "b", "b"], "null"),
  ]);
  const parquet = Buffer.concat([...writer.write(batch), ...writer.finish()]);
  const csv = encode("id,word\n1,a\n2,b\n,b\n4,b\n");
  const uri = "s3://bucket/year=2024/part.parquet";
  const column = (name: string): Expr => ({ kind: "column", name });
  const int = (text: string): Expr => ({ kind: "literal", type: int32Type, text });
  const call = (name: string, ...args: Expr[]): Expr => ({ kind: "call", name, args });
  const large = call("ge", column("id"), int("2"));
  const both = call("and", large, call("lt", column("id"), call("length", column("word"))));
  const ofYear = call("and", large, call("eq", column("year"), int("2024")));
  const all = [
    { id: 1, word: "a" },
    { id: 2, word: "b" },
    { id: null, word: "b" },
    { id: 4, word: "b" },
  ];
  const asked = async (format: ColumnarFormat, bytes: Uint8Array, reading: Reading) => {
    const notes: [number, boolean][] = [];
    const rows = await read(format, bytes, { ...reading, note: (...each) => notes.push(each) });
    return { rows, notes };
  };
  const some = all.filter(({ id }) => id !== null && id >= 2);
  expect(await asked("parquet", parquet, { condition: large })).toEqual({
    rows: some,
    notes: [[2, true]],
  });
  const wantedAfter = new Set(["word"]);
  expect(await asked("parquet", parquet, { condition: large, wantedAfter })).toEqual({
    rows: some.map(({ word }) => ({ word })),
    notes: [[2, true]],
  });
  // What is left of the condition has to be asked of what is left of the rows, with all columns.
  expect(await asked("parquet", parquet, { condition: both, wantedAfter })).toEqual({
    rows: some,
    notes: [[2, false]],
  });
  expect(await asked("csv", csv, { condition: large, wantedAfter })).toEqual({
    rows: all,
    notes: [[0, false]],
  });
  const options = { partitionColumns: true };
  expect(await asked("parquet", parquet, { uri, options, condition: ofYear, wantedAfter })).toEqual(
    {
      rows: all.map((row) => ({ ...row, year: 2024 })),
      notes: [[0, false]],
    },
  );
  expect(
    await asked("parquet", parquet, { condition: call("lt", column("id"), int("0")) }),
  ).toEqual({
    rows: [],
    notes: [[4, true]],
  });
});
