// Padded texts are the same by bytes as character by character.
import fc from "fast-check";
import { expect, test } from "vitest";
import { call, column, evaluate, literal } from "../testing/expr.ts";
import { characters } from "./texts.ts";

const ascii = fc.string({ maxLength: 6 });
const texts = fc.oneof(
  fc.array(fc.option(ascii), { minLength: 1, maxLength: 20 }),
  fc.array(fc.option(fc.oneof(ascii, fc.constantFrom("é😀c", "😀"))), { minLength: 1 }),
);
const filling = fc.oneof(fc.constantFrom("0", "", "é", "xyz"), fc.string({ maxLength: 3 }));

function padded(text: string | null, length: number, fill: string, atStart: boolean) {
  if (text === null) return null;
  const all = characters(text);
  if (all.length >= length) return all.slice(0, Math.max(length, 0)).join("");
  const own = characters(fill);
  if (own.length === 0) return text;
  const missing = Array.from({ length: length - all.length }, (_, i) => own[i % own.length]);
  return (atStart ? [...missing, ...all] : [...all, ...missing]).join("");
}

test("padStart and padEnd of columns", () => {
  fc.assert(
    fc.property(texts, fc.integer({ min: -2, max: 12 }), filling, (values, length, fill) => {
      const rows = values.map((t) => ({ t }));
      for (const [name, atStart] of [
        ["padStart", true],
        ["padEnd", false],
      ] as const) {
        const with_ = evaluate(call(name, column("t"), literal(length), literal(fill)), rows);
        expect(with_).toEqual(values.map((text) => padded(text, length, fill, atStart)));
        const spaces = evaluate(call(name, column("t"), literal(length)), rows);
        expect(spaces).toEqual(values.map((text) => padded(text, length, " ", atStart)));
      }
    }),
  );
});
