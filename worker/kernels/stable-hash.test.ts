// Fixed answers of the hash: changing one would move keys between partitions of running clusters.
import fc from "fast-check";
import { expect, test } from "vitest";
import { partitionOf, partitionsOf, stableHash32 } from "./stable-hash.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);

test("known keys keep their hashes", () => {
  const keys = [
    "",
    "a",
    "b",
    "the",
    "wörter",
    "exactly16bytes!!",
    "seventeen bytes!!",
    "x".repeat(1000),
  ];
  expect(keys.map((key) => stableHash32(utf8(key)))).toEqual([
    1725601997, 2299949723, 3931050737, 2832903716, 2657623037, 3764375932, 1592681284, 1808516416,
  ]);
});

test("padding is not content", () => {
  const hashes = [0, 1, 2, 15, 16, 17].map((zeros) => stableHash32(new Uint8Array(zeros)));
  expect(new Set(hashes).size).toBe(hashes.length);
});

test("a range hashes like its copy", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(80), fc.nat(80), (bytes, left, right) => {
      const start = Math.min(left, right, bytes.length);
      const end = Math.min(Math.max(left, right), bytes.length);
      expect(stableHash32(bytes, start, end)).toBe(stableHash32(bytes.slice(start, end)));
    }),
  );
});

test("short keys spread evenly over partitions", () => {
  for (const partitions of [7, 8, 64]) {
    const rows = new Array<number>(partitions).fill(0);
    for (let key = 0; key < 64_000; key++) {
      rows[partitionOf(stableHash32(utf8(`k${key}`)), partitions)]! += 1;
    }
    const fair = 64_000 / partitions;
    // Five standard deviations of an ideal hash.
    expect(Math.max(...rows) - fair).toBeLessThan(5 * Math.sqrt(fair));
    expect(fair - Math.min(...rows)).toBeLessThan(5 * Math.sqrt(fair));
  }
});

test("short keys collide no more often than chance", () => {
  const hashes = new Set<number>();
  for (let key = 0; key < 100_000; key++) hashes.add(stableHash32(utf8(key.toString(36))));
  // Expected: 100 000² / 2³³ = 1.2 pairs.
  expect(hashes.size).toBeGreaterThan(100_000 - 8);
});

test("partitions of many hashes are those of each, also beside whole quotients", () => {
  const plain = [0, 1, -1, 65_535, 65_536, 2 ** 31 - 1, -(2 ** 31), 123_456_789];
  for (const partitions of [1, 2, 3, 7, 18, 49, 64, 1000, 4095, 10_000]) {
    const most = Math.floor((2 ** 32 - 2) / partitions);
    const near = Array.from({ length: 3000 }, (_, i) => {
      const quotient = i < 1000 ? most - i : Math.floor((most / 3000) * i);
      return quotient * partitions + (i % 3) - 1;
    });
    const hashes = Int32Array.from([...plain, ...near], (hash) => hash | 0);
    const expected = Array.from(hashes, (hash) => partitionOf(hash >>> 0, partitions));
    expect(Array.from(partitionsOf(hashes.slice(), partitions))).toEqual(expected);
  }
});
