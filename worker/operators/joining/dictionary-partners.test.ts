// Partners by the codes of texts, against those that each text has by itself.

import { expect, test } from "vitest";
import type { DictionaryColumn, TextColumn } from "../../../proto/batch/column.ts";
import { columnOfValues } from "../../kernels/testing/arbitrary-columns.ts";
import { DictionaryPartners } from "./dictionary-partners.ts";

const textsOf = (texts: readonly string[]) => columnOfValues("k", "utf8", texts) as TextColumn;

function coded(dictionary: TextColumn, codes: readonly number[], valid?: number): DictionaryColumn {
  return {
    ...{ name: "k", type: "dictionary", nulls: "null", length: codes.length, dictionary },
    codes: Int32Array.from(codes),
    validity: valid === undefined ? undefined : Uint8Array.of(valid),
  };
}

test("each text of a dictionary is asked for once, and again only when another came between", () => {
  let asked = 0;
  const partners = new DictionaryPartners((texts) => {
    asked++;
    // Partner of a text: its own length, none of the empty one.
    return Int32Array.from({ length: texts.length }, (_, i) => {
      return texts.offsets[i + 1]! - texts.offsets[i]! || -1;
    });
  });
  const find = (column: DictionaryColumn) => {
    const into = new Int32Array(column.length);
    return [partners.find([column], into), ...into];
  };
  const [one, two] = [textsOf(["aa", "", "b"]), textsOf(["ccc"])];
  expect(find(coded(one, [2, 1, 0, 0]))).toEqual([3, 1, -1, 2, 2]);
  expect(find(coded(one, [1, 2, 1]))).toEqual([1, -1, 1, -1]);
  // Nulls have a code that means nothing.
  expect(find(coded(one, [0, 0, 2], 0b101))).toEqual([2, 2, -1, 1]);
  expect(asked).toBe(1);
  expect(find(coded(two, [0]))).toEqual([1, 3]);
  expect(find(coded(one, [0, 1, 2]))).toEqual([2, 2, -1, 1]);
  expect(asked).toBe(3);
  // Fewer rows than texts, other kinds, and several keys are left to others.
  expect(partners.find([coded(textsOf(["x", "y"]), [0])], new Int32Array(1))).toBe(undefined);
  expect(partners.find([one], new Int32Array(3))).toBe(undefined);
  expect(partners.find([coded(two, [0]), two], new Int32Array(1))).toBe(undefined);
  partners.close();
});
