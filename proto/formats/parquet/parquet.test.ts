// What is written is read back: any columns of any types, in any batches, by any codec.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Batch, makeBatch } from "../../batch/batch.ts";
import { buildColumnAs } from "../../batch/build-column.ts";
import { columnValues } from "../../batch/decode-column.ts";
import {
  binaryType,
  boolType,
  type DataType,
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
  nullType,
  schemaText,
  utf8Type,
} from "../../plan/types.ts";
import { type PackingCodec, packerOf } from "../compression/codecs.ts";
import { openParquet, readParquet, sampledGroups } from "./read-file.ts";
import { readRuns } from "./runs.ts";
import { writeRuns } from "./runs-write.ts";
import { ParquetWriter } from "./write-file.ts";

async function written(
  fields: readonly Field[],
  batches: readonly Batch[],
  codec: PackingCodec,
): Promise<Uint8Array> {
  const writer = new ParquetWriter({ fields }, codec, await packerOf(codec));
  const parts = [...batches.flatMap((batch) => writer.write(batch)), ...writer.finish()];
  return Buffer.concat(parts);
}

async function open(bytes: Uint8Array) {
  const read = async (offset: number, length: number) => bytes.subarray(offset, offset + length);
  return openParquet({ uri: "file:///written", sizeBytes: bytes.length, read });
}

async function valuesOf(bytes: Uint8Array): Promise<ReadonlyMap<string, readonly unknown[]>> {
  const file = await open(bytes);
  const values = new Map<string, unknown[]>(file.schema.fields.map(({ name }) => [name, []]));
  const { schema } = file;
  const all = { fields: schema.fields, schema, startByte: 0, endByte: bytes.length };
  for await (const batch of readParquet(file, all)) {
    for (const column of batch.columns) values.get(column.name)!.push(...columnValues(column));
  }
  return values;
}

const words = ["", "a", "é", "日本", "😀", "x".repeat(300)];
const leaves: readonly [DataType, fc.Arbitrary<unknown>][] = [
  [boolType, fc.boolean()],
  [int32Type, fc.integer()],
  [int53Type, fc.oneof(fc.maxSafeInteger(), fc.integer({ min: 0, max: 3 }))],
  [int64Type, fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })],
  [float64Type, fc.oneof(fc.double(), fc.constantFrom(-0, 0, 1.5))],
  [utf8Type, fc.constantFrom(...words)],
  [utf8Type, fc.string({ unit: "grapheme" })],
  [binaryType, fc.uint8Array({ maxLength: 9 })],
  [dateType, fc.integer({ min: -1e6, max: 1e6 }).map((days) => new Date(days * 86_400_000))],
  [instantType, fc.integer({ min: -1e12, max: 1e12 }).map((ms) => new Date(ms))],
  [{ kind: "timestamp" }, fc.integer({ min: -1e12, max: 1e12 }).map((ms) => new Date(ms))],
  [decimalType(9, 2), fc.integer({ min: -1e8, max: 1e8 }).map((n) => (n / 100).toFixed(2))],
  [decimalType(30, 0), fc.bigInt({ min: -(10n ** 29n), max: 10n ** 29n }).map(String)],
  [jsonType, fc.constantFrom({ a: 1 }, [1, "x"], 5, "text")],
  [nullType, fc.constant(null)],
];

interface Typed {
  readonly type: DataType;
  readonly value: fc.Arbitrary<unknown>;
}

const leafType: fc.Arbitrary<Typed> = fc
  .constantFrom(...leaves)
  .map(([type, value]) => ({ type, value: fc.option(value) }));

const { typed } = fc.letrec<{ typed: Typed; list: Typed; struct: Typed }>((tie) => ({
  typed: fc.oneof({ maxDepth: 3 }, leafType, tie("list"), tie("struct")),
  list: tie("typed").map(({ type, value }) => ({
    type: listType(type),
    value: fc.option(fc.array(value, { maxLength: 3 })),
  })),
  struct: fc.array(tie("typed"), { minLength: 1, maxLength: 3 }).map((parts) => ({
    type: {
      kind: "struct" as const,
      fields: parts.map(({ type }, index) => ({ name: `f${index}`, type, nullable: true })),
    },
    value: fc.option(
      fc.record(Object.fromEntries(parts.map(({ value }, index) => [`f${index}`, value]))),
    ),
  })),
}));

const tables = fc.array(typed, { minLength: 1, maxLength: 4 }).chain((types) =>
  fc.tuple(
    fc.constant(
      types.map(({ type }, index): Field => ({ name: `c${index}`, type, nullable: true })),
    ),
    fc.array(fc.array(fc.tuple(...types.map(({ value }) => value)), { maxLength: 30 }), {
      maxLength: 3,
    }),
  ),
);

