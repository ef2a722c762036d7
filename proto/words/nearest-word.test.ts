// Near words are found, far ones are not guessed.

import fc from "fast-check";
import { expect, test } from "vitest";
import { nearestWord } from "./nearest-word.ts";

const words = ["run", "submit", "status", "cancel", "threads"];

test.each([
  ["rnu", "run"],
  ["sumbit", "submit"],
  ["thread", "threads"],
  ["stauts", "status"],
  ["elephant", undefined],
  ["x", undefined],
])("%s", (typed, meant) => {
  expect(nearestWord(typed, words)).toBe(meant);
});

test("a word with one character changed is found", () => {
  const typo = fc.record({
    word: fc.constantFrom("submit", "status", "cancel", "threads"),
    at: fc.nat(3),
    by: fc.constantFrom("", "z", "zz"),
  });
  fc.assert(
    fc.property(typo, ({ word, at, by }) => {
      const typed = word.slice(0, at) + by + word.slice(at + 1);
      expect(nearestWord(typed, words)).toBe(word);
    }),
  );
});
