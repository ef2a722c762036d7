// AssemblyScript source of the decoder of dictionary codes: the hybrid of runs and packed bits of
// github.com/apache/parquet-format (Encodings.md, "RLE/Bit-Packing Hybrid").
//
// Packed numbers are unpacked eight at a time, which take as many bytes as each has bits. Bits behind the page are
// loaded with its last numbers and masked away: the caller keeps 64 bytes of its own memory there.
//
// Who wants only some codes, or to know only what is true of them, has no need of a list of all: both are read out of
// the packed bits.

// Pages are unpacked where their codes are read.
export { snappyUnpack } from "./block-codecs.as";
export { reserve } from "./heap.as";

/** What readers of codes answer in place of 0. */
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

/** The run that `readRun` found: where its numbers lie, how many there are, and their value unless they are packed. */
let runAt: usize = 0;
let runCount: usize = 0;
let runIsPacked: bool = false;
let runValue: u32 = 0;

/** Reads the head of a run of at most `left` numbers; answers where the next one begins, or 0 where bytes are missing. */
function readRun(from: usize, stop: usize, width: u32, left: usize): usize {
  let at = from;
  let head: u32 = 0;
  for (let shift: u32 = 0; ; shift += 7) {
    if (at >= stop || shift > 28) return 0;
    const byte: u32 = load<u8>(at++);
    head |= (byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  runAt = at;
  runIsPacked = (head & 1) == 1;
  if (!runIsPacked) {
    const valueBytes = <usize>(width + 7) >> 3;
    if (valueBytes > stop - at) return 0;
    runCount = <usize>min<u64>(head >>> 1, left);
    runValue = load<u32>(at) & (valueBytes == 0 ? 0 : 0xffffffff >>> <u32>(32 - 8 * valueBytes));
    return at + valueBytes;
  }
  const groups: u64 = head >>> 1;
  runCount = <usize>min<u64>(groups * 8, left);
  // The last group may be cut where its padding begins.
  if ((<u64>runCount * width + 7) >> 3 > <u64>(stop - at)) return 0;
  return at + <usize>min<u64>(groups * width, stop - at);
}

// @ts-ignore: decorators are AssemblyScript's
@inline
function packedAt(base: usize, index: usize, width: u32, mask: u64): u32 {
  const bit = <u64>index * width;
  return <u32>((load<u64>(base + <usize>(bit >> 3)) >> (bit & 7)) & mask);
}

/** Writes numbers of a packed run from its `first` on; room for 8 more is needed. */
function unpack(base: usize, width: u32, first: usize, count: usize, to: usize): void {
  const mask: u64 = ((<u64>1) << width) - 1;
  const aligned = min<usize>((8 - (first & 7)) & 7, count);
  for (let i: usize = 0; i < aligned; i++) {
    store<u32>(to + (i << 2), packedAt(base, first + i, width, mask));
  }
  const groups = (count - aligned + 7) >> 3;
  const at = base + ((first + aligned) >> 3) * width;
  const out = to + (aligned << 2);
  if (width <= 8) unpackToEight(at, width, out, groups);
  else if (width <= 16) unpackToSixteen(at, width, out, groups);
  else unpackToThirtyTwo(at, width, out, groups);
}

/**
 * Writes `count` codes of 32 bits to `to`, which has room for 8 more, out of `length` bytes at `from` which hold
 * `values` codes, of which the first `skipped` are passed. Each code has `width` bits, 1 to 32, and has to be below
 * `codesEnd`.
 */
export function readCodes(
  from: usize,
  length: usize,
  width: u32,
  values: usize,
  skipped: usize,
  to: usize,
  count: usize,
  codesEnd: u32,
): i32 {
  const stop = from + length;
  const end = to + (count << 2);
  let at = from;
  let out = to;
  let left = values;
  let passed = skipped;
  while (out < end) {
    at = readRun(at, stop, width, left);
    if (at == 0) return ENDS_EARLY;
    left -= runCount;
    if (passed >= runCount) {
      passed -= runCount;
      continue;
    }
    const run = min<usize>(runCount - passed, (end - out) >> 2);
    if (runIsPacked) {
      unpack(runAt, width, passed, run, out);
      if (isAnyFrom(codesEnd, out, run)) return OUTSIDE;
    } else {
      if (runValue >= codesEnd) return OUTSIDE;
      const runEnd = out + (run << 2);
      for (let slot = out; slot < runEnd; slot += 4) store<u32>(slot, runValue);
    }
    passed = 0;
    out += run << 2;
  }
  return 0;
}

// @ts-ignore: decorators are AssemblyScript's
@inline
function placeAt(place: usize, shift: i32): usize {
  return <usize>(load<i32>(place) + shift);
}

/**
 * Writes the codes at rising places only: `count` of them, 32 bits each, at `places`; `shift` has to be added to make them
 * places of the page.
 */
export function pickCodes(
  from: usize,
  length: usize,
  width: u32,
  values: usize,
  places: usize,
  shift: i32,
  to: usize,
  count: usize,
  codesEnd: u32,
): i32 {
  const stop = from + length;
  const end = places + (count << 2);
  const mask: u64 = ((<u64>1) << width) - 1;
  let at = from;
  let begin: usize = 0;
  let left = values;
  let place = places;
  let out = to;
  while (place < end) {
    at = readRun(at, stop, width, left);
    if (at == 0) return ENDS_EARLY;
    left -= runCount;
    const runEnd = begin + runCount;
    if (runIsPacked) {
      for (; place < end && placeAt(place, shift) < runEnd; place += 4, out += 4) {
        store<u32>(out, packedAt(runAt, placeAt(place, shift) - begin, width, mask));
      }
    } else {
      for (; place < end && placeAt(place, shift) < runEnd; place += 4, out += 4) {
        store<u32>(out, runValue);
      }
    }
    begin = runEnd;
  }
  return isAnyFrom(codesEnd, to, count) ? OUTSIDE : 0;
}

/** Of codes at `codes` leaves those at `count` rising places, to which `shift` has to be added, one after the other. */
export function keepCodes(codes: usize, places: usize, count: usize, shift: i32): void {
  for (let i: usize = 0; i < count << 2; i += 4) {
    store<u32>(codes + i, load<u32>(codes + (placeAt(places + i, shift) << 2)));
  }
}

/** Truths of eight numbers, a byte each, four of which lie within one word. */
// @ts-ignore: decorators are AssemblyScript's
@inline
function truthsOf(truths: usize, first: u64, second: u64, width: u64, mask: u64): u64 {
  return (
    <u64>load<u8>(truths + <usize>(first & mask)) |
    (<u64>load<u8>(truths + <usize>((first >> width) & mask)) << 8) |
    (<u64>load<u8>(truths + <usize>((first >> (2 * width)) & mask)) << 16) |
    (<u64>load<u8>(truths + <usize>((first >> (3 * width)) & mask)) << 24) |
    (<u64>load<u8>(truths + <usize>(second & mask)) << 32) |
    (<u64>load<u8>(truths + <usize>((second >> width) & mask)) << 40) |
    (<u64>load<u8>(truths + <usize>((second >> (2 * width)) & mask)) << 48) |
    (<u64>load<u8>(truths + <usize>((second >> (3 * width)) & mask)) << 56)
  );
}

// @ts-ignore: decorators are AssemblyScript's
@inline
function truthAt(truths: usize, at: usize, bit: u32, mask: u64): u64 {
  return <u64>load<u8>(truths + <usize>bitsAt(at, bit, mask));
}

/** As `truthsOf`, of wider numbers. */
// @ts-ignore: decorators are AssemblyScript's
@inline
function truthsOfWide(truths: usize, at: usize, width: u32, mask: u64): u64 {
  return (
    truthAt(truths, at, 0, mask) |
    (truthAt(truths, at, width, mask) << 8) |
    (truthAt(truths, at, 2 * width, mask) << 16) |
    (truthAt(truths, at, 3 * width, mask) << 24) |
    (truthAt(truths, at, 4 * width, mask) << 32) |
    (truthAt(truths, at, 5 * width, mask) << 40) |
    (truthAt(truths, at, 6 * width, mask) << 48) |
    (truthAt(truths, at, 7 * width, mask) << 56)
  );
}

/** Clears bytes of the numbers of a packed run from its `first` on; answers all truths that were met, as bits. */
function testPacked(
  base: usize,
  width: u32,
  first: usize,
  count: usize,
  wanted: usize,
  truths: usize,
): u64 {
  const bits = <u64>width;
  const mask: u64 = (1 << bits) - 1;
  const end = wanted + count;
  let met: u64 = 0;
  let index = first;
  let out = wanted;
  for (; out < end && (index & 7) != 0; out++, index++) {
    const truth: u64 = load<u8>(truths + <usize>packedAt(base, index, width, mask));
    met |= truth;
    store<u8>(out, load<u8>(out) & <u8>truth);
  }
  const middle = <usize>width >> 1;
  const half: u64 = (bits & 1) * 4;
  let at = base + (index >> 3) * width;
  for (; out + 8 <= end; out += 8, index += 8, at += width) {
    const before = load<u64>(out);
    // Nobody wants any of these any more.
    if (before == 0) continue;
    const found =
      width > 16
        ? truthsOfWide(truths, at, width, mask)
        : truthsOf(truths, load<u64>(at), load<u64>(at + middle) >> half, bits, mask);
    met |= found;
    store<u64>(out, before & found);
  }
  for (; out < end; out++, index++) {
    const truth: u64 = load<u8>(truths + <usize>packedAt(base, index, width, mask));
    met |= truth;
    store<u8>(out, load<u8>(out) & <u8>truth);
  }
  return met;
}

/** Clears each of `count` bytes at `wanted`, 0 or 1, unless its code is true: 1 in the byte of the code at `truths`. */
export function testCodes(
  from: usize,
  length: usize,
  width: u32,
  values: usize,
  skipped: usize,
  wanted: usize,
  count: usize,
  truths: usize,
): i32 {
  const stop = from + length;
  const end = wanted + count;
  let at = from;
  let left = values;
  let passed = skipped;
  let out = wanted;
  let met: u64 = 0;
  while (out < end) {
    at = readRun(at, stop, width, left);
    if (at == 0) return ENDS_EARLY;
    left -= runCount;
    if (passed >= runCount) {
      passed -= runCount;
      continue;
    }
    const run = min<usize>(runCount - passed, end - out);
    if (runIsPacked) met |= testPacked(runAt, width, passed, run, out, truths);
    else {
      // A value may have more bytes than bits.
      if (runValue >> width != 0) return OUTSIDE;
      const truth = load<u8>(truths + runValue);
      met |= truth;
      if (truth == 0) memory.fill(out, 0, run);
    }
    passed = 0;
    out += run;
  }
  return (met & 0x0202020202020202) == 0 ? 0 : OUTSIDE;
}

/** Writes the places of the bytes that are 1 among `count`, and answers how many there are. */
export function listPlaces(wanted: usize, count: usize, to: usize): i32 {
  let out = to;
  let i: usize = 0;
  for (; i + 8 <= count; i += 8) {
    if (load<u64>(wanted + i) == 0) continue;
    for (let j: usize = i; j < i + 8; j++) {
      store<u32>(out, j);
      out += <usize>load<u8>(wanted + j) << 2;
    }
  }
  for (; i < count; i++) {
    store<u32>(out, i);
    out += <usize>load<u8>(wanted + i) << 2;
  }
  return <i32>((out - to) >> 2);
}

export function lookUp32(codes: usize, count: usize, dictionary: usize, to: usize): void {
  for (let i: usize = 0; i < count << 2; i += 4) {
    store<u32>(to + i, load<u32>(dictionary + (<usize>load<u32>(codes + i) << 2)));
  }
}

export function lookUp64(codes: usize, count: usize, dictionary: usize, to: usize): void {
  for (let i: usize = 0; i < count; i++) {
    const code = <usize>load<u32>(codes + (i << 2));
    store<u64>(to + (i << 3), load<u64>(dictionary + (code << 3)));
  }
}