describe("a file", () => {
  test("of any columns reads back as it was", async () => {
    const codecs = fc.constantFrom<PackingCodec>("none", "snappy", "zstd", "gzip");
    await fc.assert(
      fc.asyncProperty(tables, codecs, async ([fields, chunks], codec) => {
        const batches = chunks.map((rows) => ({
          ...makeBatch(
            "record",
            fields.map(({ name, type }, at) =>
              buildColumnAs(
                name,
                type,
                rows.map((row) => row[at]),
                "null",
              ),
            ),
          ),
          rows: rows.length,
        }));
        const bytes = await written(fields, batches, codec);
        const file = await open(bytes);
        expect(schemaText(file.schema)).toBe(schemaText({ fields }));
        const values = await valuesOf(bytes);
        for (const [at, { name }] of fields.entries()) {
          expect(values.get(name)).toEqual(chunks.flat().map((row) => row[at]));
        }
      }),
      { numRuns: 150 },
    );
  });

  test("of many rows has several row groups, dictionaries and bounds", async () => {
    const rows = 150_000;
    const chunk = (from: number): Batch => {
      const ids = Array.from({ length: rows }, (_, i) => from + i);
      return makeBatch("record", [
        buildColumnAs("id", int53Type, ids, "null"),
        buildColumnAs(
          "kind",
          utf8Type,
          ids.map((id) => (id % 5 === 0 ? null : `k${id % 50}`)),
          "null",
        ),
        buildColumnAs(
          "unique",
          utf8Type,
          ids.map((id) => `unique-${id}`),
          "null",
        ),
        buildColumnAs(
          "price",
          float64Type,
          ids.map((id) => id / 7),
          "null",
        ),
      ]);
    };
    const fields: Field[] = [
      { name: "id", type: int53Type, nullable: true },
      { name: "kind", type: utf8Type, nullable: true },
      { name: "unique", type: utf8Type, nullable: true },
      { name: "price", type: float64Type, nullable: true },
    ];
    const batches = [0, 1, 2, 3, 4].map((part) => chunk(part * rows));
    const bytes = await written(fields, batches, "snappy");
    const file = await open(bytes);
    expect(file.metadata.rowGroups.map((group) => group.rows)).toEqual([600_000, 150_000]);
    const [id, kind] = file.metadata.rowGroups[1]!.chunks;
    const low = new BigInt64Array(new Uint8Array(id!.statistics!.min!).buffer)[0];
    expect(low).toBe(600_000n);
    expect(kind!.statistics?.nullCount).toBe(30_000);
    expect(kind!.compressedBytes).toBeLessThan(150_000);
    const values = await valuesOf(bytes);
    expect(values.get("kind")).toEqual(batches.flatMap((batch) => columnValues(batch.columns[1]!)));
    expect(values.get("id")!.length).toBe(5 * rows);
  });
});

test("a sample has a row group of each few in a row, and one of fewer", () => {
  const sampled = (groups: number) => sampledGroups(Array.from({ length: groups }, (_, at) => at));
  expect([0, 1, 2, 4, 5, 9].map(sampled)).toEqual([[], [0], [0], [1], [1, 4], [1, 5, 8]]);
});

test("runs read back at any width", () => {
  const cases = fc.integer({ min: 1, max: 32 }).chain((width) => {
    const one = fc.integer({ min: 0, max: 2 ** Math.min(width, 31) - 1 });
    const repeated = fc.tuple(one, fc.integer({ min: 1, max: 20 }));
    const values = fc
      .array(repeated, { maxLength: 30 })
      .map((runs) => runs.flatMap(([value, times]) => new Array<number>(times).fill(value)));
    return fc.tuple(fc.constant(width), values);
  });
  fc.assert(
    fc.property(cases, ([width, values]) => {
      const bytes = writeRuns(values, values.length, width);
      const out = new Int32Array(values.length);
      const end = readRuns(bytes, 0, bytes.length, width, out, values.length);
      expect(Array.from(out)).toEqual(values);
      expect(end).toBe(bytes.length);
    }),
  );
});

test("a column that never had a value is read as nulls of any type", async () => {
  const column = { ...buildColumnAs("v", nullType, [null, null], "null"), name: "v" };
  const fields = [{ name: "v", type: nullType, nullable: true }];
  const bytes = await written(fields, [makeBatch("record", [column])], "none");
  const file = await open(bytes);
  for (const type of [listType(utf8Type), int32Type, utf8Type]) {
    const wanted = [{ name: "v", type, nullable: true }];
    const schema = { fields: wanted };
    const all = { fields: wanted, schema, startByte: 0, endByte: bytes.length };
    const rows: unknown[] = [];
    for await (const batch of readParquet(file, all)) rows.push(...columnValues(batch.columns[0]!));
    expect(rows).toEqual([null, null]);
  }
});

test("lists that are all empty are read as lists of what is never null; one with an item is not", async () => {
  const item = { name: "item", type: listType(int32Type), nullable: false };
  const wanted: Field[] = [{ name: "v", type: { kind: "list", item }, nullable: true }];
  const read = async (values: readonly unknown[]) => {
    const fields = [{ name: "v", type: listType(nullType), nullable: true }];
    const column = buildColumnAs("v", listType(nullType), values, "null");
    const bytes = await written(fields, [makeBatch("record", [column])], "none");
    const schema = { fields: wanted };
    const all = { fields: wanted, schema, startByte: 0, endByte: bytes.length };
    const rows: unknown[] = [];
    for await (const batch of readParquet(await open(bytes), all)) {
      rows.push(...columnValues(batch.columns[0]!));
    }
    return rows;
  };
  expect(await read([[], null, []])).toEqual([[], null, []]);
  await expect(read([[], [null]])).rejects.toMatchObject({ code: "INPUT_MALFORMED" });
});
