// AssemblyScript source of the radix sort: keys of 64 bits, each with the number of its row.
//
// Records of 16 bytes are divided by their highest bits that differ at all, out of place and stable, until a bucket
// is short enough for insertion. Most significant digit first, so that every pass but the first works within the
// caches, and no pass is spent on bits that are alike: doubles of one sign and few exponents cost no more than
// others. Digits have 10 bits at most and insertion sorts up to 32 records: of what was tried (8 to 11 bits, buckets
// of 2 to 16, insertion of 16 to 48 records) the fastest for 5 M doubles, if only by a tenth.
//
//   record  0  key, u64
//           8  row, u32
//          12  nothing

// Where the keys are all that is wanted, they are sorted alone, as records of 8 bytes.

import { bucketCount, bucketEnd } from "./sort-buckets.as";

export {
  assign,
  begin,
  count,
  divideRange,
  scatterKeys,
  scatterRecords,
  widen,
} from "./sort-buckets.as";

/** Up to so many records insertion is faster. */
const INSERTION_MAX: u32 = 32;
const DIGIT_BITS_MAX: u32 = 10;
/** Records of one bucket that a digit aims at, as a power of two. */
const BUCKET_BITS: u32 = 3;
const SIGN: i64 = i64.MIN_VALUE;
const NOT_A_NUMBER: i64 = 0x7ff8000000000000;

/** Makes room up to `end`; false where there is none. */
export function reach(end: usize): bool {
  const have = (<usize>memory.size()) << 16;
  if (end <= have) return true;
  return memory.grow(<i32>((end - have + 0xffff) >> 16)) >= 0;
}

/** From `from` in order to `to`, which may be the same place. `Record`: v128 with a row, u64 for a key alone. */
function insert<Record>(from: usize, to: usize, records: u32): void {
  const end = to + (<usize>records) * sizeof<Record>();
  if (from != to) store<Record>(to, load<Record>(from));
  let next = from + sizeof<Record>();
  for (let at = to + sizeof<Record>(); at < end; at += sizeof<Record>(), next += sizeof<Record>()) {
    const record = load<Record>(next);
    const key = load<u64>(next);
    let place = at;
    while (place > to && load<u64>(place - sizeof<Record>()) > key) {
      store<Record>(place, load<Record>(place - sizeof<Record>()));
      place -= sizeof<Record>();
    }
    store<Record>(place, record);
  }
}

/**
 * Sorts what lies at `from`; the result lies at `other` if `wantsOther`, else at `from`. Both are overwritten.
 * Each level of the recursion takes of the place at `counts` what it needs.
 */
function sortRange<Record>(
  from: usize,
  other: usize,
  records: u32,
  wantsOther: bool,
  counts: usize,
): void {
  if (records <= INSERTION_MAX) {
    if (records > 0) insert<Record>(from, wantsOther ? other : from, records);
    return;
  }
  const end = from + (<usize>records) * sizeof<Record>();
  const first = load<u64>(from);
  let differing: u64 = 0;
  for (let at = from + sizeof<Record>(); at < end; at += sizeof<Record>()) {
    differing |= load<u64>(at) ^ first;
  }
  if (differing == 0) {
    if (wantsOther) memory.copy(other, from, end - from);
    return;
  }
  const highest: u32 = 63 - <u32>clz(differing);
  const wanted: u32 = 32 - <u32>clz(records) - BUCKET_BITS;
  let bits = wanted < DIGIT_BITS_MAX ? wanted : DIGIT_BITS_MAX;
  if (bits > highest + 1) bits = highest + 1;
  const shift: u64 = highest + 1 - bits;
  const buckets: u32 = 1 << bits;
  const mask: u64 = buckets - 1;
  const countsEnd = counts + ((<usize>buckets) << 2);
  memory.fill(counts, 0, countsEnd - counts);
  for (let at = from; at < end; at += sizeof<Record>()) {
    const count = counts + (<usize>((load<u64>(at) >> shift) & mask) << 2);
    store<u32>(count, load<u32>(count) + 1);
  }
  let sum: u32 = 0;
  for (let count = counts; count < countsEnd; count += 4) {
    const inside = load<u32>(count);
    store<u32>(count, sum);
    sum += inside;
  }
  for (let at = from; at < end; at += sizeof<Record>()) {
    const count = counts + (<usize>((load<u64>(at) >> shift) & mask) << 2);
    const place = load<u32>(count);
    store<u32>(count, place + 1);
    store<Record>(other + (<usize>place) * sizeof<Record>(), load<Record>(at));
  }
  // Each count is now where its bucket ends.
  let start: u32 = 0;
  for (let count = counts; count < countsEnd; count += 4) {
    const stop = load<u32>(count);
    const inside = stop - start;
    if (inside > 0) {
      const offset = (<usize>start) * sizeof<Record>();
      sortRange<Record>(other + offset, from + offset, inside, !wantsOther, countsEnd);
    }
    start = stop;
  }
}

