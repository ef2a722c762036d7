// All matches of runs of one class, by bytes, against those of the regular expression itself.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { batchOfRows } from "../../../../proto/batch/batch.ts";
import { columnValues } from "../../../../proto/batch/decode-column.ts";
import { sliceBatch } from "../../columns/gather.ts";
import { compileExpr } from "../compile-expr.ts";
import { call, column, evaluate, literal } from "../testing/expr.ts";
import { classOfRuns } from "./class-runs.ts";

const patterns = [
  ["\\w+", ""],
  ["\\d+", ""],
  ["\\S+", ""],
  ["\\W+", "s"],
  ["\\p{L}+", ""],
  ["\\P{L}+", "m"],
  ["\\p{Script=Greek}+", "i"],
  ["[a-f]+", "i"],
  ["[^\\s,]+", "m"],
  ["[\\]\\[\\\\]+", ""],
  ["[\u{17f}k]+", "i"],
  ["[^]+", ""],
] as const;
const others = [
  "\\w+?",
  "\\w*",
  "(\\w)+",
  "\\w+\\d+",
  "ab+",
  "[]+",
  "[a]b]+",
  ".+",
  "\\bw+",
  "\\w{1,}",
  "",
];

const character = fc.constantFrom(
  ..."abfFkKzZ09_ ,-[]\\\n\0\u007f",
  ...["é", "ſ", "\u212a", "字", "😀", "α"],
);
const ascii = fc.constantFrom(..."abfFkKzZ09_ ,-[]\\\n\0\u007f");
const text = fc
  .oneof(
    fc.array(ascii, { maxLength: 60 }),
    fc.array(ascii, { maxLength: 60 }),
    fc.array(character, { maxLength: 20 }),
  )
  .map((characters) => characters.join(""));

function found(values: readonly (string | null)[], pattern: string, flags: string) {
  const rows = values.map((t) => ({ t }));
  const all = call(
    "regexExtractAll",
    ...[column("t"), literal(pattern), literal(0), literal(flags)],
  );
  return evaluate(all, rows);
}

describe("all matches of runs of a class", () => {
  test("are those of the regular expression", () => {
    const texts = fc.array(fc.option(text), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(texts, fc.constantFrom(...patterns), (values, [pattern, flags]) => {
        expect(classOfRuns(pattern, flags)).toBeDefined();
        const regex = new RegExp(pattern, `${flags}ug`);
        const expected = values.map((value) =>
          value === null ? null : (value.match(regex) ?? []),
        );
        expect(found(values, pattern, flags)).toEqual(expected);
      }),
      { numRuns: 1000 },
    );
  });

  test("of every length and place around sixteen bytes", () => {
    const texts: string[] = [];
    for (let length = 0; length < 36; length++) {
      for (let at = 0; at < length; at++) {
        texts.push(`${"x".repeat(at)} ${"y".repeat(length - at - 1)}`);
        texts.push(`${" ".repeat(at)}${"y".repeat(length - at)}`);
      }
    }
    expect(found(texts, "[xy]+", "")).toEqual(texts.map((each) => each.match(/[xy]+/gu) ?? []));
  });

  test("of texts that begin in the middle of a column's bytes", () => {
    const rows = ["one two", "dré", "three four", "five"].map((t) => ({ t }));
    const words = compileExpr(call("regexExtractAll", column("t"), literal("\\p{L}+")));
    const some = words(sliceBatch(batchOfRows(rows), 1, 3));
    expect(columnValues(some)).toEqual([["dré"], ["three", "four"]]);
  });

  test.each(others)("are left to the regular expression where it is %j", (pattern) => {
    expect(classOfRuns(pattern, "")).toBeUndefined();
  });

  test("of what is no pattern are an error once a row asks", () => {
    expect(classOfRuns("\\p{Nowhere}+", "")).toBeUndefined();
    expect(() => found(["a"], "\\p{Nowhere}+", "")).toThrow(/Invalid property name/);
    expect(found([null], "\\p{Nowhere}+", "")).toEqual([null]);
  });
});
