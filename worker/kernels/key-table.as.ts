// AssemblyScript source of a table from keys of many words, of 32 bits each, to the numbers of groups.
//
// Slots are small, and keys lie elsewhere: that of a new group is written behind the last one and never read again until
// another row has the same hash. Where most rows are groups of their own the table is all that is met at random, and of
// 400 000 groups it has 8 MiB, where entries that hold their keys have 32.
//
//   slot   8 bytes: hash, u32; group + 1, u32 (0: the slot is free)
//   place  4 bytes, by group + 1: the address of its key, which is the number of its words, u32, and then these

/** Hashes of the keys that are looked for next, 512 bytes. */
const HASHES: usize = 1024;
const BLOCK_ROWS: i32 = 128;
/** What stands for the key of no group. */
const NO_KEY: usize = 2048;
const MULTIPLIER: u64 = 0xc6a4a7935bd1e995;
const BITS_MAX: u32 = 27;
/** As large as the table until that is this large: there may be many small tables. */
const CHUNK_BYTES_MAX: usize = 1 << 20;
/** Keys are copied by whole vectors. */
const VECTOR_BYTES: usize = 16;

let slots: usize = 0;
let bits: u32 = 0;
let places: usize = 0;
let placesMax: u32 = 0;
let count: u32 = 0;
let words: u32 = 0;
let arena: usize = 0;
let arenaEnd: usize = 0;
/** The largest block that something outgrew: the next chunk of keys. */
let spare: usize = 0;
let spareEnd: usize = 0;
/** First address never handed out. */
let top: usize = 0;
let bytesMax: usize = 0;
let sink: u32 = 0;

function reach(end: usize): bool {
  const have = (<usize>memory.size()) << 16;
  if (end <= have) return true;
  return memory.grow(<i32>((end - have + 0xffff) >> 16)) >= 0;
}

/** 0 where the bound is reached. */
function take(bytes: usize): usize {
  const start = (top + 31) & ~31;
  const end = start + bytes;
  if (bytes > bytesMax || end > bytesMax || !reach(end + VECTOR_BYTES)) return 0;
  top = end;
  return start;
}

/** Space above everything handed out, valid until more is; 0 where there is none. */
export function scratch(bytes: usize): usize {
  const start = (top + 31) & ~31;
  if (bytes >= 0xf0000000 - start || !reach(start + bytes + VECTOR_BYTES)) return 0;
  return start;
}

/** Empties the table. `from`: first address free for it. False where the bound is too small. */
export function reset(from: usize, slotBits: u32, limit: usize): bool {
  memory.fill(NO_KEY, 0, 16);
  top = from;
  bytesMax = limit;
  count = words = 0;
  arena = arenaEnd = spare = spareEnd = 0;
  bits = slotBits;
  slots = take((<usize>8) << bits);
  placesMax = ((<u32>1) << bits) >> 1;
  places = take(<usize>4 + ((<usize>placesMax) << 2));
  if (slots == 0 || places == 0) return false;
  memory.fill(slots, 0, (<usize>8) << bits);
  store<u32>(places, <u32>NO_KEY);
  return true;
}

function outgrow(start: usize, bytes: usize): void {
  if (bytes <= spareEnd - spare) return;
  spare = start;
  spareEnd = start + bytes;
}

/** Slots keep their order: both tables are walked from one end to the other. */
function grow(): bool {
  if (bits >= BITS_MAX) return false;
  const old = slots;
  const oldBytes = (<usize>8) << bits;
  const oldPlaces = places;
  const oldPlacesBytes = <usize>4 + ((<usize>placesMax) << 2);
  const newSlots = take(oldBytes << 1);
  const newPlaces = newSlots == 0 ? <usize>0 : take(<usize>4 + ((<usize>placesMax) << 3));
  if (newPlaces == 0) return false;
  memory.fill(newSlots, 0, oldBytes << 1);
  memory.copy(newPlaces, oldPlaces, oldPlacesBytes);
  slots = newSlots;
  places = newPlaces;
  placesMax <<= 1;
  bits++;
  const mask = ((<u32>1) << bits) - 1;
  for (let at = old; at < old + oldBytes; at += 8) {
    const seen = load<u64>(at);
    if (seen >> 32 == 0) continue;
    let slot = (<u32>seen) >> (32 - bits);
    while (load<u32>(slots + ((<usize>slot) << 3), 4) != 0) slot = (slot + 1) & mask;
    store<u64>(slots + ((<usize>slot) << 3), seen);
  }
  outgrow(old, oldBytes);
  outgrow(oldPlaces, oldPlacesBytes);
  return true;
}

/** Where the words of a new key are kept; 0 where the bound is reached. */
function keep(key: usize, length: u32): usize {
  const bytes = <usize>4 + ((<usize>length) << 2);
  if (arena + bytes + VECTOR_BYTES > arenaEnd) {
    const needed = bytes + VECTOR_BYTES;
    if (spareEnd - spare >= needed) {
      arena = spare;
      arenaEnd = spareEnd;
      spare = spareEnd = 0;
    } else {
      const size = max(min(CHUNK_BYTES_MAX, (<usize>8) << bits), needed);
      const start = take(size);
      if (start == 0) return 0;
      arena = start;
      arenaEnd = start + size;
    }
  }
  const kept = arena;
  store<u32>(kept, length);
  const to = kept + 4;
  for (let at: usize = 0; at < (<usize>length) << 2; at += VECTOR_BYTES) {
    v128.store(to + at, v128.load(key + at));
  }
  arena += bytes;
  words += length;
  return kept;
}

