// Numbers of texts against a map: short and long ones, dictionaries, many, and what is too long for the kernel.
import fc from "fast-check";
import { expect, test } from "vitest";
import type { DictionaryColumn, TextColumn } from "../../../proto/batch/column.ts";
import { columnValues } from "../../../proto/batch/decode-column.ts";
import { columnOfValues } from "../testing/arbitrary-columns.ts";
import { firstRows, GroupIndex } from "./group-index.ts";
import { numbersOfRows } from "./row-groups.ts";
import { type Counting, TextIndex } from "./text-index.ts";

const textsOf = (values: readonly string[]) => columnOfValues("t", "utf8", values) as TextColumn;

function numbered(values: readonly string[], known: Map<string, number>): number[] {
  return values.map((value) => {
    if (!known.has(value)) known.set(value, known.size);
    return known.get(value)!;
  });
}

test("equal texts have one number, by order of coming, in plain columns and as codes", () => {
  const text = fc.oneof(
    fc.constantFrom("", "a", "b", "exactly 16 bytes", "seventeen bytes..", "x".repeat(40)),
    fc.string({ maxLength: 40 }),
  );
  const flags = {
    asCodes: fc.boolean(),
    counts: fc.constantFrom<Counting>("none", "beside", "only"),
  };
  const part = fc.record({ texts: fc.array(text, { minLength: 1 }), ...flags });
  fc.assert(
    fc.property(fc.array(part), (parts) => {
      const index = TextIndex.open()!;
      const known = new Map<string, number>();
      const tally = new Map<string, number>();
      for (const { texts, asCodes, counts } of parts) {
        const plain = textsOf(texts);
        const codes = Int32Array.from(texts, (_, i) => texts.length - 1 - i);
        const base = {
          name: "t",
          length: texts.length,
          nulls: "null",
          validity: undefined,
        } as const;
        const coded: DictionaryColumn = { ...base, type: "dictionary", codes, dictionary: plain };
        const column = asCodes ? coded : plain;
        const values = asCodes ? texts.toReversed() : texts;
        const before = index.find(column);
        expect(Array.from(before!)).toEqual(values.map((value) => known.get(value) ?? -1));
        const size = known.size;
        const added = index.add(column, counts)!;
        const numbers = numbered(values, known);
        const isTold = counts !== "only" || asCodes;
        expect(Array.from(numbersOfRows(added, values.length))).toEqual(isTold ? numbers : []);
        const news = firstRows(Int32Array.from(numbers), size, known.size);
        expect(added.newRows ?? news).toEqual(news);
        expect(added.isCounted).toBe(counts !== "none" && !asCodes);
        if (added.isCounted)
          for (const value of values) tally.set(value, 1 + (tally.get(value) ?? 0));
        expect(Array.from(index.counts())).toEqual(
          [...known.keys()].map((value) => tally.get(value) ?? 0),
        );
        expect(index.size).toBe(known.size);
        expect(columnValues(index.all())).toEqual([...known.keys()]);
      }
      index.close();
    }),
  );
});

test("batches that share a dictionary ask for its other texts alone, also once there are more", () => {
  const index = TextIndex.open()!;
  const dictionary = textsOf(["a", "b", "c", "d", "e"]) as TextColumn;
  const rowsOf = (...codes: number[]) => {
    const base = { name: "t", nulls: "null", validity: undefined, dictionary } as const;
    return {
      ...base,
      type: "dictionary",
      length: codes.length,
      codes: Int32Array.from(codes),
    } as const;
  };
  const add = (...codes: number[]) => [
    ...numbersOfRows(index.add(rowsOf(...codes))!, codes.length),
  ];
  const find = (...codes: number[]) => [...index.find(rowsOf(...codes))!];
  expect(add(1, 1, 3)).toEqual([0, 0, 1]);
  expect(add(3, 0, 1)).toEqual([1, 2, 0]);
  expect(find(0, 1, 2)).toEqual([2, 0, -1]);
  expect(find(2, 4, 3)).toEqual([-1, -1, 1]);
  expect(index.add(textsOf(["e"]))!.numbers[0]).toBe(3);
  expect(find(2, 4)).toEqual([-1, 3]);
  expect(add(2, 4, 0)).toEqual([4, 3, 2]);
  expect(find(2)).toEqual([4]);
  index.close();
});

test("a hundred thousand texts, in pieces and through growths", () => {
  const values = Array.from({ length: 150_000 }, (_, i) => `key number ${(i * 7919) % 100_003}`);
  const index = TextIndex.open()!;
  const known = new Map<string, number>();
  const added = index.add(textsOf(values), "beside")!;
  expect(Array.from(added.numbers)).toEqual(numbered(values, known));
  expect(added.newRows).toEqual(firstRows(added.numbers, 0, known.size));
  const counts = new Float64Array(known.size);
  for (const number of added.numbers) counts[number] = counts[number]! + 1;
  expect(index.counts()).toEqual(counts);
  expect(columnValues(index.all())).toEqual([...known.keys()]);
  index.close();
});

test("a text that is too long for the kernel moves all to a table", () => {
  const long = "y".repeat(200_000);
  const index = new GroupIndex();
  expect(Array.from(index.add([textsOf(["a", "b", "a"])], 3))).toEqual([0, 1, 0]);
  expect(Array.from(index.add([textsOf(["c", long, "b"])], 3))).toEqual([2, 3, 1]);
  expect(Array.from(index.find([textsOf([long, "z", "c"])], 3))).toEqual([3, -1, 2]);
});

test("counts of rows before such a text stay, and those of its batch are left to others", () => {
  const index = new GroupIndex();
  expect(index.number([textsOf(["a", "b", "a"])], 3, "only").isCounted).toBe(true);
  const mixed = textsOf(["a", "c", "y".repeat(200_000), "b"]);
  const { numbers, isCounted } = index.number([mixed], 4, "only");
  expect(Array.from(numbers)).toEqual([0, 2, 3, 1]);
  expect(isCounted).toBe(false);
  expect(Array.from(index.counts()!.subarray(0, 2))).toEqual([2, 1]);
  expect(
    index
      .counts()!
      .subarray(2)
      .every((count) => count === 0),
  ).toBe(true);
  index.close();
  expect(index.counts()).toBeUndefined();
});

test("more indexes than kernels still number", () => {
  const many = Array.from({ length: 40 }, () => new GroupIndex());
  for (const index of many) {
    expect(Array.from(index.add([textsOf(["a", "b", "a"])], 3))).toEqual([0, 1, 0]);
  }
  for (const index of many) index.close();
});
