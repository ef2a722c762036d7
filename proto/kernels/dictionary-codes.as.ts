// AssemblyScript source of the decoder of dictionary codes: the hybrid of runs and packed bits of
// github.com/apache/parquet-format (Encodings.md, "RLE/Bit-Packing Hybrid").
//
// Packed numbers are unpacked eight at a time, which take as many bytes as each has bits. Bits behind the page are
// loaded with its last numbers and masked away: the caller keeps 64 bytes of its own memory there.

export { reserve } from "./heap.as";

/** What `readCodes` answers in place of the number of codes. */
const ENDS_EARLY: i32 = -1;
const OUTSIDE: i32 = -2;

/** Eight numbers lie within one word. */
function unpackToEight(from: usize, width: u64, to: usize, groups: usize): void {
  const mask: u64 = (1 << width) - 1;
  let at = from;
  let out = to;
  for (let i: usize = 0; i < groups; i++) {
    const word = load<u64>(at);
    store<u32>(out, <u32>(word & mask), 0);
    store<u32>(out, <u32>((word >> width) & mask), 4);
    store<u32>(out, <u32>((word >> (2 * width)) & mask), 8);
    store<u32>(out, <u32>((word >> (3 * width)) & mask), 12);
    store<u32>(out, <u32>((word >> (4 * width)) & mask), 16);
    store<u32>(out, <u32>((word >> (5 * width)) & mask), 20);
    store<u32>(out, <u32>((word >> (6 * width)) & mask), 24);
    store<u32>(out, <u32>((word >> (7 * width)) & mask), 28);
    at += <usize>width;
    out += 32;
  }
}

/** Four numbers lie within one word; the second four begin at a byte or in its middle. */
function unpackToSixteen(from: usize, width: u64, to: usize, groups: usize): void {
  const mask: u64 = (1 << width) - 1;
  const middle = <usize>width >> 1;
  const half: u64 = (width & 1) * 4;
  let at = from;
  let out = to;
  for (let i: usize = 0; i < groups; i++) {
    const first = load<u64>(at);
    const second = load<u64>(at + middle) >> half;
    store<u32>(out, <u32>(first & mask), 0);
    store<u32>(out, <u32>((first >> width) & mask), 4);
    store<u32>(out, <u32>((first >> (2 * width)) & mask), 8);
    store<u32>(out, <u32>((first >> (3 * width)) & mask), 12);
    store<u32>(out, <u32>(second & mask), 16);
    store<u32>(out, <u32>((second >> width) & mask), 20);
    store<u32>(out, <u32>((second >> (2 * width)) & mask), 24);
    store<u32>(out, <u32>((second >> (3 * width)) & mask), 28);
    at += <usize>width;
    out += 32;
  }
}

// @ts-ignore: decorators are AssemblyScript's
@inline
function bitsAt(from: usize, bit: u32, mask: u64): u32 {
  return <u32>((load<u64>(from + (bit >> 3)) >> (bit & 7)) & mask);
}

function unpackToThirtyTwo(from: usize, width: u32, to: usize, groups: usize): void {
  const mask: u64 = ((<u64>1) << width) - 1;
  let at = from;
  let out = to;
  for (let i: usize = 0; i < groups; i++) {
    store<u32>(out, bitsAt(at, 0, mask), 0);
    store<u32>(out, bitsAt(at, width, mask), 4);
    store<u32>(out, bitsAt(at, 2 * width, mask), 8);
    store<u32>(out, bitsAt(at, 3 * width, mask), 12);
    store<u32>(out, bitsAt(at, 4 * width, mask), 16);
    store<u32>(out, bitsAt(at, 5 * width, mask), 20);
    store<u32>(out, bitsAt(at, 6 * width, mask), 24);
    store<u32>(out, bitsAt(at, 7 * width, mask), 28);
    at += width;
    out += 32;
  }
}

function isAnyFrom(codesEnd: u32, from: usize, count: usize): bool {
  let most = i32x4.splat(0);
  const last = from + ((count >> 2) << 4);
  for (let at = from; at < last; at += 16) most = i32x4.max_u(most, v128.load(at));
  let single: u32 = 0;
  const end = from + (count << 2);
  for (let at = last; at < end; at += 4) single = max<u32>(single, load<u32>(at));
  single = max<u32>(single, <u32>i32x4.extract_lane(most, 0));
  single = max<u32>(single, <u32>i32x4.extract_lane(most, 1));
  single = max<u32>(single, <u32>i32x4.extract_lane(most, 2));
  single = max<u32>(single, <u32>i32x4.extract_lane(most, 3));
  return single >= codesEnd;
}

/**
 * Writes `count` codes of 32 bits to `to`, which has room for 8 more, out of `length` bytes at `from`. Each code has
 * `width` bits, at most 32, and has to be below `codesEnd`.
 */
export function readCodes(
  from: usize,
  length: usize,
  width: u32,
  to: usize,
  count: usize,
  codesEnd: u32,
): i32 {
  const stop = from + length;
  const end = to + (count << 2);
  const valueBytes: u32 = (width + 7) >> 3;
  const valueMask: u32 = valueBytes == 0 ? 0 : 0xffffffff >>> (32 - 8 * valueBytes);
  let at = from;
  let out = to;
  while (out < end) {
    let head: u32 = 0;
    for (let shift: u32 = 0; ; shift += 7) {
      if (at >= stop || shift > 28) return ENDS_EARLY;
      const byte: u32 = load<u8>(at++);
      head |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    const left: u64 = (end - out) >> 2;
    if ((head & 1) == 0) {
      const run = <usize>min<u64>(head >>> 1, left);
      if (valueBytes > stop - at) return ENDS_EARLY;
      const value = load<u32>(at) & valueMask;
      at += valueBytes;
      if (run > 0 && value >= codesEnd) return OUTSIDE;
      const runEnd = out + (run << 2);
      for (; out < runEnd; out += 4) store<u32>(out, value);
      continue;
    }
    const groups: u64 = head >>> 1;
    const run = <usize>min<u64>(groups * 8, left);
    // The last group may be cut where its padding begins.
    if ((<u64>run * width + 7) >> 3 > <u64>(stop - at)) return ENDS_EARLY;
    const wanted = (run + 7) >> 3;
    if (width <= 8) unpackToEight(at, width, out, wanted);
    else if (width <= 16) unpackToSixteen(at, width, out, wanted);
    else unpackToThirtyTwo(at, width, out, wanted);
    if (isAnyFrom(codesEnd, out, run)) return OUTSIDE;
    at += <usize>min<u64>(groups * width, stop - at);
    out += run << 2;
  }
  return <i32>count;
}
