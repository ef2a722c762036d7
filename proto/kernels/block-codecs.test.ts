// Snappy blocks unpack to what was packed: literals of every length around the steps that they are copied in.

import fc from "fast-check";
import { expect, test } from "vitest";
import { packSnappy, unpackSnappy } from "./block-codecs.ts";

/** Bytes without four in a row that came before; the same each time. */
function noise(length: number): Uint8Array {
  let state = 1;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) | 0;
    return state >>> 16;
  });
}

test("literals of any length between repeats", () => {
  const bytes = noise(40_000);
  const parts: Uint8Array[] = [];
  for (let length = 0, at = 0; length < 200; length++) {
    parts.push(bytes.subarray(at, at + length), bytes.subarray(0, 4 + (length % 70)));
    at += length;
  }
  const whole = Uint8Array.from(parts.flatMap((part) => [...part]));
  const packed = packSnappy(...parts);
  expect(packed.length).toBeLessThan(whole.length);
  expect(packed).toEqual(packSnappy(whole));
  expect(unpackSnappy(packed, whole.length)).toEqual(whole);
});

test("blocks of every small length, and of nothing", () => {
  const bytes = noise(150);
  for (let length = 0; length < bytes.length; length++) {
    const own = bytes.slice(0, length);
    expect(unpackSnappy(packSnappy(own), length)).toEqual(own);
  }
});

type Element =
  | { readonly kind: "literal"; readonly length: number; readonly wide: number }
  | {
      readonly kind: "copy";
      readonly bytes: 1 | 2 | 4;
      readonly length: number;
      readonly back: number;
    };

const elements = fc.array(
  fc.oneof(
    fc.record({
      kind: fc.constant("literal" as const),
      length: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 300 })),
      wide: fc.integer({ min: 0, max: 4 }),
    }),
    fc.record({
      kind: fc.constant("copy" as const),
      bytes: fc.constantFrom(1, 2, 4),
      length: fc.integer({ min: 1, max: 64 }),
      back: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.nat()),
    }),
  ),
  { maxLength: 80 },
);

/** A block of the elements in whatever form each has, and what it holds. */
function written(all: readonly Element[]): {
  readonly packed: Uint8Array;
  readonly bytes: Uint8Array;
} {
  const literals = noise(30_000);
  const bytes = [7, 8, 9];
  const packed = [2 << 2, 7, 8, 9];
  for (const element of all) {
    if (element.kind === "literal") {
      const text = literals.subarray(bytes.length, bytes.length + element.length);
      const last = text.length - 1;
      const size = Math.max(element.wide, last >= 256 ? 2 : last >= 60 ? 1 : 0);
      packed.push(size === 0 ? last << 2 : (59 + size) << 2);
      for (let byte = 0; byte < size; byte++) packed.push((last >>> (8 * byte)) & 255);
      packed.push(...text);
      bytes.push(...text);
      continue;
    }
    const isNear = element.bytes === 1;
    const length = isNear ? 4 + (element.length % 8) : element.length;
    const back = 1 + (element.back % Math.min(bytes.length, isNear ? 2047 : 60_000));
    if (isNear) packed.push(1 | ((length - 4) << 2) | ((back >> 8) << 5), back & 255);
    else {
      packed.push((element.bytes === 2 ? 2 : 3) | ((length - 1) << 2));
      for (let byte = 0; byte < element.bytes; byte++) packed.push((back >>> (8 * byte)) & 255);
    }
    for (let i = 0; i < length; i++) bytes.push(bytes[bytes.length - back]!);
  }
  const head = [bytes.length & 127, bytes.length >> 7];
  const size = head[1] === 0 ? [head[0]!] : [head[0]! | 128, (head[1]! & 127) | 128, head[1]! >> 7];
  return { packed: Uint8Array.from([...size, ...packed]), bytes: Uint8Array.from(bytes) };
}

test("blocks of other writers, in which each literal and copy has any form", () => {
  fc.assert(
    fc.property(elements, fc.nat(), fc.integer({ min: 1, max: 255 }), (all, at, by) => {
      const { packed, bytes } = written(all);
      expect(unpackSnappy(packed, bytes.length)).toEqual(bytes);
      expect(unpackSnappy(packed.subarray(0, -1), bytes.length)).toBeUndefined();
      // Damaged they are refused, or other bytes of that number: nothing beyond is touched.
      packed[at % packed.length]! ^= by;
      expect(unpackSnappy(packed, bytes.length)?.length ?? bytes.length).toBe(bytes.length);
    }),
    { numRuns: 60 },
  );
});
