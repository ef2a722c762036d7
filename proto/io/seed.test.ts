// Real randomness: in range, fresh, and not tied to a 32-bit seed.

import { expect, test } from "vitest";
import { realRandom, realSeed } from "./seed.ts";

test("ids differ, also between children of one name", () => {
  const random = realRandom();
  const ids = new Set<string>();
  for (let i = 0; i < 1000; i++) ids.add(random.nextHex128());
  for (let i = 0; i < 1000; i++) ids.add(random.child("same").nextHex128());
  expect(ids.size).toBe(2000);
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{32}$/);
});

test("below stays below and reaches every value", () => {
  const random = realRandom();
  const seen = new Set<number>();
  for (let i = 0; i < 2000; i++) seen.add(random.below(7));
  expect([...seen].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6]);
});

test("a seed is an unsigned 32-bit integer", () => {
  const seed = realSeed();
  expect(seed).toBe(seed >>> 0);
});
