// Snappy blocks unpack to what was packed: literals of every length around the steps that they are copied in.

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
