// AssemblyScript source of the string counter: an open-addressing table from key bytes to counts.
//
// Why it looks like this. Probes are bound by cache misses, so an entry is half a cache line and
// holds everything a hit needs: keys of up to 16 bytes lie inside it, zero padded, compared with
// one v128 operation. Longer keys lie in an arena. Nothing branches on a key's length up to 16
// bytes, so the processor overlaps the probes of several words by itself. Measured with 200 000
// distinct words: 4.5 ns for one of the 1000 most frequent, 11 ns for one outside the first 10 000,
// 9 ns over a Zipf text. A table of hot words in front would hold what the cache holds already.
//
//   entry  0  key bytes, zero padded   (longer than 16: u32 address of the key at 0)
//         16  count, u64
//         24  hash, u32
//         28  length + 1, u32          (0: the entry is empty)
//
// The hash must equal stableHash32 in stable-hash.ts.

export { copyCounts, copyTexts, measure } from "./counted-entries.as";

const PRIME1: u32 = 0x9e3779b1;
const PRIME2: u32 = 0x85ebca77;
const PRIME3: u32 = 0xc2b2ae3d;
/**
 * Slots come from the top bits of hash * FIBONACCI: keys of one partition share their
 * remainder.
 */
const FIBONACCI: u32 = 0x9e3779b1;
/** 16 bytes of ones, then 16 of zeros: loading at 16 - n gives the mask that keeps n bytes. */
const MASKS: usize = 1024;
const ENTRY_BYTES: usize = 32;
/** As large as the table until that is this large: there may be many small tables. */
const ARENA_CHUNK_BYTES: usize = 1 << 20;
/**
 * One above the largest exact count: a sum that would pass it stays there, and drain reports
 * it.
 */
const COUNT_MAX: u64 = (1 << 53) + 1;

let table: usize = 0;
let slotBits: u32 = 0;
let size: u32 = 0;
let sizeMax: u32 = 0;
let arena: usize = 0;
let arenaEnd: usize = 0;
/** The table before the last growth: the next arena chunk. */
let spare: usize = 0;
let spareEnd: usize = 0;
/** First address never handed out; what lies beyond bytesMax is scratch space of drain. */
let top: usize = 0;
let bytesMax: usize = 0;

// Scratch of drain.
let partitionRows: usize = 0;
let partitionBytes: usize = 0;
let partitionStarts: usize = 0;
let order: usize = 0;

function reach(end: usize): bool {
  const have = (<usize>memory.size()) << 16;
  if (end <= have) return true;
  return memory.grow(<i32>((end - have + 0xffff) >> 16)) >= 0;
}

/** Address of fresh space, aligned for v128, or 0 when the bound is reached. */
export function take(bytes: usize): usize {
  const start = (top + 31) & ~31;
  const end = start + bytes;
  if (bytes > bytesMax || end > bytesMax || !reach(end + 16)) return 0;
  top = end;
  return start;
}

/**
 * Space above everything handed out, valid until the next one is; not counted. A large key put
 * there already lies where keep() will place its chunk, and is then not copied.
 */
export function scratch(above: usize, bytes: usize): usize {
  const start = (max(top, above) + 31) & ~31;
  if (bytes >= 0xf0000000 - start || !reach(start + bytes + 16)) return 0;
  return start;
}

/**
 * Empties the counter. `from`: first address free for tables. False when the bound is too
 * small.
 */
export function reset(from: usize, bits: u32, limit: usize): bool {
  memory.fill(MASKS, 255, 16);
  memory.fill(MASKS + 16, 0, 16);
  top = from;
  bytesMax = limit;
  arena = arenaEnd = spare = spareEnd = 0;
  return place(bits);
}

function place(bits: u32): bool {
  const start = take(ENTRY_BYTES << bits);
  if (start == 0) return false;
  memory.fill(start, 0, ENTRY_BYTES << bits);
  table = start;
  slotBits = bits;
  sizeMax = (3 << bits) >> 2;
  size = 0;
  return true;
}

function grow(): bool {
  const old = table;
  const oldEnd = table + (ENTRY_BYTES << slotBits);
  const rows = size;
  if (slotBits >= 26 || !place(slotBits + 1)) return false;
  const shift = 32 - slotBits;
  const mask = (<u32>1 << slotBits) - 1;
  for (let entry = old; entry < oldEnd; entry += ENTRY_BYTES) {
    if (load<u64>(entry, 24) == 0) continue;
    let slot = (load<u32>(entry, 24) * FIBONACCI) >> shift;
    while (load<u64>(table + (<usize>slot << 5), 24) != 0) slot = (slot + 1) & mask;
    const target = table + (<usize>slot << 5);
    v128.store(target, v128.load(entry));
    v128.store(target, v128.load(entry, 16), 16);
  }
  size = rows;
  spare = old;
  spareEnd = oldEnd;
  return true;
}

