// AssemblyScript source: keys of 64 bits, piece by piece, into buckets of about as many each, whose order is that of keys.
//
// The range of all keys is cut into cells of one width, and neighbouring cells make a bucket. So buckets are even
// where keys are not: of doubles between zero and one half have the same exponent. A piece is looked at three times,
// for the range, for the cells, and to be written to its buckets, since it lies in a cache then, while keys of all pieces
// at one place would be as much fresh memory as their records.
//
// Where this is called: begin, widen for each piece, divideRange, count for each piece, assign, scatter for each piece.

/** Cells of the range, as a power of two: so many counts fit a cache. */
const CELL_BITS_MIN: u32 = 6;
const CELL_BITS_MAX: u32 = 16;
/** So many buckets at most are aimed at, as a power of two, and so many records in each at least. */
const BUCKET_BITS: u32 = 10;
const BUCKET_RECORDS: u32 = 1024;

/** Counts of cells, 4 bytes each; then the bucket of each cell, 2 bytes each. */
let cellsAt: usize = 0;
/** Where the next record of each bucket goes, 4 bytes each; in the end, where the bucket ends. */
let placesAt: usize = 0;
let least: u64 = 0;
let most: u64 = 0;
let shift: u64 = 0;
let cells: u32 = 0;
let buckets: u32 = 0;

/** `cells`: room for 2^16 counts of four bytes; `places`: for 2^12. */
export function begin(cells: usize, places: usize): void {
  cellsAt = cells;
  placesAt = places;
  least = u64.MAX_VALUE;
  most = 0;
}

/** Makes the range hold keys. */
export function widen(keys: usize, count: u32): void {
  const end = keys + ((<usize>count) << 3);
  let low = least;
  let high = most;
  for (; keys < end; keys += 8) {
    const key = load<u64>(keys);
    low = key < low ? key : low;
    high = key > high ? key : high;
  }
  least = low;
  most = high;
}

/** Cuts the range into cells, for so many records in all. */
export function divideRange(records: u32): void {
  const width = most - least;
  let bits: u32 = 32 - <u32>clz(records);
  bits = bits < CELL_BITS_MIN ? CELL_BITS_MIN : bits > CELL_BITS_MAX ? CELL_BITS_MAX : bits;
  const used: u32 = 64 - <u32>clz(width);
  shift = used > bits ? used - bits : 0;
  cells = <u32>(width >> shift) + 1;
  memory.fill(cellsAt, 0, (<usize>cells) << 2);
}

export function count(keys: usize, count: u32): void {
  const end = keys + ((<usize>count) << 3);
  for (; keys < end; keys += 8) {
    const cell = cellsAt + ((<usize>((load<u64>(keys) - least) >> shift)) << 2);
    store<u32>(cell, load<u32>(cell) + 1);
  }
}

/** Makes buckets of the cells; answers how many records the largest has. */
export function assign(records: u32): u32 {
  const share = records >> BUCKET_BITS;
  const target = share < BUCKET_RECORDS ? BUCKET_RECORDS : share;
  let largest: u32 = 0;
  let before: u32 = 0;
  let inside: u32 = 0;
  let bucket: u32 = 0;
  store<u32>(placesAt, 0);
  for (let cell: u32 = 0; cell < cells; cell++) {
    const own = load<u32>(cellsAt + ((<usize>cell) << 2));
    if (inside > 0 && inside + own > target) {
      before += inside;
      inside = 0;
      bucket++;
      store<u32>(placesAt + ((<usize>bucket) << 2), before);
    }
    inside += own;
    if (inside > largest) largest = inside;
    // Behind what was read already.
    store<u16>(cellsAt + ((<usize>cell) << 1), <u16>bucket);
  }
  buckets = bucket + 1;
  return largest;
}

// @ts-ignore: decorator
@inline
function placeOf(key: u64): u32 {
  const cell = cellsAt + ((<usize>((key - least) >> shift)) << 1);
  const next = placesAt + ((<usize>load<u16>(cell)) << 2);
  const place = load<u32>(next);
  store<u32>(next, place + 1);
  return place;
}

/** Writes keys to their buckets at `to`. */
export function scatterKeys(keys: usize, count: u32, to: usize): void {
  const end = keys + ((<usize>count) << 3);
  for (; keys < end; keys += 8) {
    const key = load<u64>(keys);
    store<u64>(to + ((<usize>placeOf(key)) << 3), key);
  }
}

/** Writes keys as records, the first of which has the number `row`. */
export function scatterRecords(keys: usize, count: u32, row: u32, to: usize): void {
  const end = keys + ((<usize>count) << 3);
  for (; keys < end; keys += 8, row++) {
    const key = load<u64>(keys);
    const record = to + ((<usize>placeOf(key)) << 4);
    store<u64>(record, key);
    store<u32>(record, row, 8);
  }
}

export function bucketCount(): u32 {
  return buckets;
}

/** Once all records are written: where the bucket ends, in records. */
// @ts-ignore: decorator
@inline
export function bucketEnd(bucket: u32): u32 {
  return load<u32>(placesAt + ((<usize>bucket) << 2));
}
