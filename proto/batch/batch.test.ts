// Batches keep every value exactly, in memory and as bytes.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type DataType, float64Type, int32Type, nullType, utf8Type } from "../plan/types.ts";
import { batchOfRows, batchRows, isCountBatch, makeBatch } from "./batch.ts";
import { countColumn, textColumn } from "./column.ts";
import { batchesOfBytes, batchesToFileBytes, batchToStreamBytes } from "./ipc.ts";
import { exactCommonType, unifyBatches } from "./unify.ts";

function roundTrip(rows: readonly unknown[]): unknown[] {
  const batch = batchOfRows(rows);
  expect(batchRows(batch)).toEqual(rows);
  const decoded = batchesOfBytes(batchToStreamBytes(batch)).flatMap(batchRows);
  const fromFile = batchesOfBytes(batchesToFileBytes([batch])).flatMap(batchRows);
  expect(fromFile).toEqual(decoded);
  return decoded;
}

const scalar = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: fc.constantFrom("\ud800", "\udc00", "a", "é", "😀") }),
  fc.double(),
  fc.integer(),
  fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }),
  fc.boolean(),
  fc.date(),
  fc.constantFrom(null, undefined, -0, Number.NaN),
);

describe("batch round trips", () => {
  test("columns of one type", () => {
    for (const rows of [
      ["a", "", "grün", "😀 two", "plain"],
      [1, -0, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 60],
      [1n, -(2n ** 63n), 2n ** 63n - 1n],
      [true, false, true, true, false, true, false, true, true],
      [new Date(0), new Date(-1), new Date(8.64e15)],
      [null, null],
      ["a", null, "b"],
      [undefined, 1],
      [
        { a: 1, b: "x" },
        { a: 2, b: "y" },
      ],
      [{ a: 1 }, { b: null }, { a: null, b: 2 }],
      [
        ["k", 1],
        ["l", 2],
      ],
      [["k", undefined]],
      [{}, { a: 1 }],
      [JSON.parse('{"__proto__": 1, "b": 2}'), { b: 3 }],
      [{ constructor: 1 }, { other: 2 }],
      [[1], [1, 2, 3]],
      [{ nested: { deep: [1, "x", null] } }],
      [],
    ]) {
      expect(roundTrip(rows)).toEqual(rows);
    }
  });

  test("mixed scalars of any kind", () => {
    fc.assert(
      fc.property(fc.array(scalar, { minLength: 1, maxLength: 20 }), (rows) => {
        expect(roundTrip(rows)).toEqual(rows);
      }),
    );
  });

  test("columns of one random type with nulls", () => {
    const typed = fc.oneof(
      fc.array(fc.option(fc.string({ unit: "grapheme" })), { minLength: 1 }),
      fc.array(fc.option(fc.double()), { minLength: 1 }),
      fc.array(fc.option(fc.boolean()), { minLength: 1 }),
      fc.array(fc.option(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })), { minLength: 1 }),
    );
    fc.assert(
      fc.property(typed, (rows) => {
        expect(roundTrip(rows)).toEqual(rows);
      }),
    );
  });

  test("records with any keys", () => {
    const value = scalar.filter((item) => item !== undefined);
    const records = fc.array(fc.dictionary(fc.string(), value), { minLength: 1, maxLength: 10 });
    fc.assert(
      fc.property(records, (rows) => {
        expect(roundTrip(rows.map(plain))).toEqual(rows.map(plain));
      }),
    );
  });

  test("records of very many keys fall back to JSON", () => {
    const rows = Array.from({ length: 400 }, (_, i) => ({ [`k${i}`]: i }));
    expect(batchOfRows(rows).shape).toBe("scalar");
    expect(roundTrip(rows)).toEqual(rows);
  });

  test("a class, map or function is refused", () => {
    expect(() => batchOfRows([new Map()])).toThrow(/Map cannot be a row/);
    expect(() => batchOfRows([() => 1])).toThrow(/function cannot be a row/);
  });
});

/** Records come back with the usual prototype. */
function plain(row: object): object {
  return Object.fromEntries(Object.entries(row));
}