// @ts-ignore: decorator
@inline
function isKept(kept: usize, key: usize, length: u32): bool {
  if (load<u32>(kept) != length) return false;
  const own = kept + 4;
  const bytes = (<usize>length) << 2;
  let at: usize = 0;
  for (; at + VECTOR_BYTES <= bytes; at += VECTOR_BYTES) {
    if (v128.any_true(v128.xor(v128.load(own + at), v128.load(key + at)))) return false;
  }
  for (; at < bytes; at += 4) if (load<u32>(own + at) != load<u32>(key + at)) return false;
  return true;
}

/** MurmurHash64A, of which the upper half is kept. */
// @ts-ignore: decorator
@inline
function hashOf(key: usize, length: u32): u32 {
  let hash: u64 = (<u64>length) * MULTIPLIER;
  const end = key + ((<usize>length) << 2);
  for (; key + 8 <= end; key += 8) {
    let next = load<u64>(key) * MULTIPLIER;
    next = (next ^ (next >> 47)) * MULTIPLIER;
    hash = (hash ^ next) * MULTIPLIER;
  }
  if (key < end) hash = (hash ^ (<u64>load<u32>(key))) * MULTIPLIER;
  hash = (hash ^ (hash >> 47)) * MULTIPLIER;
  return <u32>(hash >> 32);
}

function hashBlock(keys: usize, starts: usize, rows: i32): void {
  let start = load<u32>(starts);
  for (let at = HASHES, end = HASHES + ((<usize>rows) << 2); at < end; at += 4) {
    starts += 4;
    const stop = load<u32>(starts);
    store<u32>(at, hashOf(keys + ((<usize>start) << 2), stop - start));
    start = stop;
  }
}

/**
 * Loads the slots of keys, and the keys that lie there under the same hash. In a loop that does nothing else the processor
 * waits for many of them at a time: it looks some hundred instructions ahead, which is two hashes.
 */
function touchBlock(rows: i32): void {
  const shift = 32 - bits;
  let touched: u32 = 0;
  for (let at = HASHES, end = HASHES + ((<usize>rows) << 2); at < end; at += 4) {
    const hash = load<u32>(at);
    const seen = load<u64>(slots + ((<usize>(hash >> shift)) << 3));
    const group = select<u32>(<u32>(seen >> 32), 0, <u32>seen == hash);
    touched |= load<u32>(load<u32>(places + ((<usize>group) << 2)));
  }
  sink |= touched;
}

/**
 * Writes the number of each key to `numbers`, and the rows of keys that were new, in order, to `firsts`. Words of the key
 * of a row lie from `starts` of it to that of the next. With `adds` 0 nothing is added, and a new key has the number -1.
 * Answers how many rows it came to: fewer where the bound is reached.
 */
export function number(
  keys: usize,
  starts: usize,
  rows: i32,
  numbers: usize,
  adds: bool,
  firsts: usize,
): i32 {
  for (let first = 0; first < rows; first += BLOCK_ROWS) {
    const last = min(first + BLOCK_ROWS, rows);
    hashBlock(keys, starts, last - first);
    touchBlock(last - first);
    let mask = ((<u32>1) << bits) - 1;
    let hashes = HASHES;
    for (let row = first; row < last; row++, starts += 4, numbers += 4, hashes += 4) {
      const start = load<u32>(starts);
      const length = load<u32>(starts, 4) - start;
      const key = keys + ((<usize>start) << 2);
      const hash = load<u32>(hashes);
      let slot = hash >> (32 - bits);
      while (true) {
        const at = slots + ((<usize>slot) << 3);
        const group = load<u32>(at, 4);
        if (group == 0) {
          if (!adds) {
            store<i32>(numbers, -1);
            break;
          }
          if (count == placesMax) {
            if (!grow()) return row;
            mask = ((<u32>1) << bits) - 1;
            slot = hash >> (32 - bits);
            continue;
          }
          const kept = keep(key, length);
          if (kept == 0) return row;
          store<u32>(numbers, count++);
          store<u32>(places + ((<usize>count) << 2), <u32>kept);
          store<u32>(at, hash);
          store<u32>(at, count, 4);
          store<u32>(firsts, row);
          firsts += 4;
          break;
        }
        if (load<u32>(at) == hash) {
          if (isKept(load<u32>(places + ((<usize>group) << 2)), key, length)) {
            store<u32>(numbers, group - 1);
            break;
          }
        }
        slot = (slot + 1) & mask;
      }
    }
  }
  return rows;
}

/** Writes the words of all keys to `to`, by number, and where those of each begin to `starts`. */
export function copyKeys(starts: usize, to: usize): void {
  let at: u32 = 0;
  store<u32>(starts, 0);
  for (let group: u32 = 1; group <= count; group++) {
    const kept = <usize>load<u32>(places + ((<usize>group) << 2));
    const length = load<u32>(kept);
    memory.copy(to + ((<usize>at) << 2), kept + 4, (<usize>length) << 2);
    at += length;
    store<u32>(starts + ((<usize>group) << 2), at);
  }
}

export function countNow(): u32 {
  return count;
}

export function wordsNow(): u32 {
  return words;
}

export function bytesNow(): usize {
  return top;
}