/** Copies a long key into the arena; 0 when the bound is reached. */
function keep(key: usize, length: u32): usize {
  if (arena + length > arenaEnd || arena == 0) {
    if (spareEnd - spare >= length && spare != 0) {
      arena = spare;
      arenaEnd = spareEnd;
      spare = spareEnd = 0;
    } else {
      const chunk = min(ARENA_CHUNK_BYTES, <usize>ENTRY_BYTES << slotBits);
      const bytes = max(chunk, <usize>length);
      const start = take(bytes);
      if (start == 0) return 0;
      arena = start;
      arenaEnd = start + bytes;
    }
  }
  const at = arena;
  memory.copy(at, key, length);
  arena += length;
  return at;
}

// @ts-ignore: decorator
@inline function firstLanes(): v128 {
  return i32x4(PRIME1 + PRIME2, PRIME2, 0, -PRIME1);
}

// @ts-ignore: decorator
@inline function stripe(lanes: v128, bytes: v128): v128 {
  const sum = i32x4.add(lanes, i32x4.mul(bytes, i32x4.splat(PRIME2)));
  const turned = v128.or(i32x4.shl(sum, 13), i32x4.shr_u(sum, 19));
  return i32x4.mul(turned, i32x4.splat(PRIME1));
}

// @ts-ignore: decorator
@inline function finish(lanes: v128, length: u32): u32 {
  let hash =
    rotl<u32>(i32x4.extract_lane(lanes, 0), 1) +
    rotl<u32>(i32x4.extract_lane(lanes, 1), 7) +
    rotl<u32>(i32x4.extract_lane(lanes, 2), 12) +
    rotl<u32>(i32x4.extract_lane(lanes, 3), 18) +
    length;
  hash ^= hash >>> 15;
  hash *= PRIME2;
  hash ^= hash >>> 13;
  hash *= PRIME3;
  return hash ^ (hash >>> 16);
}

// @ts-ignore: decorator
@inline function headOf(key: usize, length: u32): v128 {
  return v128.and(v128.load(key), v128.load(MASKS + 16 - length));
}

// @ts-ignore: decorator
@inline function bump(entry: usize, counts: usize, row: i32): void {
  if (counts == 0) {
    store<u64>(entry, load<u64>(entry, 16) + 1, 16);
  } else {
    const sum = load<u64>(entry, 16) + <u64>load<f64>(counts + (<usize>row << 3));
    store<u64>(entry, min(sum, COUNT_MAX), 16);
  }
}

/** Makes room for one more entry, so that the next single row will not grow the table. */
export function prepare(): bool {
  return size < sizeMax || grow();
}

function hashLong(key: usize, length: u32): u32 {
  let lanes = firstLanes();
  let at = key;
  let rest = length;
  for (; rest > 16; rest -= 16, at += 16) lanes = stripe(lanes, v128.load(at));
  return finish(stripe(lanes, headOf(at, rest)), length);
}

function sameLong(left: usize, right: usize, length: u32): bool {
  const last = length - 16;
  for (let at: u32 = 0; at < last; at += 16) {
    if (v128.any_true(v128.xor(v128.load(left + at), v128.load(right + at)))) return false;
  }
  return !v128.any_true(v128.xor(v128.load(left + last), v128.load(right + last)));
}

/** Counts one key longer than 16 bytes; false when the bound is reached. */
function countLong(key: usize, length: u32, counts: usize, row: i32): bool {
  const hash = hashLong(key, length);
  const tag = (<u64>hash) | ((<u64>(length + 1)) << 32);
  if (size >= sizeMax && !grow()) return false;
  const mask = (<u32>1 << slotBits) - 1;
  let slot = (hash * FIBONACCI) >> (32 - slotBits);
  while (true) {
    const entry = table + (<usize>slot << 5);
    const seen = load<u64>(entry, 24);
    if (seen == tag && sameLong(load<u32>(entry), key, length)) {
      bump(entry, counts, row);
      return true;
    }
    if (seen == 0) {
      const at = keep(key, length);
      if (at == 0) return false;
      store<u32>(entry, <u32>at);
      store<u64>(entry, tag, 24);
      bump(entry, counts, row);
      size++;
      return true;
    }
    slot = (slot + 1) & mask;
  }
}

/**
 * Counts keys `bytes[offsets[i] .. offsets[i + 1])` for i < rows, each `counts[i]` times (once when
 * `counts` is 0). Returns how many rows were counted: fewer than `rows` when the bound is reached.
 */