test("counts are built straight from buffers", () => {
  const offsets = Int32Array.from([0, 1, 3]);
  const values = Uint8Array.from([97, 195, 164]);
  const counts = Float64Array.from([1, 2 ** 40 + 5]);
  const batch = makeBatch("record", [
    textColumn("value", offsets, values),
    countColumn("count", counts),
  ]);
  expect(isCountBatch(batch)).toBe(true);
  const decoded = batchesOfBytes(batchToStreamBytes(batch));
  expect(decoded.every(isCountBatch)).toBe(true);
  expect(decoded.flatMap(batchRows)).toEqual([
    { value: "a", count: 1 },
    { value: "ä", count: 2 ** 40 + 5 },
  ]);
});

test("a file holds several batches", () => {
  const batches = [batchOfRows([1, 2]), batchOfRows([3, null])];
  expect(batchesOfBytes(batchesToFileBytes(batches)).flatMap(batchRows)).toEqual([1, 2, 3, null]);
});

test("batches of one dataset get one schema and keep their rows", () => {
  const nested = fc.constantFrom<unknown>([], [1], [2.5], ["x"], [[]], { x: null }, { x: 1 }, {});
  const value = fc.oneof(fc.constantFrom(1, 2.5, "x", null, true, 7n), nested);
  const records = fc.array(fc.record({ a: value, b: value }, { requiredKeys: [] }), {
    minLength: 1,
    maxLength: 4,
  });
  const scalars = fc.array(value, { minLength: 1, maxLength: 4 });
  const parts = fc.oneof(
    fc.array(records, { minLength: 1, maxLength: 4 }),
    fc.array(scalars, { minLength: 1, maxLength: 4 }),
    fc.tuple(scalars, records),
  );
  fc.assert(
    fc.property(parts, (chunks) => {
      const unified = unifyBatches(chunks.map(batchOfRows));
      const schemas = unified.map(({ columns }) => columns.map((c) => [c.name, c.type, c.nulls]));
      for (const schema of schemas) expect(schema).toEqual(schemas[0]);
      const read = batchesOfBytes(batchesToFileBytes(unified)).flatMap(batchRows);
      expect(read).toEqual(chunks.flat());
    }),
  );
});

test("a late type widens, and counts stay whole numbers where they can", () => {
  const counts = makeBatch("record", [
    textColumn("value", Int32Array.from([0, 1]), Uint8Array.from([97])),
    countColumn("count", Float64Array.from([3])),
  ]);
  const typesOf = (rows: readonly unknown[]) =>
    unifyBatches([counts, batchOfRows(rows)])[0]!.columns.map((column) => column.type);
  expect(typesOf([{ value: null, count: null }])).toEqual(["utf8", "int53"]);
  expect(typesOf([{ value: "b", count: 0.5 }])).toEqual(["utf8", "float64"]);
  expect(typesOf([{ value: 1, count: 1 }])).toEqual(["json", "float64"]);
});

test("lists and structs that had no value yet take the types that others tell", () => {
  const listOf = (type: DataType): DataType => {
    return { kind: "list", item: { name: "item", type, nullable: true } };
  };
  const structOf = (type: DataType): DataType => {
    return { kind: "struct", fields: [{ name: "x", type, nullable: true }] };
  };
  const [unknown, known] = [listOf(nullType), listOf(int32Type)];
  expect(exactCommonType(unknown, known)).toEqual(known);
  expect(exactCommonType(structOf(known), structOf(unknown))).toEqual(structOf(known));
  expect(exactCommonType(known, listOf(float64Type))).toEqual(listOf(float64Type));
  expect(exactCommonType(known, listOf(utf8Type))).toBeUndefined();
  expect(exactCommonType(known, structOf(int32Type))).toBeUndefined();
});

test("a column that is there twice is written twice", () => {
  const values = Int32Array.from([1, 2, 3, 4]);
  const base = { type: "int32", length: 4, nulls: "null", validity: undefined, values } as const;
  const batch = makeBatch("record", [
    { ...base, name: "a" },
    { ...base, name: "b" },
  ]);
  const rows = [1, 2, 3, 4].map((value) => ({ a: value, b: value }));
  expect(batchesOfBytes(batchToStreamBytes(batch)).flatMap(batchRows)).toEqual(rows);
  expect(batchesOfBytes(batchesToFileBytes([batch])).flatMap(batchRows)).toEqual(rows);
});
