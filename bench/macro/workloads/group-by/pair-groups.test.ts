// Groups of pairs are those that a Map of texts finds, in the same order.

import fc from "fast-check";
import { expect, test } from "vitest";
import { PairGroups } from "./pair-groups.ts";

test("pairs are numbered as a Map of texts numbers them", () => {
  const number = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.integer());
  fc.assert(
    fc.property(fc.array(fc.tuple(number, number)), (pairs) => {
      const [groups, twin] = [new PairGroups(), new Map<string, number>()];
      for (const [first, second] of pairs) {
        const key = `${first},${second}`;
        twin.set(key, twin.get(key) ?? twin.size);
        expect(groups.of(first, second)).toBe(twin.get(key));
      }
      expect(groups.size).toBe(twin.size);
    }),
  );
});

test("groups keep their numbers while their table grows", () => {
  const groups = new PairGroups();
  const pairs = 100_000;
  for (let at = 0; at < pairs; at++) groups.of(at % 1000, at);
  for (let at = 0; at < pairs; at += 97) expect(groups.of(at % 1000, at)).toBe(at);
  expect(groups.size).toBe(pairs);
});
