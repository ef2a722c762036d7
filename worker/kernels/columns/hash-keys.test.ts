// Hashes straight from columns are those of the words of keys: they decide partitions, and must never change.
import fc from "fast-check";
import { expect, test } from "vitest";
import { buildColumnAs } from "../../../proto/batch/build-column.ts";
import { type DataType, utf8Type } from "../../../proto/plan/types.ts";
import { arbitraryColumn, columnOfValues } from "../testing/arbitrary-columns.ts";
import { gather, slice } from "./gather.ts";
import { hashKeys } from "./hash-keys.ts";
import { hashKeyRows, keyRows } from "./key-rows.ts";

const plain = ["int32", "int53", "int64", "date", "timestamp", "bool", "utf8", "binary"];

test("equal those of keys as words, for columns of any kinds", () => {
  const table = fc
    .tuple(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 1, max: 10 }), fc.boolean())
    .chain(([rows, columns, onlyPlain]) =>
      fc.tuple(
        fc.tuple(
          ...Array.from({ length: columns }, (_, at) =>
            arbitraryColumn(`c${at}`, rows, onlyPlain ? plain : undefined),
          ),
        ),
        fc.constant(rows),
        fc.integer(),
      ),
    );
  fc.assert(
    fc.property(table, ([drawn, rows, seed]) => {
      const columns = drawn.map(({ column }) => column);
      expect(hashKeys(columns, rows, seed)).toEqual(hashKeyRows(keyRows(columns, rows), seed));
      const whole = columns
        .filter(({ type }) => plain.includes(type))
        .map((column) => ({ ...column, validity: undefined }));
      expect(hashKeys(whole, rows, seed)).toEqual(hashKeyRows(keyRows(whole, rows), seed));
    }),
    { numRuns: 300 },
  );
});

test("so do those of many rows of one column", () => {
  const cases = fc.record({
    drawn: arbitraryColumn("c", 50, plain),
    rows: fc.integer({ min: 512, max: 600 }),
    seed: fc.integer(),
  });
  fc.assert(
    fc.property(cases, ({ drawn, rows, seed }) => {
      const picks = Int32Array.from({ length: rows }, (_, row) => (row * row) % 50);
      const column = { ...gather(drawn.column, picks), validity: undefined };
      const columns = [slice(column, 1, rows)];
      const expected = hashKeyRows(keyRows(columns, rows - 1), seed);
      expect(hashKeys(columns, rows - 1, seed)).toEqual(expected);
    }),
    { numRuns: 100 },
  );
});

test("days of all centuries", () => {
  const days = Int32Array.of(0, 1, -1, 19_000, 99_999, -99_999, 100_001, 2 ** 31 - 1, -(2 ** 31));
  const base = { name: "d", nulls: "null", validity: undefined } as const;
  for (const length of [1, 6, 9]) {
    const values = days.subarray(0, length);
    const column = { ...base, type: "date", length, values } as const;
    expect(hashKeys([column], length)).toEqual(hashKeyRows(keyRows([column], length)));
  }
});

test.each([5, 600])("dictionary codes of %i rows hash as the texts they stand for", (length) => {
  const texts = columnOfValues("t", "utf8", ["", "a", "abcd", "grün und blau"]);
  if (texts.type !== "utf8") throw new Error("no texts");
  const codes = Int32Array.from({ length }, (_, row) => (3 + row * row) % 4);
  const base = { name: "t", length, nulls: "null", validity: undefined } as const;
  const column = { ...base, type: "dictionary", codes, dictionary: texts } as const;
  expect(hashKeys([column], length)).toEqual(hashKeyRows(keyRows([column], length)));
});

/** Lists of lists of texts and nulls, some empty, some null. */
const nested = fc.array(
  fc.option(
    fc.array(fc.option(fc.constantFrom("", "a", "null", "[null]"), { nil: null }), {
      maxLength: 3,
    }),
    {
      nil: null,
    },
  ),
  { maxLength: 3 },
);

test("lengths of lists and nulls in them are part of the hash", () => {
  const texts: DataType = { kind: "list", item: { name: "item", type: utf8Type, nullable: true } };
  const lists: DataType = { kind: "list", item: { name: "item", type: texts, nullable: true } };
  fc.assert(
    fc.property(nested, nested, (left, right) => {
      const column = buildColumnAs("a", lists, [left, right], "null");
      const [upper, lower] = [1, 2].map((seed) => hashKeys([column], 2, seed));
      const isSame = upper![0] === upper![1] && lower![0] === lower![1];
      expect(isSame).toBe(JSON.stringify(left) === JSON.stringify(right));
    }),
    { numRuns: 2000 },
  );
});
