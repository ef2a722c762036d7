// AssemblyScript source of sums by whole numbers of 32 bits, in parts whose tables each fit a cache.
//
// A part has one block of memory, which holds a table of 2^bits slots and, for half as many groups, their keys and sums:
//
//   slots  8 bytes each: key, i32; group + 1, u32 (0: the slot is empty)
//   keys   4 bytes each, by group; groups are numbered in the order in which their keys came
//   sums   8 bytes each, by group, of one sum after the other
//
// A part that is full moves into a block of twice the size; its old one waits for the next part of that size.

const BITS_MIN: u32 = 8;
const BITS_MAX: u32 = 27;
const FIBONACCI: u32 = 0x9e3779b1;

/** Of each part: its block, the bits of its table, its groups; 16 bytes each. */
let partsAt: usize = 0;
/** The first free block of each number of bits, which begins with the address of the next; 4 bytes each. */
let freeAt: usize = 0;
let top: usize = 0;
let sums: u32 = 0;

/** All parts are empty; `free`: room for 128 bytes; `from`: where blocks begin. */
export function begin(parts: usize, partCount: u32, free: usize, from: usize, sumCount: u32): void {
  partsAt = parts;
  freeAt = free;
  top = from;
  sums = sumCount;
  memory.fill(parts, 0, (<usize>partCount) << 4);
  memory.fill(free, 0, 128);
}

// @ts-ignore: decorator
@inline
function keysOffset(bits: u32): usize {
  return (<usize>8) << bits;
}

// @ts-ignore: decorator
@inline
function sumsOffset(bits: u32, sum: u32): usize {
  return keysOffset(bits) + ((<usize>4) << (bits - 1)) + (<usize>sum) * ((<usize>8) << (bits - 1));
}

function blockBytes(bits: u32): usize {
  return sumsOffset(bits, sums);
}

/** 0 where there is no memory. */
function allocate(bits: u32): usize {
  const free = freeAt + ((<usize>bits) << 2);
  const first = <usize>load<u32>(free);
  if (first != 0) {
    store<u32>(free, load<u32>(first));
    return first;
  }
  const end = top + blockBytes(bits);
  const have = (<usize>memory.size()) << 16;
  if (end < top) return 0;
  if (end > have && memory.grow(<i32>((end - have + 0xffff) >> 16)) < 0) return 0;
  const block = top;
  top = end;
  return block;
}

function release(block: usize, bits: u32): void {
  const free = freeAt + ((<usize>bits) << 2);
  store<u32>(block, load<u32>(free));
  store<u32>(free, <u32>block);
}

// @ts-ignore: decorator
@inline
function slotOf(key: u32, bits: u32): u32 {
  const mixed = (key ^ (key >> 15)) * FIBONACCI;
  return mixed >> (32 - bits);
}

/** Moves a part into a larger block, its first one if it has none; false where there is no memory. */
function grow(part: usize): bool {
  const old = <usize>load<u32>(part);
  const oldBits = load<u32>(part, 4);
  const groups = load<u32>(part, 8);
  const bits = old == 0 ? BITS_MIN : oldBits + 1;
  if (bits > BITS_MAX) return false;
  const block = allocate(bits);
  if (block == 0) return false;
  memory.fill(block, 0, keysOffset(bits));
  const sumsEnd = blockBytes(bits);
  memory.fill(block + sumsOffset(bits, 0), 0, sumsEnd - sumsOffset(bits, 0));
  const mask = ((<u32>1) << bits) - 1;
  for (let group: u32 = 0; group < groups; group++) {
    const key = load<u32>(old + keysOffset(oldBits) + ((<usize>group) << 2));
    let slot = slotOf(key, bits);
    while (load<u32>(block + ((<usize>slot) << 3), 4) != 0) slot = (slot + 1) & mask;
    store<u32>(block + ((<usize>slot) << 3), key);
    store<u32>(block + ((<usize>slot) << 3), group + 1, 4);
  }
  if (old != 0) {
    memory.copy(block + keysOffset(bits), old + keysOffset(oldBits), (<usize>groups) << 2);
    for (let sum: u32 = 0; sum < sums; sum++) {
      const from = old + sumsOffset(oldBits, sum);
      memory.copy(block + sumsOffset(bits, sum), from, (<usize>groups) << 3);
    }
    release(old, oldBits);
  }
  store<u32>(part, <u32>block);
  store<u32>(part, bits, 4);
  return true;
}

