// Texts are numbered as a Map of strings numbers them.

import fc from "fast-check";
import { expect, test } from "vitest";
import { TextNumbers } from "./text-numbers.ts";

test("texts get the numbers that a Map of strings gives them", () => {
  const text = fc.oneof(fc.constantFrom("", "a", "b", "ab"), fc.string({ unit: "binary" }));
  fc.assert(
    fc.property(fc.array(text), (texts) => {
      const [numbers, twin] = [new TextNumbers(), new Map<string, number>()];
      for (const each of texts) {
        const bytes = Buffer.from(`<${each}>`);
        twin.set(each, twin.get(each) ?? twin.size + 1);
        expect(numbers.of(bytes, 1, bytes.length - 1)).toBe(twin.get(each));
      }
    }),
  );
});

test("texts keep their numbers while the table grows", () => {
  const numbers = new TextNumbers();
  const bytesOf = (at: number): Buffer => Buffer.from(`text ${at}`);
  const numberOf = (at: number): number => numbers.of(bytesOf(at), 0, bytesOf(at).length);
  for (let at = 0; at < 20_000; at++) numberOf(at);
  for (let at = 0; at < 20_000; at += 97) expect(numberOf(at)).toBe(at + 1);
});