export function count(bytes: usize, offsets: usize, counts: usize, rows: i32): i32 {
  let shift = 32 - slotBits;
  let mask = (<u32>1 << slotBits) - 1;
  let base = table;
  let start = load<u32>(offsets);
  for (let row = 0; row < rows; row++) {
    offsets += 4;
    const end = load<u32>(offsets);
    const length = end - start;
    const key = bytes + start;
    start = end;
    if (length > 16) {
      if (!countLong(key, length, counts, row)) return row;
      shift = 32 - slotBits;
      mask = (<u32>1 << slotBits) - 1;
      base = table;
      continue;
    }
    const head = headOf(key, length);
    const hash = finish(stripe(firstLanes(), head), length);
    const tag = (<u64>hash) | ((<u64>(length + 1)) << 32);
    let slot = (hash * FIBONACCI) >> shift;
    while (true) {
      const entry = base + (<usize>slot << 5);
      const seen = load<u64>(entry, 24);
      if (seen == tag && !v128.any_true(v128.xor(v128.load(entry), head))) {
        bump(entry, counts, row);
        break;
      }
      if (seen == 0) {
        if (size >= sizeMax) {
          if (!grow()) return row;
          shift = 32 - slotBits;
          mask = (<u32>1 << slotBits) - 1;
          base = table;
          slot = (hash * FIBONACCI) >> shift;
          continue;
        }
        v128.store(entry, head);
        store<u64>(entry, tag, 24);
        bump(entry, counts, row);
        size++;
        break;
      }
      slot = (slot + 1) & mask;
    }
  }
  return rows;
}

/** Tags of the keys that `number` looks for next, 1 KiB. */
const TAGS: usize = 2048;
const BLOCK_ROWS: i32 = 128;
let sink: u32 = 0;

/** Of a short key: numbers need no hash that another table knows, and this one takes a third of the time. */
// @ts-ignore: decorator
@inline function quickHash(head: v128, length: u32): u32 {
  const low = <u64>i64x2.extract_lane(head, 0) * 0x9e3779b185ebca87;
  const high = (<u64>i64x2.extract_lane(head, 1) + <u64>length) * 0xc2b2ae3d27d4eb4f;
  const both = low ^ rotl<u64>(high, 29);
  return <u32>(((both ^ (both >> 29)) * 0x9e3779b97f4a7c15) >> 32);
}

/** Writes the tags of keys, and touches their entries. */
function tagBlock(bytes: usize, offsets: usize, rows: i32): void {
  let start = load<u32>(offsets);
  const end = TAGS + (<usize>rows << 3);
  for (let tags = TAGS; tags < end; tags += 8) {
    offsets += 4;
    const stop = load<u32>(offsets);
    const length = stop - start;
    const key = bytes + start;
    const hash = length > 16 ? hashLong(key, length) : quickHash(headOf(key, length), length);
    start = stop;
    store<u32>(tags, hash);
    store<u32>(tags, length + 1, 4);
  }
  touchBlock(rows);
}

/**
 * Loads the entries that tags belong to: the processor then waits for many of them at a time, where it would stop at
 * each that it cannot foresee. In a loop of its own, since it looks no further ahead than a few hashes.
 */
function touchBlock(rows: i32): void {
  const shift = 32 - slotBits;
  let touched: u32 = 0;
  const end = TAGS + (<usize>rows << 3);
  for (let tags = TAGS; tags < end; tags += 8) {
    touched |= load<u32>(table + (<usize>((load<u32>(tags) * FIBONACCI) >> shift) << 5), 28);
  }
  sink |= touched;
}

/**
 * As `count`, but each key has a number: the first a 0, the next a 1. Writes the number of each row to `numbers`, and the
 * rows of keys that were new, in order, to `firsts`. What each key counts grows by `step` for each of its rows. With
 * `adds` 0 nothing is added, and a new key has the number -1.
 *
 *   entry 16  number, u32
 *         20  count modulo 2^32, u32
 */
