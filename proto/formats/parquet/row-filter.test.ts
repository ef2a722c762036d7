// What is left when rows are left out while they are read is what is left when all are read first.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Batch, makeBatch } from "../../batch/batch.ts";
import { buildColumnAs } from "../../batch/build-column.ts";
import { type Column, columnType } from "../../batch/column.ts";
import { columnValues } from "../../batch/decode-column.ts";
import { batchRowsMax } from "../../limits.ts";
import {
  boolType,
  type DataType,
  dateType,
  decimalType,
  type Field,
  float64Type,
  int32Type,
  int64Type,
  listType,
  utf8Type,
} from "../../plan/types.ts";
import { packerOf } from "../compression/codecs.ts";
import { openParquet, readParquet } from "./read-file.ts";
import { type ColumnTest, countOf, type RowFilter } from "./row-filter.ts";
import { ParquetWriter } from "./write-file.ts";

const few = fc.integer({ min: 0, max: 5 });
const leaves: readonly [DataType, fc.Arbitrary<unknown>][] = [
  [boolType, fc.boolean()],
  [int32Type, few],
  [int32Type, fc.integer()],
  [int64Type, fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })],
  [float64Type, few],
  [utf8Type, fc.constantFrom("", "a", "é", "日本", "x".repeat(60))],
  [utf8Type, fc.string({ unit: "grapheme" })],
  [dateType, few.map((days) => new Date(days * 86_400_000))],
  [decimalType(9, 2), few.map((digits) => `${digits}.50`)],
  [decimalType(30, 0), fc.bigInt({ min: -(10n ** 29n), max: 10n ** 29n }).map(String)],
];

const values = (type: DataType, value: fc.Arbitrary<unknown>, nulls: boolean) =>
  fc.constant({ type, value: nulls ? fc.option(value) : value });
const typed = fc.oneof(
  fc
    .tuple(fc.constantFrom(...leaves), fc.boolean())
    .chain(([[type, value], nulls]) => values(type, value, nulls)),
  fc.constant({ type: listType(int32Type), value: fc.array(few, { maxLength: 3 }) }),
);

const tables = fc
  .array(typed, { minLength: 1, maxLength: 4 })
  .chain((types) =>
    fc.tuple(
      fc.constant(types.map(({ type }, at): Field => ({ name: `c${at}`, type, nullable: true }))),
      fc.array(fc.tuple(...types.map(({ value }) => value)), { maxLength: 60 }),
    ),
  );

/** An answer for each value that has nothing to do with its order. */
function isWanted(value: unknown, salt: number): boolean {
  const text = String(typeof value === "object" && value !== null ? JSON.stringify(value) : value);
  let hash = salt;
  for (const char of text) hash = (Math.imul(hash, 31) + char.codePointAt(0)!) >>> 0;
  return hash % 3 !== 0;
}

function testOf(field: Field, salt: number): ColumnTest {
  return {
    field,
    run: (column) => {
      expect(column.name).toBe(field.name);
      return Uint8Array.from(columnValues(column), (value) => (isWanted(value, salt) ? 1 : 0));
    },
  };
}

function gather(column: Column, rows: Int32Array): Column {
  const all = columnValues(column);
  const picked = Array.from(rows, (row) => all[row]);
  return buildColumnAs(column.name, columnType(column), picked, "null");
}

async function written(fields: readonly Field[], batches: readonly Batch[]): Promise<Uint8Array> {
  const writer = new ParquetWriter({ fields }, "snappy", await packerOf("snappy"));
  return Buffer.concat([...batches.flatMap((batch) => writer.write(batch)), ...writer.finish()]);
}

interface Found {
  readonly rows: readonly unknown[][];
  readonly leftOut: number;
}

async function read(
  bytes: Uint8Array,
  fields: readonly Field[],
  tests: readonly ColumnTest[],
): Promise<Found> {
  const ranges = async (at: number, length: number) => bytes.subarray(at, at + length);
  const file = await openParquet({ uri: "file:///t", sizeBytes: bytes.length, read: ranges });
  let leftOut = 0;
  const filter: RowFilter = {
    tests,
    gather,
    leaveOut: (rows) => {
      leftOut += rows;
    },
  };
  const { schema } = file;
  const rows: unknown[][] = [];
  const selection = { fields, schema, startByte: 0, endByte: bytes.length, filter };
  for await (const batch of readParquet(file, selection)) {
    if (batch.rows === 0) continue;
    expect(batch.columns.map(({ name }) => name)).toEqual(fields.map(({ name }) => name));
    const columns = batch.columns.map(columnValues);
    for (let i = 0; i < batch.rows; i++) rows.push(columns.map((column) => column[i]));
  }
  return { rows, leftOut };
}

