// Delta encodings: whole numbers by their differences, and texts by their lengths and common beginnings.

import { damagedThrift } from "./thrift-read.ts";

interface Cursor {
  readonly bytes: Uint8Array;
  at: number;
}

function varint(cursor: Cursor): number {
  let value = 0;
  let scale = 1;
  for (let length = 0; length < 10; length++) {
    const byte = cursor.bytes[cursor.at++];
    if (byte === undefined) break;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return value;
    scale *= 128;
  }
  throw damagedThrift("a delta-encoded page ends early");
}

/** A zigzag number of 64 bits as halves, of which `[0]` is the lower. */
function zigzag(cursor: Cursor, halves: Int32Array): void {
  let low = 0;
  let high = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = cursor.bytes[cursor.at++];
    if (byte === undefined || shift > 63) throw damagedThrift("a delta-encoded page ends early");
    const part = byte & 0x7f;
    if (shift < 28) low |= part << shift;
    else if (shift === 28) {
      low |= part << 28;
      high |= part >>> 4;
    } else high |= part << (shift - 32);
    if (byte < 0x80) break;
  }
  const sign = -(low & 1);
  halves[0] = ((low >>> 1) | (high << 31)) ^ sign;
  halves[1] = (high >>> 1) ^ sign;
}

interface DeltaHead {
  readonly perBlock: number;
  readonly miniBlocks: number;
  readonly total: number;
}

function readHead(cursor: Cursor): DeltaHead {
  const perBlock = varint(cursor);
  const miniBlocks = varint(cursor);
  const total = varint(cursor);
  const isSound = miniBlocks > 0 && perBlock % (miniBlocks * 8) === 0 && perBlock > 0;
  if (!isSound) throw damagedThrift("a delta-encoded page has blocks of no possible size");
  return { perBlock, miniBlocks, total };
}

/** Adds `count` differences of `width` bits, each above `least`, to `halves`, and writes each sum. */
function addDeltas(
  cursor: Cursor,
  width: number,
  least: Int32Array,
  halves: Int32Array,
  out: Int32Array,
  from: number,
  count: number,
): void {
  const { bytes, at } = cursor;
  let low = halves[0]! >>> 0;
  let high = halves[1]!;
  const leastLow = least[0]! >>> 0;
  const leastHigh = least[1]!;
  const mask = width >= 32 ? 0xffffffff : 2 ** width - 1;
  const highMask = width <= 32 ? 0 : width === 64 ? -1 : (1 << (width - 32)) - 1;
  for (let i = 0; i < count; i++) {
    const bit = i * width;
    const byte = at + (bit >> 3);
    const shift = bit & 7;
    let deltaLow = 0;
    let deltaHigh = 0;
    if (width > 0) {
      const first =
        (bytes[byte] ?? 0) |
        ((bytes[byte + 1] ?? 0) << 8) |
        ((bytes[byte + 2] ?? 0) << 16) |
        ((bytes[byte + 3] ?? 0) << 24);
      const fifth = bytes[byte + 4] ?? 0;
      deltaLow = (((first >>> shift) | (shift === 0 ? 0 : fifth << (32 - shift))) & mask) >>> 0;
      if (width > 32) {
        const second =
          fifth |
          ((bytes[byte + 5] ?? 0) << 8) |
          ((bytes[byte + 6] ?? 0) << 16) |
          ((bytes[byte + 7] ?? 0) << 24);
        const ninth = shift === 0 ? 0 : (bytes[byte + 8] ?? 0) << (32 - shift);
        deltaHigh = ((second >>> shift) | ninth) & highMask;
      }
    }
    const sum = deltaLow + leastLow;
    const next = low + (sum >>> 0);
    high =
      (high + deltaHigh + leastHigh + (sum > 0xffffffff ? 1 : 0) + (next > 0xffffffff ? 1 : 0)) | 0;
    low = next >>> 0;
    out[2 * (from + i)] = low;
    out[2 * (from + i) + 1] = high;
  }
  halves[0] = low;
  halves[1] = high;
}

