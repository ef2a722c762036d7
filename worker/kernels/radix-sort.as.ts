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

const RECORD_SHIFT: usize = 4;
const RECORD_BYTES: usize = 16;
/** Up to so many records insertion is faster. */
const INSERTION_MAX: u32 = 32;
const DIGIT_BITS_MAX: u32 = 10;
/** Records of one bucket that a digit aims at, as a power of two. */
const BUCKET_BITS: u32 = 3;

/** Where counts of buckets begin; each level of the recursion takes what it needs. */
let countsAt: usize = 0;

/** Makes room up to `end`; false where there is none. */
export function reach(end: usize): bool {
  const have = (<usize>memory.size()) << 16;
  if (end <= have) return true;
  return memory.grow(<i32>((end - have + 0xffff) >> 16)) >= 0;
}

// @ts-ignore: decorator
@inline
function move(from: usize, to: usize): void {
  v128.store(to, v128.load(from));
}

/** From `from` in order to `to`, which may be the same place. */
function insert(from: usize, to: usize, records: u32): void {
  const end = to + ((<usize>records) << RECORD_SHIFT);
  if (from != to) move(from, to);
  let next = from + RECORD_BYTES;
  for (let at = to + RECORD_BYTES; at < end; at += RECORD_BYTES, next += RECORD_BYTES) {
    const record = v128.load(next);
    const key = load<u64>(next);
    let place = at;
    while (place > to && load<u64>(place - RECORD_BYTES) > key) {
      move(place - RECORD_BYTES, place);
      place -= RECORD_BYTES;
    }
    v128.store(place, record);
  }
}

/** Sorts what lies at `from`; the result lies at `other` if `wantsOther`, else at `from`. Both are overwritten. */
function sortRange(from: usize, other: usize, records: u32, wantsOther: bool, counts: usize): void {
  if (records <= INSERTION_MAX) {
    if (records > 0) insert(from, wantsOther ? other : from, records);
    return;
  }
  const end = from + ((<usize>records) << RECORD_SHIFT);
  const first = load<u64>(from);
  let differing: u64 = 0;
  for (let at = from + RECORD_BYTES; at < end; at += RECORD_BYTES) {
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
  for (let at = from; at < end; at += RECORD_BYTES) {
    const count = counts + (<usize>((load<u64>(at) >> shift) & mask) << 2);
    store<u32>(count, load<u32>(count) + 1);
  }
  let sum: u32 = 0;
  for (let count = counts; count < countsEnd; count += 4) {
    const inside = load<u32>(count);
    store<u32>(count, sum);
    sum += inside;
  }
  for (let at = from; at < end; at += RECORD_BYTES) {
    const count = counts + (<usize>((load<u64>(at) >> shift) & mask) << 2);
    const place = load<u32>(count);
    store<u32>(count, place + 1);
    move(at, other + ((<usize>place) << RECORD_SHIFT));
  }
  // Each count is now where its bucket ends.
  let start: u32 = 0;
  for (let count = counts; count < countsEnd; count += 4) {
    const stop = load<u32>(count);
    const inside = stop - start;
    if (inside > 0) {
      const offset = (<usize>start) << RECORD_SHIFT;
      sortRange(other + offset, from + offset, inside, !wantsOther, countsEnd);
    }
    start = stop;
  }
}

/** Sorts `records` at `from`, with as much scratch space at `other`, and that of counts at `counts`. */
export function sort(from: usize, other: usize, records: u32, counts: usize): void {
  countsAt = counts;
  sortRange(from, other, records, false, countsAt);
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
    const at = from + ((<usize>i) << RECORD_SHIFT);
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
