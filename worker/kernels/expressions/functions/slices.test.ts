// Parts of texts are the same by bytes as character by character.

import fc from "fast-check";
import { expect, test } from "vitest";
import { call, column, evaluate, literal } from "../testing/expr.ts";
import { characters, windowOf } from "./texts.ts";

const ascii = fc.string({ maxLength: 6 });
const texts = fc.oneof(
  fc.array(fc.option(ascii), { minLength: 1, maxLength: 20 }),
  fc.array(fc.option(fc.oneof(ascii, fc.constantFrom("é😀c", "😀", "aß")))),
);
const place = fc.integer({ min: -8, max: 8 });

function part(text: string | null, from: number, to: number): string | null {
  return text === null ? null : characters(text).slice(from, Math.max(from, to)).join("");
}

test("substring, left and right of columns", () => {
  fc.assert(
    fc.property(texts, place, place, (values, start, length) => {
      const rows = values.map((t) => ({ t }));
      if (rows.length === 0) return;
      const sizes = values.map((text) => (text === null ? 0 : characters(text).length));
      const windows = sizes.map((size) => windowOf(size, start, length));
      const found = (name: string, ...numbers: number[]) =>
        evaluate(call(name, column("t"), ...numbers.map(literal)), rows);
      expect(found("substring", start, length)).toEqual(
        values.map((text, at) => part(text, ...windows[at]!)),
      );
      expect(found("left", length)).toEqual(values.map((text) => part(text, 0, length)));
      const lasts = sizes.map((size) => Math.max(size - Math.max(length, 0), 0));
      expect(found("right", length)).toEqual(
        values.map((text, at) => part(text, lasts[at]!, sizes[at]!)),
      );
    }),
  );
});