/** The group of each key, new ones for new keys. Answers for how many keys there was memory. */
export function number(partNumber: u32, keys: usize, rows: u32, groups: usize): u32 {
  const part = partsAt + ((<usize>partNumber) << 4);
  if (load<u32>(part) == 0 && !grow(part)) return 0;
  let block = <usize>load<u32>(part);
  let bits = load<u32>(part, 4);
  let mask = ((<u32>1) << bits) - 1;
  let count = load<u32>(part, 8);
  for (let row: u32 = 0; row < rows; row++) {
    const key = load<u32>(keys + ((<usize>row) << 2));
    let slot = slotOf(key, bits);
    let at = block + ((<usize>slot) << 3);
    let group = load<u32>(at, 4);
    while (group != 0 && load<u32>(at) != key) {
      slot = (slot + 1) & mask;
      at = block + ((<usize>slot) << 3);
      group = load<u32>(at, 4);
    }
    if (group == 0) {
      if (count << 1 > mask) {
        store<u32>(part, count, 8);
        if (!grow(part)) return row;
        block = <usize>load<u32>(part);
        bits = load<u32>(part, 4);
        mask = ((<u32>1) << bits) - 1;
        slot = slotOf(key, bits);
        at = block + ((<usize>slot) << 3);
        while (load<u32>(at, 4) != 0) {
          slot = (slot + 1) & mask;
          at = block + ((<usize>slot) << 3);
        }
      }
      store<u32>(block + keysOffset(bits) + ((<usize>count) << 2), key);
      count++;
      group = count;
      store<u32>(at, key);
      store<u32>(at, group, 4);
    }
    store<u32>(groups + ((<usize>row) << 2), group - 1);
  }
  store<u32>(part, count, 8);
  return rows;
}

/** Adds a value for each row to a sum of its group, in the order of the rows. */
export function add(partNumber: u32, sum: u32, values: usize, groups: usize, rows: u32): void {
  const part = partsAt + ((<usize>partNumber) << 4);
  const base = <usize>load<u32>(part) + sumsOffset(load<u32>(part, 4), sum);
  const end = groups + ((<usize>rows) << 2);
  for (; groups < end; groups += 4, values += 8) {
    const at = base + ((<usize>load<u32>(groups)) << 3);
    store<f64>(at, load<f64>(at) + load<f64>(values));
  }
}

export function groupsOf(partNumber: u32): u32 {
  return load<u32>(partsAt + ((<usize>partNumber) << 4), 8);
}

/** Of a part that has groups. */
export function keysAt(partNumber: u32): usize {
  const part = partsAt + ((<usize>partNumber) << 4);
  return <usize>load<u32>(part) + keysOffset(load<u32>(part, 4));
}

export function sumsAt(partNumber: u32, sum: u32): usize {
  const part = partsAt + ((<usize>partNumber) << 4);
  return <usize>load<u32>(part) + sumsOffset(load<u32>(part, 4), sum);
}

export function bytesOf(partNumber: u32): u32 {
  const part = partsAt + ((<usize>partNumber) << 4);
  return load<u32>(part) == 0 ? 0 : <u32>blockBytes(load<u32>(part, 4));
}

/** The part is empty, and its block free. */
export function clear(partNumber: u32): void {
  const part = partsAt + ((<usize>partNumber) << 4);
  if (load<u32>(part) == 0) return;
  release(<usize>load<u32>(part), load<u32>(part, 4));
  memory.fill(part, 0, 16);
}
