// AssemblyScript source of the hash that guards blocks: XXH64 of github.com/Cyan4973/xxHash (doc/xxhash_spec.md).

const P1: u64 = 0x9e3779b185ebca87;
const P2: u64 = 0xc2b2ae3d27d4eb4f;
const P3: u64 = 0x165667b19e3779f9;
const P4: u64 = 0x85ebca77c2b2ae63;
const P5: u64 = 0x27d4eb2f165667c5;

/** Where the caller puts the bytes of a piece, at most 64 KiB. */
const INPUT: usize = 1024;

let hash: u64 = 0;

export function input(): usize {
  return INPUT;
}

export function begin(): void {
  hash = 0;
}

/** The lower half of the hash. */
export function lower(): u32 {
  return <u32>hash;
}

export function upper(): u32 {
  return <u32>(hash >> 32);
}

// @ts-ignore: decorators are AssemblyScript's
@inline
function round(sum: u64, lane: u64): u64 {
  return rotl(sum + lane * P2, 31) * P1;
}

// @ts-ignore: decorators are AssemblyScript's
@inline
function merged(sum: u64, lane: u64): u64 {
  return (sum ^ round(0, lane)) * P1 + P4;
}

/** Hashes the first `length` bytes of the input, with the hash so far as the seed. */
export function absorb(length: usize): void {
  let at = INPUT;
  const end = INPUT + length;
  let sum: u64;
  if (length >= 32) {
    let a = hash + P1 + P2;
    let b = hash + P2;
    let c = hash;
    let d = hash - P1;
    for (; at + 32 <= end; at += 32) {
      a = round(a, load<u64>(at));
      b = round(b, load<u64>(at, 8));
      c = round(c, load<u64>(at, 16));
      d = round(d, load<u64>(at, 24));
    }
    sum = rotl(a, 1) + rotl(b, 7) + rotl(c, 12) + rotl(d, 18);
    sum = merged(merged(merged(merged(sum, a), b), c), d);
  } else sum = hash + P5;
  sum += <u64>length;
  for (; at + 8 <= end; at += 8) sum = rotl(sum ^ round(0, load<u64>(at)), 27) * P1 + P4;
  if (at + 4 <= end) {
    sum = rotl(sum ^ (<u64>load<u32>(at) * P1), 23) * P2 + P3;
    at += 4;
  }
  for (; at < end; at++) sum = rotl(sum ^ (<u64>load<u8>(at) * P5), 11) * P1;
  sum = (sum ^ (sum >> 33)) * P2;
  sum = (sum ^ (sum >> 29)) * P3;
  hash = sum ^ (sum >> 32);
}