/** Sorts `records` at `from`, with as much scratch space at `other`, and that of counts at `counts`. */
export function sort(from: usize, other: usize, records: u32, counts: usize): void {
  sortRange<v128>(from, other, records, false, counts);
}

function sortEach<Record>(records: usize, other: usize, counts: usize): void {
  let start: u32 = 0;
  for (let bucket: u32 = 0; bucket < bucketCount(); bucket++) {
    const end = bucketEnd(bucket);
    const from = records + (<usize>start) * sizeof<Record>();
    sortRange<Record>(from, other, end - start, false, counts);
    start = end;
  }
}

/** Sorts the records of each bucket, with scratch space at `other` for the largest. */
export function sortBuckets(records: usize, other: usize, counts: usize): void {
  sortEach<v128>(records, other, counts);
}

/** As `sortBuckets`, of keys alone. */
export function sortKeyBuckets(keys: usize, other: usize, counts: usize): void {
  sortEach<u64>(keys, other, counts);
}

/**
 * Makes numbers of 64 bits to keys, in their place. `flip`: the complement, for a descending order. Answers whether
 * some numbers cannot be made out of their keys again: minus zero, which equals zero, and NaN, which is one of many.
 */
export function encode(at: usize, count: u32, areDoubles: bool, flip: bool): bool {
  const end = at + ((<usize>count) << 3);
  const complement: i64 = flip ? -1 : 0;
  let odd: bool = false;
  for (; at < end; at += 8) {
    let bits = load<i64>(at);
    if (areDoubles) {
      const value = load<f64>(at);
      if (bits == SIGN) {
        bits = 0;
        odd = true;
      }
      if (value != value) {
        bits = NOT_A_NUMBER;
        odd = true;
      }
      bits ^= (bits >> 63) & ~SIGN;
    }
    store<i64>(at, bits ^ SIGN ^ complement);
  }
  return odd;
}

/** What `encode` did, the other way, from one place to another. */
export function decode(from: usize, count: u32, areDoubles: bool, flip: bool, to: usize): void {
  const end = from + ((<usize>count) << 3);
  const complement: i64 = flip ? -1 : 0;
  for (; from < end; from += 8, to += 8) {
    let bits = load<i64>(from) ^ SIGN ^ complement;
    if (areDoubles) bits ^= (bits >> 63) & ~SIGN;
    store<i64>(to, bits);
  }
}

/** The keys of records one after the other. */
export function keysOf(records: usize, count: u32, keys: usize): void {
  const end = keys + ((<usize>count) << 3);
  for (; keys < end; keys += 8, records += 16) store<u64>(keys, load<u64>(records));
}

/** The rows of records one after the other. */
export function rowsOf(records: usize, count: u32, rows: usize): void {
  const end = rows + ((<usize>count) << 2);
  for (; rows < end; rows += 4, records += 16) store<u32>(rows, load<u32>(records, 8));
}

/**
 * Writes the rows of sorted records to `rows`, and to `runs` the places where a run of equal keys begins and
 * ends, for runs longer than one. Answers how many numbers that are.
 */
export function finish(from: usize, records: u32, rows: usize, runs: usize): u32 {
  if (records == 0) return 0;
  const runsStart = runs;
  let before = load<u64>(from);
  let start: u32 = 0;
  store<u32>(rows, load<u32>(from + 8));
  for (let i: u32 = 1; i < records; i++) {
    const at = from + ((<usize>i) << 4);
    const key = load<u64>(at);
    store<u32>(rows + ((<usize>i) << 2), load<u32>(at + 8));
    if (key != before) {
      if (i - start > 1) {
        store<u32>(runs, start);
        store<u32>(runs + 4, i);
        runs += 8;
      }
      start = i;
      before = key;
    }
  }
  if (records - start > 1) {
    store<u32>(runs, start);
    store<u32>(runs + 4, records);
    runs += 8;
  }
  return <u32>((runs - runsStart) >> 2);
}
