// Raw batches keep every column as it was, and are refused where bytes are missing.

import { serialize } from "node:v8";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Batch, batchOfRows, batchRows, makeBatch } from "./batch.ts";
import { type DictionaryColumn, textColumn } from "./column.ts";
import { columnValues } from "./decode-column.ts";
import { RawBatchReader, RawBatchWriter } from "./raw-batch.ts";

function bytesOf(batches: readonly Batch[]): Uint8Array {
  const writer = new RawBatchWriter();
  return new Uint8Array(Buffer.concat(batches.flatMap((batch) => [...writer.write(batch)])));
}

function batchesOf(bytes: Uint8Array): Batch[] {
  const reader = new RawBatchReader(bytes, 0);
  const out: Batch[] = [];
  for (let batch = reader.next(); batch !== undefined; batch = reader.next()) out.push(batch);
  return out;
}

const texts = ["one", "two", "grün", ""];

function dictionaryColumn(codes: readonly number[], validity?: Uint8Array): DictionaryColumn {
  const bytes = new TextEncoder().encode(texts.join(""));
  const dictionary = textColumn("", Int32Array.of(0, 3, 6, 11, 11), bytes);
  const { length } = codes;
  const base = { name: "d", type: "dictionary", length, nulls: "null", validity } as const;
  return { ...base, codes: Int32Array.from(codes), dictionary };
}

describe("raw batches", () => {
  test("nothing of what was written stays with the writer", () => {
    const writer = new RawBatchWriter();
    const pieces = writer.write(batchOfRows(Array.from({ length: 10_000 }, (_, value) => value)));
    expect(pieces.reduce((sum, { length }) => sum + length, 0)).toBeGreaterThan(40_000);
    expect(serialize(writer).length).toBeLessThan(1000);
  });

  test("rows of every kind come back", () => {
    const value = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.double(),
      fc.integer(),
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      fc.boolean(),
      fc.date(),
      fc.constantFrom(null, undefined, -0, Number.NaN),
      fc.array(fc.integer()),
    );
    const rows = fc.oneof(
      fc.array(value, { maxLength: 8 }),
      fc.array(fc.record({ a: fc.integer(), b: fc.option(fc.string()) })),
      fc.array(fc.tuple(value, fc.boolean())),
    );
    fc.assert(
      fc.property(fc.array(rows, { maxLength: 3 }), (all) => {
        const batches = (all as unknown[][]).map(batchOfRows);
        expect(batchesOf(bytesOf(batches)).map(batchRows)).toEqual(batches.map(batchRows));
      }),
      { numRuns: 40 },
    );
  });

  test("writing the first rows of a batch leaves the bytes alone that it was read from", () => {
    const bytes = Buffer.from(bytesOf([batchOfRows([{ a: 1 }, { a: null }, { a: 3 }, { a: 4 }])]));
    const before = new Uint8Array(bytes);
    const [batch] = batchesOf(bytes);
    bytesOf([{ ...batch!, rows: 3, columns: batch!.columns.map((c) => ({ ...c, length: 3 })) }]);
    expect(new Uint8Array(bytes)).toEqual(before);
  });

  test("a dictionary that pays is written once for all batches, another becomes text", () => {
    const codes = Array.from({ length: 100 }, (_, i) => i % 4);
    const column = dictionaryColumn(codes, new Uint8Array(13).fill(0xfd));
    const again = { ...column, codes: column.codes.toReversed() };
    const batches = batchesOf(
      bytesOf([makeBatch("record", [column]), makeBatch("record", [again])]),
    );
    const [first, second] = batches.map(({ columns }) => columns[0] as DictionaryColumn);
    expect(first!.dictionary).toBe(second!.dictionary);
    expect(columnValues(first!)).toEqual(columnValues(column));
    expect(columnValues(second!)).toEqual(columnValues(again));
    const few = dictionaryColumn([1, 0]);
    const [plain] = batchesOf(bytesOf([makeBatch("record", [few])]));
    expect(plain!.columns[0]!.type).toBe("utf8");
    expect(columnValues(plain!.columns[0]!)).toEqual(["two", "one"]);
  });

  test("texts that begin in the middle of their bytes carry only their own", () => {
    const bytes = new TextEncoder().encode("skipped kept after");
    const batch = makeBatch("scalar", [textColumn("value", Int32Array.of(8, 10, 12), bytes)]);
    const [read] = batchesOf(bytesOf([batch]));
    expect(batchRows(read!)).toEqual(["ke", "pt"]);
    expect(read!.columns[0]).toMatchObject({ values: new TextEncoder().encode("kept") });
  });

  test("missing bytes are an error, wherever they are missing", () => {
    const bytes = bytesOf([batchOfRows([{ a: 1.5, b: "x" }, { a: 2.5 }, { b: "yz" }])]);
    for (let length = 1; length < bytes.length; length++) {
      expect(() => batchesOf(bytes.slice(0, length)), `${length} bytes`).toThrow();
    }
  });
});
