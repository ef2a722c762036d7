// The hybrid of runs and packed bits by which Parquet stores levels, codes and booleans.

import { damagedThrift } from "./thrift-read.ts";

/** Bits that numbers up to `most` take. */
export function bitsFor(most: number): number {
  return 32 - Math.clz32(most);
}

/** `count` numbers of `width` bits, least significant bit first. */
function unpackBits(
  bytes: Uint8Array,
  at: number,
  width: number,
  out: Int32Array | Uint8Array,
  from: number,
  count: number,
): void {
  if (width === 8) {
    for (let i = 0; i < count; i++) out[from + i] = bytes[at + i]!;
    return;
  }
  if (width === 1) {
    for (let i = 0; i < count; i++) out[from + i] = (bytes[at + (i >> 3)]! >> (i & 7)) & 1;
    return;
  }
  let held = 0;
  let bits = 0;
  let next = at;
  if (width <= 24) {
    const mask = (1 << width) - 1;
    for (let i = 0; i < count; i++) {
      while (bits < width) {
        held |= bytes[next++]! << bits;
        bits += 8;
      }
      out[from + i] = held & mask;
      held >>>= width;
      bits -= width;
    }
    return;
  }
  const mask = width === 32 ? -1 : (1 << width) - 1;
  for (let i = 0; i < count; i++) {
    const bit = i * width;
    const byte = at + (bit >> 3);
    const shift = bit & 7;
    const low =
      bytes[byte]! |
      (bytes[byte + 1]! << 8) |
      (bytes[byte + 2]! << 16) |
      ((bytes[byte + 3] ?? 0) << 24);
    const high = shift === 0 ? 0 : (bytes[byte + 4] ?? 0) << (32 - shift);
    out[from + i] = ((low >>> shift) | high) & mask;
  }
}

/** Fills `out` with `count` numbers; returns the byte after the last run that was read. */
export function readRuns(
  bytes: Uint8Array,
  start: number,
  end: number,
  width: number,
  out: Int32Array | Uint8Array,
  count: number,
): number {
  let at = start;
  let filled = 0;
  const valueBytes = (width + 7) >> 3;
  while (filled < count) {
    let head = 0;
    for (let shift = 0; ; shift += 7) {
      if (at >= end || shift > 28) throw damagedThrift(`a run at byte ${at} of a page ends early`);
      const byte = bytes[at++]!;
      head |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    if ((head & 1) === 0) {
      const length = Math.min(head >>> 1, count - filled);
      if (at + valueBytes > end) throw damagedThrift(`a run at byte ${at} of a page ends early`);
      let value = 0;
      for (let i = 0; i < valueBytes; i++) value |= bytes[at + i]! << (8 * i);
      at += valueBytes;
      out.fill(value, filled, filled + length);
      filled += length;
    } else {
      const packed = (head >>> 1) * width;
      const length = Math.min((head >>> 1) * 8, count - filled);
      // The last group may be cut where its padding begins.
      if (at + ((length * width + 7) >> 3) > end) {
        throw damagedThrift(`packed numbers at byte ${at} of a page end early`);
      }
      unpackBits(bytes, at, width, out, filled, length);
      at = Math.min(at + packed, end);
      filled += length;
    }
  }
  return at;
}

/** Whether all `count` numbers are one run of `value`: then they need not be written out. */
export function isOneRun(
  bytes: Uint8Array,
  start: number,
  end: number,
  count: number,
  value: number,
): boolean {
  let head = 0;
  let at = start;
  for (let shift = 0; ; shift += 7) {
    if (at >= end || shift > 28) return false;
    const byte = bytes[at++]!;
    head |= (byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  return (head & 1) === 0 && head >>> 1 >= count && bytes[at] === value;
}
