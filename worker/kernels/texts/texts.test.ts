// Splitting, picking and joining texts by their bytes, against the same with strings.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { textColumn } from "../../../proto/batch/column.ts";
import { decodeStrings, encodeStrings } from "../../../proto/batch/text.ts";
import { pickTexts, type TextBytes, TextPicker } from "./gather-texts.ts";
import { linesOfTexts } from "./lines-of-texts.ts";
import { splitTexts } from "./split-texts.ts";

const word = fc.string({
  unit: fc.constantFrom("a", "b", ",", ", ", " ", "é", "字", "😀", "0123456789abcdef", "aab"),
  maxLength: 12,
});

/** Texts behind others in the same buffer, as those of a slice are. */
function behind(texts: readonly string[], before: string): TextBytes {
  const { offsets, values } = encodeStrings([before, ...texts]);
  return { offsets: offsets.subarray(1), values };
}

function bitsOf(flags: readonly boolean[]): Uint8Array {
  const bits = new Uint8Array((flags.length + 7) >> 3);
  for (const [at, flag] of flags.entries()) if (flag) bits[at >> 3]! |= 1 << (at & 7);
  return bits;
}

describe("split", () => {
  const separators = [",", " ", ", ", "a", "aa", "字", "😀", "é,", "0123456789abcdef0"];

  test("makes the parts that String.split makes, and none of nulls", () => {
    const cases = fc.record({
      texts: fc.array(fc.tuple(word, fc.boolean()), { maxLength: 20 }),
      before: word,
      separator: fc.constantFrom(...separators),
      hasNulls: fc.boolean(),
    });
    fc.assert(
      fc.property(cases, ({ texts, before, separator, hasNulls }) => {
        const all = texts.map(([text]) => text);
        const valid = texts.map(([, isValid]) => isValid || !hasNulls);
        const made = splitTexts(
          behind(all, before),
          all.length,
          new TextEncoder().encode(separator),
          hasNulls ? bitsOf(valid) : undefined,
        )!;
        const parts = decodeStrings(made.offsets, made.values);
        const lists = all.map((_, row) => parts.slice(made.lists[row], made.lists[row + 1]));
        expect(lists).toEqual(all.map((text, row) => (valid[row] ? text.split(separator) : [])));
      }),
      { numRuns: 500 },
    );
  });

  test("texts of every length around sixteen, with the separator anywhere", () => {
    const texts: string[] = [];
    for (let length = 0; length < 36; length++) {
      for (let at = 0; at < length; at++) {
        texts.push(`${"x".repeat(at)};${"y".repeat(length - at - 1)}`);
      }
    }
    const made = splitTexts(encodeStrings(texts), texts.length, Uint8Array.of(59), undefined)!;
    const parts = decodeStrings(made.offsets, made.values);
    expect(parts).toEqual(texts.flatMap((text) => text.split(";")));
  });
});

describe("picking", () => {
  const texts = fc.array(fc.oneof(word, fc.constant("x".repeat(700))), { minLength: 1 });

  test("gives the texts of the rows, again and again", () => {
    const cases = fc.record({
      texts,
      before: word,
      picks: fc.array(fc.array(fc.nat(), { maxLength: 90 }), { maxLength: 3 }),
    });
    fc.assert(
      fc.property(cases, ({ texts: all, before, picks }) => {
        const picker = TextPicker.open(behind(all, before), all.length)!;
        for (const pick of picks) {
          const rows = Int32Array.from(pick, (row) => row % all.length);
          const { offsets, values } = picker.pick(rows)!;
          const picked = Array.from(rows, (row) => all[row]);
          expect(decodeStrings(offsets, values)).toEqual(picked);
          const lines = picked.map((each) => `${each}\n`).join("");
          expect(Buffer.from(picker.pickLines(rows)!).toString()).toBe(lines);
        }
        picker.close();
      }),
      { numRuns: 300 },
    );
  });

  test("is left to a plain loop where texts are few, or few of them are picked", () => {
    const many = encodeStrings(Array.from({ length: 10_000 }, (_, row) => `text ${row}`));
    const rows = Int32Array.from({ length: 5000 }, (_, i) => 9999 - 2 * i);
    const { offsets, values } = pickTexts(many, 10_000, rows)!;
    expect(decodeStrings(offsets, values)).toEqual(Array.from(rows, (row) => `text ${row}`));
    expect(pickTexts(many, 10_000, rows.subarray(0, 100))).toBeUndefined();
    expect(pickTexts(encodeStrings(["a", "b"]), 2, Int32Array.of(1))).toBeUndefined();
  });
});

test("lines of texts are the texts with a line feed behind each", () => {
  fc.assert(
    fc.property(fc.array(word), word, (texts, before) => {
      const { offsets, values } = behind(texts, before);
      const lines = linesOfTexts(textColumn("t", offsets, values))!;
      expect(new TextDecoder().decode(lines)).toBe(texts.map((text) => `${text}\n`).join(""));
    }),
  );
});