export interface Deltas {
  readonly values: BigInt64Array;
  readonly end: number;
}

/** Numbers of 64 bits; those of 32 wrap to their lower half. */
export function readDeltas(bytes: Uint8Array, start: number, countMax: number): Deltas {
  const cursor: Cursor = { bytes, at: start };
  const { perBlock, miniBlocks, total } = readHead(cursor);
  if (total > countMax)
    throw damagedThrift(`a page of ${countMax} values has ${total} differences`);
  const values = new BigInt64Array(total);
  const out = new Int32Array(values.buffer);
  const halves = new Int32Array(2);
  zigzag(cursor, halves);
  if (total > 0) {
    out[0] = halves[0]!;
    out[1] = halves[1]!;
  }
  const perMini = perBlock / miniBlocks;
  const least = new Int32Array(2);
  for (let done = 1; done < total; ) {
    zigzag(cursor, least);
    const widthsAt = cursor.at;
    cursor.at += miniBlocks;
    for (let mini = 0; mini < miniBlocks && done < total; mini++) {
      const width = bytes[widthsAt + mini] ?? 255;
      if (width > 64) throw damagedThrift(`differences of ${width} bits`);
      const count = Math.min(perMini, total - done);
      addDeltas(cursor, width, least, halves, out, done, count);
      cursor.at += (perMini * width) >> 3;
      done += count;
    }
  }
  return { values, end: Math.min(cursor.at, bytes.length) };
}

/** The lower halves. */
function lowHalves(values: BigInt64Array): Int32Array {
  const halves = new Int32Array(values.buffer, values.byteOffset, values.length * 2);
  const out = new Int32Array(values.length);
  for (let i = 0; i < out.length; i++) out[i] = halves[2 * i]!;
  return out;
}

export function readDeltas32(bytes: Uint8Array, start: number, count: number) {
  const { values, end } = readDeltas(bytes, start, count);
  return { values: lowHalves(values), end };
}

export interface Texts {
  readonly offsets: Int32Array;
  readonly values: Uint8Array;
}

/** Lengths first, then all bytes. */
export function readDeltaLengths(bytes: Uint8Array, start: number, count: number): Texts {
  const lengths = readDeltas32(bytes, start, count);
  const offsets = new Int32Array(lengths.values.length + 1);
  let end = 0;
  for (let i = 0; i < lengths.values.length; i++) {
    const length = lengths.values[i]!;
    if (length < 0) throw damagedThrift("a text of negative length");
    end += length;
    offsets[i + 1] = end;
  }
  if (end > bytes.length - lengths.end) throw damagedThrift("texts that end behind their page");
  return { offsets, values: bytes.subarray(lengths.end, lengths.end + end) };
}

/** How many bytes each text shares with the one before, then the rest of each. */
export function readDeltaTexts(bytes: Uint8Array, start: number, count: number): Texts {
  const prefixes = readDeltas32(bytes, start, count);
  const rest = readDeltaLengths(bytes, prefixes.end, count);
  const texts = Math.min(prefixes.values.length, rest.offsets.length - 1);
  const offsets = new Int32Array(texts + 1);
  for (let i = 0; i < texts; i++) {
    const own = rest.offsets[i + 1]! - rest.offsets[i]!;
    const shared = prefixes.values[i]!;
    const before = i === 0 ? 0 : offsets[i]! - offsets[i - 1]!;
    if (shared < 0 || shared > before) throw damagedThrift("a text shares more than there is");
    offsets[i + 1] = offsets[i]! + shared + own;
  }
  const values = new Uint8Array(offsets[texts]!);
  for (let i = 0; i < texts; i++) {
    const at = offsets[i]!;
    const shared = prefixes.values[i]!;
    if (shared > 0) values.copyWithin(at, offsets[i - 1]!, offsets[i - 1]! + shared);
    values.set(rest.values.subarray(rest.offsets[i]!, rest.offsets[i + 1]!), at + shared);
  }
  return { offsets, values };
}