export function number(
  bytes: usize,
  offsets: usize,
  numbers: usize,
  rows: i32,
  adds: bool,
  firsts: usize,
  step: u32,
): i32 {
  let mask = (<u32>1 << slotBits) - 1;
  let shift = 32 - slotBits;
  for (let first = 0; first < rows; first += BLOCK_ROWS) {
    const last = min(first + BLOCK_ROWS, rows);
    tagBlock(bytes, offsets, last - first);
    let tags = TAGS;
    let start = load<u32>(offsets);
    for (let row = first; row < last; row++, numbers += 4, tags += 8) {
      offsets += 4;
      const end = load<u32>(offsets);
      const length = end - start;
      const key = bytes + start;
      start = end;
      const tag = load<u64>(tags);
      const isLong = length > 16;
      const head = isLong ? i32x4.splat(0) : headOf(key, length);
      let slot = (<u32>tag * FIBONACCI) >> shift;
      while (true) {
        const entry = table + (<usize>slot << 5);
        const seen = load<u64>(entry, 24);
        if (seen == tag) {
          const isSame = isLong
            ? sameLong(load<u32>(entry), key, length)
            : !v128.any_true(v128.xor(v128.load(entry), head));
          if (isSame) {
            store<u32>(numbers, load<u32>(entry, 16));
            store<u32>(entry, load<u32>(entry, 20) + step, 20);
            break;
          }
        }
        if (seen == 0) {
          if (!adds) {
            store<i32>(numbers, -1);
            break;
          }
          if (size >= sizeMax) {
            if (!grow()) return row;
            mask = (<u32>1 << slotBits) - 1;
            shift = 32 - slotBits;
            slot = (<u32>tag * FIBONACCI) >> shift;
            continue;
          }
          if (isLong) {
            const at = keep(key, length);
            if (at == 0) return row;
            store<u32>(entry, <u32>at);
          } else v128.store(entry, head);
          store<u32>(entry, size, 16);
          store<u32>(entry, step, 20);
          store<u64>(entry, tag, 24);
          store<u32>(numbers, size++);
          store<u32>(firsts, row);
          firsts += 4;
          break;
        }
        slot = (slot + 1) & mask;
      }
    }
  }
  return rows;
}

/** Writes the address of the entry of each number to `entries`. */
export function entriesByNumber(entries: usize): void {
  const end = table + (ENTRY_BYTES << slotBits);
  for (let entry = table; entry < end; entry += ENTRY_BYTES) {
    if (load<u32>(entry, 28) == 0) continue;
    store<u32>(entries + (<usize>load<u32>(entry, 16) << 2), <u32>entry);
  }
}

export function sizeNow(): u32 {
  return size;
}

export function bytesNow(): usize {
  return top;
}

/**
 * Sorts the entries by partition into `at`: rows, then bytes per partition (u32), then private
 * data.
 */
export function partition(at: usize, partitions: u32): void {
  partitionRows = at;
  partitionBytes = at + 4 * partitions;
  partitionStarts = at + 8 * partitions;
  order = at + 12 * partitions;
  memory.fill(at, 0, 12 * partitions);
  const end = table + (ENTRY_BYTES << slotBits);
  for (let entry = table; entry < end; entry += ENTRY_BYTES) {
    const length = load<u32>(entry, 28);
    if (length == 0) continue;
    const offset = <usize>(load<u32>(entry, 24) % partitions) << 2;
    store<u32>(partitionRows + offset, load<u32>(partitionRows + offset) + 1);
    store<u32>(partitionBytes + offset, load<u32>(partitionBytes + offset) + length - 1);
  }
  let sum: u32 = 0;
  for (let offset: usize = 0; offset < 4 * partitions; offset += 4) {
    store<u32>(partitionStarts + offset, sum);
    sum += load<u32>(partitionRows + offset);
  }
  // Not in the order of slots: whoever adds these keys to a smaller table would fill its slots from
  // one end and probe through one huge cluster. Strides of the golden ratio spread any prefix
  // evenly.
  const slots = <u32>1 << slotBits;
  const stride = ((FIBONACCI >> (32 - slotBits)) | 1) & (slots - 1);
  let slot: u32 = 0;
  for (let visited: u32 = 0; visited < slots; visited++) {
    const entry = table + (<usize>slot << 5);
    slot = (slot + stride) & (slots - 1);
    if (load<u32>(entry, 28) == 0) continue;
    const start = partitionStarts + (<usize>(load<u32>(entry, 24) % partitions) << 2);
    const position = load<u32>(start);
    store<u32>(order + (<usize>position << 2), <u32>entry);
    store<u32>(start, position + 1);
  }
}

/** Writes one partition as Arrow columns. Returns false when a count passed 2^53. */
export function emit(index: u32, offsets: usize, counts: usize, bytes: usize): bool {
  const rows = load<u32>(partitionRows + 4 * index);
  // partition() left each start at the end of its rows.
  let at = order + 4 * (load<u32>(partitionStarts + 4 * index) - rows);
  let written: u32 = 0;
  let exact = true;
  for (let row: u32 = 0; row < rows; row++, at += 4) {
    const entry = <usize>load<u32>(at);
    const length = load<u32>(entry, 28) - 1;
    store<u32>(offsets + (<usize>row << 2), written);
    const count = load<u64>(entry, 16);
    if (count >= COUNT_MAX) exact = false;
    store<f64>(counts + (<usize>row << 3), <f64>count);
    // The padding of a short key is overwritten by the next one.
    if (length <= 16) v128.store(bytes + written, v128.load(entry));
    else memory.copy(bytes + written, load<u32>(entry), length);
    written += length;
  }
  store<u32>(offsets + (<usize>rows << 2), written);
  return exact;
}