describe("rows that are left out while they are read", () => {
  test("are those for which a test does not hold, whatever the columns", async () => {
    const salts = fc.array(fc.nat(1000), { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(tables, salts, fc.nat(15), async ([fields, rows], salts, shown) => {
        const columns = fields.map(({ name, type }, at) =>
          buildColumnAs(
            name,
            type,
            rows.map((row) => row[at]),
            "null",
          ),
        );
        const batch = { ...makeBatch("record", columns), rows: rows.length };
        const bytes = await written(fields, [batch, batch]);
        const tests = salts.map((salt) => testOf(fields[salt % fields.length]!, salt));
        const wanted = fields.filter((_, at) => ((shown >> at) & 1) === 1);
        const all = [...rows, ...rows];
        const kept = all.filter((row) =>
          salts.every((salt) => isWanted(row[salt % fields.length] ?? null, salt)),
        );
        const found = await read(bytes, wanted, tests);
        expect(found.leftOut).toBe(all.length - kept.length);
        if (wanted.length === 0) return;
        const cells = kept.map((row) => wanted.map((field) => row[fields.indexOf(field)] ?? null));
        expect(found.rows).toEqual(cells);
      }),
      { numRuns: 150 },
    );
  });

  test("of whole pages and batches are passed without being unpacked, and what follows is right", async () => {
    const rows = 400_000;
    const fields = ["key", "far"].map(
      (name): Field => ({ name, type: int32Type, nullable: false }),
    );
    const base = { length: rows, nulls: "null", validity: undefined, type: "int32" } as const;
    const key = Int32Array.from({ length: rows }, (_, i) => Math.floor(i / 1000));
    const far = Int32Array.from({ length: rows }, (_, i) => Math.imul(i, 7919));
    const columns = [
      { ...base, name: "key", values: key },
      { ...base, name: "far", values: far },
    ];
    const bytes = await written(fields, [makeBatch("record", columns)]);
    const hundred: ColumnTest = {
      field: fields[0]!,
      run: (column) => Uint8Array.from(columnValues(column), (value) => (value === 333 ? 1 : 0)),
    };
    const found = await read(bytes, [fields[1]!], [hundred]);
    expect(found.leftOut).toBe(rows - 1000);
    expect(found.rows.flat()).toEqual(Array.from(far.subarray(333_000, 334_000)));
  });

  test("are no longer looked for by a test that need not be asked, once it leaves out few", async () => {
    const rows = batchRowsMax + 10_000;
    const field: Field = { name: "key", type: int32Type, nullable: false };
    const base = { length: rows, nulls: "null", validity: undefined, type: "int32" } as const;
    const values = Int32Array.from({ length: rows }, (_, i) => i % 100);
    const bytes = await written([field], [makeBatch("record", [{ ...base, name: "key", values }])]);
    const leftOutBy = async (share: number): Promise<number> => {
      const run = (column: Column) =>
        Uint8Array.from(columnValues(column), (value) => (Number(value) < share ? 1 : 0));
      const { leftOut } = await read(bytes, [field], [{ field, run, mayStop: true }]);
      return leftOut;
    };
    const among = (share: number, first: number) =>
      values.subarray(0, first).filter((value) => value >= share).length;
    expect(await leftOutBy(90)).toBe(among(90, batchRowsMax));
    expect(await leftOutBy(20)).toBe(among(20, rows));
  });
});

test("rows are counted alike wherever their bytes lie", () => {
  for (const length of [0, 1, 3, 4, 1020, 1021, 5000]) {
    for (const offset of [0, 1]) {
      const all = new Uint8Array(offset + length).fill(1);
      expect(countOf(all.subarray(offset))).toBe(length);
      for (let i = 0; i < all.length; i += 3) all[i] = 0;
      const own = all.subarray(offset);
      expect(countOf(own)).toBe(own.filter((byte) => byte === 1).length);
    }
  }
});
