// What baselines read from columns, whatever way a column is stored.

import { expect, test } from "vitest";
import type { Column } from "../../../proto/batch/column.ts";
import { byText, numberedTexts, numbersOf, textsOf } from "./column-values.ts";

const plain = { name: "c", nulls: "null", validity: undefined } as const;

/** Its first offset is not 0, as in a slice of a batch. */
function textColumn(texts: readonly string[]) {
  const values = Buffer.from(`before${texts.join("")}`);
  const offsets = new Int32Array(texts.length + 1);
  let at = "before".length;
  for (const [row, text] of texts.entries()) {
    offsets[row] = at;
    at += Buffer.byteLength(text);
  }
  offsets[texts.length] = at;
  return { ...plain, type: "utf8", length: texts.length, offsets, values } as const;
}

function coded(texts: readonly string[], codes: readonly number[]): Column {
  const dictionary = textColumn(texts);
  return {
    ...plain,
    type: "dictionary",
    length: codes.length,
    codes: Int32Array.from(codes),
    dictionary,
  };
}

const all = (column: Column): string[] =>
  Array.from({ length: column.length }, (_, row) => textsOf(column)(row));

test.each([[["a", "", "bcd"]], [["ä", "b", "日本"]], [[]]])("texts %j are read", (texts) => {
  expect(all(textColumn(texts))).toEqual(texts);
});

test("texts of a dictionary are read by their codes, and each is asked about once", () => {
  const column = coded(["x", "y", "unused"], [1, 0, 1, 1]);
  expect(all(column)).toEqual(["y", "x", "y", "y"]);
  const asked: string[] = [];
  const lengths = byText((text) => {
    asked.push(text);
    return text.length;
  });
  expect([...lengths(column, 4), ...lengths(column, 4)]).toEqual([1, 1, 1, 1, 1, 1, 1, 1]);
  expect(asked).toEqual(["y", "x"]);
});

test("texts get the same number in every batch", () => {
  const numbered = numberedTexts();
  expect([...numbered(textColumn(["b", "a", "b"]), 3)]).toEqual([1, 2, 1]);
  expect([...numbered(coded(["a", "c"], [1, 0]), 2)]).toEqual([3, 2]);
});

test("whole numbers of 64 bits are read exactly below 2^53, whatever their sign", () => {
  const numbers = [0n, -1n, 4_294_967_296n, -4_294_967_297n, 9_007_199_254_740_991n];
  const values = BigInt64Array.from(numbers);
  const column: Column = { ...plain, type: "int64", length: values.length, values };
  expect([...numbersOf(column)]).toEqual(numbers.map(Number));
});
