// Moving rows of columns, against arrays of their values.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { makeBatch } from "../../../proto/batch/batch.ts";
import { columnValues } from "../../../proto/batch/decode-column.ts";
import {
  arbitraryColumn,
  arbitraryValues,
  columnOfValues,
  numberKinds,
} from "../testing/arbitrary-columns.ts";
import { concat, concatBatches } from "./concat.ts";
import { gather, gatherOrNull, rowsOfBits, slice } from "./gather.ts";

const lengths = fc.integer({ min: 0, max: 40 });
const columns = lengths.chain((length) => arbitraryColumn("c", length));
const bare = (values: readonly unknown[]) => values.map((value) => value ?? null);

describe("rows of columns", () => {
  test("gather picks the values at the indices", () => {
    fc.assert(
      fc.property(columns, fc.array(fc.nat()), ({ column }, picks) => {
        const rows = Int32Array.from(column.length === 0 ? [] : picks, (n) => n % column.length);
        const expected = Array.from(rows, (row) => columnValues(column)[row]);
        expect(columnValues(gather(column, rows))).toEqual(expected);
      }),
    );
  });

  test("gather copies bytes of any length from anywhere", () => {
    const item = fc.uint8Array({ maxLength: 150 });
    const items = fc.array(item, { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(items, fc.array(fc.nat(), { maxLength: 30 }), fc.nat(3), (bytes, picks, skip) => {
        const ends = bytes.map((_, at) =>
          bytes.slice(0, at + 1).reduce((sum, b) => sum + b.length, 0),
        );
        const values = Buffer.concat([new Uint8Array(skip), ...bytes]).subarray(skip);
        const offsets = Int32Array.of(0, ...ends);
        const base = {
          name: "a",
          length: bytes.length,
          nulls: "null",
          validity: undefined,
        } as const;
        const rows = Int32Array.from(picks, (pick) => pick % bytes.length);
        const found = gather({ ...base, type: "binary", offsets, values }, rows);
        const expected = Array.from(rows, (row) => [...bytes[row]!]);
        expect(columnValues(found).map((value) => [...(value as Uint8Array)])).toEqual(expected);
      }),
    );
  });

  test("gatherOrNull has a null where the index is -1", () => {
    fc.assert(
      fc.property(columns, fc.array(fc.integer({ min: -1, max: 1000 })), ({ column }, picks) => {
        const rows = Int32Array.from(picks, (n) => (n < 0 ? -1 : (n % (column.length + 1)) - 1));
        const values = columnValues(column);
        const expected = Array.from(rows, (row) => (row < 0 ? null : values[row]));
        expect(bare(columnValues(gatherOrNull(column, rows)))).toEqual(bare(expected));
      }),
    );
  });

  test("slice and concat are inverse, also of slices of slices", () => {
    fc.assert(
      fc.property(columns, fc.nat(), fc.nat(), ({ column }, one, other) => {
        const middle = one % (column.length + 1);
        const end = middle + (other % (column.length - middle + 1));
        const tail = slice(column, middle, column.length);
        const parts = [
          slice(column, 0, middle),
          slice(tail, 0, end - middle),
          slice(column, end, column.length),
        ];
        expect(bare(columnValues(concat("c", parts)))).toEqual(bare(columnValues(column)));
      }),
    );
  });

  test("concat widens numbers, and nulls to anything", () => {
    const pair = fc.tuple(fc.constantFrom(...numberKinds), fc.constantFrom(...numberKinds));
    const cases = pair.chain(([left, right]) =>
      fc.tuple(
        fc.constant(left),
        arbitraryValues(left, 5),
        fc.constant(right),
        arbitraryValues(right, 5),
      ),
    );
    fc.assert(
      fc.property(cases, ([leftKind, left, rightKind, right]) => {
        const parts = [
          columnOfValues("c", leftKind, left),
          columnOfValues("c", "null", [null, null]),
          columnOfValues("c", rightKind, right),
        ];
        const found = bare(columnValues(concat("c", parts))).map((v) =>
          v === null ? v : Number(v),
        );
        const expected = [...left, null, null, ...right].map((v) => (v === null ? v : Number(v)));
        expect(found.map((v) => v ?? null)).toEqual(expected.map((v) => (v === 0 ? v : v)));
      }),
    );
  });

  test("what has no common type becomes tagged JSON, as it would within one batch", () => {
    const text = columnOfValues("c", "utf8", ["x", null]);
    const number = columnOfValues("c", "float64", [1]);
    const whole = concat("c", [text, number]);
    expect([whole.type, columnValues(whole)]).toEqual(["json", ["x", null, 1]]);
  });

  test("batches are joined by name; what is absent is null", () => {
    const one = makeBatch("record", [
      columnOfValues("a", "int32", [1]),
      columnOfValues("b", "utf8", ["x"]),
    ]);
    const two = makeBatch("record", [
      columnOfValues("b", "utf8", ["y"]),
      columnOfValues("c", "bool", [true]),
    ]);
    const whole = concatBatches([one, two]);
    expect(whole.columns.map(({ name }) => name)).toEqual(["a", "b", "c"]);
    expect(whole.columns.map((column) => bare(columnValues(column)))).toEqual([
      [1, null],
      ["x", "y"],
      [null, true],
    ]);
  });

  test("bits to rows", () => {
    expect(Array.from(rowsOfBits(Uint8Array.of(0b1010_0101, 0b1), 9))).toEqual([0, 2, 5, 7, 8]);
  });
});
