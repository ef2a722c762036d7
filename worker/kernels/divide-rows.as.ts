// AssemblyScript source of loops that divide rows: hashes of whole numbers and of texts, places of rows by their part,
// and columns written to these places.
//
// A column is read once from its beginning to its end and written to as many places as there are parts, which costs a
// fifth of picking its rows part by part. Rows are padded to four: what lies beyond the last one is read and hashed,
// and never used.

/** Makes room up to `end`; false where there is none. */
export function reach(end: usize): bool {
  const have = (<usize>memory.size()) << 16;
  if (end <= have) return true;
  return memory.grow(<i32>((end - have + 0xffff) >> 16)) >= 0;
}

// @ts-ignore: decorator
@inline function rotated(lanes: v128, bits: i32): v128 {
  return v128.or(i32x4.shl(lanes, bits), i32x4.shr_u(lanes, 32 - bits));
}

/** A step of MurmurHash3 for four rows, as `absorbWord` in key-rows.ts. */
// @ts-ignore: decorator
@inline function absorbed(hashes: v128, next: v128): v128 {
  const first = i32x4.mul(next, i32x4.splat(0xcc9e2d51));
  const word = i32x4.mul(rotated(first, 15), i32x4.splat(0x1b873593));
  const mixed = rotated(v128.xor(hashes, word), 13);
  return i32x4.add(i32x4.mul(mixed, i32x4.splat(5)), i32x4.splat(0xe6546b64));
}

/** As `finishHash`. */
// @ts-ignore: decorator
@inline function finished(sums: v128, words: v128): v128 {
  const hashes = v128.xor(sums, words);
  let mixed = v128.xor(hashes, i32x4.shr_u(hashes, 16));
  mixed = i32x4.mul(mixed, i32x4.splat(0x85ebca6b));
  mixed = v128.xor(mixed, i32x4.shr_u(mixed, 13));
  mixed = i32x4.mul(mixed, i32x4.splat(0xc2b2ae35));
  return v128.xor(mixed, i32x4.shr_u(mixed, 16));
}

/** Hashes of numbers of 32 bits as keys of 64, which begin with the hash `first`. `words`: of a whole key. */
export function hashInts(values: usize, rows: u32, first: u32, words: u32, hashes: usize): void {
  const firsts = i32x4.splat(first);
  const lengths = i32x4.splat(words);
  const end = values + (<usize>rows << 2);
  for (; values < end; values += 16, hashes += 16) {
    const low = v128.load(values);
    const high = i32x4.shr_s(low, 31);
    v128.store(hashes, finished(absorbed(absorbed(firsts, low), high), lengths));
  }
}

/** As `hashInts`, of numbers of 64 bits. */
export function hashLongs(values: usize, rows: u32, first: u32, words: u32, hashes: usize): void {
  const firsts = i32x4.splat(first);
  const lengths = i32x4.splat(words);
  const end = values + (<usize>rows << 3);
  for (; values < end; values += 32, hashes += 16) {
    const left = v128.load(values);
    const right = v128.load(values, 16);
    const low = v128.shuffle<i32>(left, right, 0, 2, 4, 6);
    const high = v128.shuffle<i32>(left, right, 1, 3, 5, 7);
    v128.store(hashes, finished(absorbed(absorbed(firsts, low), high), lengths));
  }
}

// @ts-ignore: decorator
@inline function absorbedWord(hash: u32, next: u32): u32 {
  const word = rotl<u32>(next * 0xcc9e2d51, 15) * 0x1b873593;
  return rotl<u32>(hash ^ word, 13) * 5 + 0xe6546b64;
}

/**
 * Hashes of texts as keys, which begin with the hash `first` of `words` words: the number of their bytes, then these,
 * four to a word.
 */
export function hashTexts(
  bytes: usize,
  offsets: usize,
  rows: u32,
  first: u32,
  words: u32,
  hashes: usize,
): void {
  const hashesEnd = hashes + (<usize>rows << 2);
  let start = load<u32>(offsets);
  for (; hashes < hashesEnd; hashes += 4) {
    offsets += 4;
    const end = load<u32>(offsets);
    const length = end - start;
    let from = bytes + start;
    const wholeEnd = from + (length & ~3);
    start = end;
    let sum = absorbedWord(first, length);
    for (; from < wholeEnd; from += 4) sum = absorbedWord(sum, load<u32>(from));
    const rest = length & 3;
    if (rest > 0) sum = absorbedWord(sum, load<u32>(from) & (((<u32>1) << (rest << 3)) - 1));
    let hash = sum ^ (words + 1 + ((length + 3) >> 2));
    hash = (hash ^ (hash >> 16)) * 0x85ebca6b;
    hash = (hash ^ (hash >> 13)) * 0xc2b2ae35;
    store<u32>(hashes, hash ^ (hash >> 16));
  }
}

/**
 * The place of each row where rows are ordered by their part, those of one part as they came: from `parts` to `places`,
 * which may be the same. `ends` takes the place behind the last row of each part.
 */
export function place(parts: usize, rows: u32, partCount: u32, ends: usize, places: usize): void {
  const end = parts + (<usize>rows << 2);
  const endsEnd = ends + (<usize>partCount << 2);
  memory.fill(ends, 0, endsEnd - ends);
  for (let at = parts; at < end; at += 4) {
    const count = ends + (<usize>load<u32>(at) << 2);
    store<u32>(count, load<u32>(count) + 1);
  }
  let sum: u32 = 0;
  for (let count = ends; count < endsEnd; count += 4) {
    const own = load<u32>(count);
    store<u32>(count, sum);
    sum += own;
  }
  for (; parts < end; parts += 4, places += 4) {
    const next = ends + (<usize>load<u32>(parts) << 2);
    const to = load<u32>(next);
    store<u32>(places, to);
    store<u32>(next, to + 1);
  }
}

/** Writes the number of each row to its place. */
export function order(places: usize, rows: u32, to: usize): void {
  for (let row: u32 = 0; row < rows; row++, places += 4) {
    store<u32>(to + (<usize>load<u32>(places) << 2), row);
  }
}

/** Writes values of 32 bits to the places of their rows. */
export function scatter4(from: usize, places: usize, rows: u32, to: usize): void {
  const end = from + (<usize>rows << 2);
  const stop = end - 12;
  for (; from < stop; from += 16, places += 16) {
    store<u32>(to + (<usize>load<u32>(places) << 2), load<u32>(from));
    store<u32>(to + (<usize>load<u32>(places, 4) << 2), load<u32>(from, 4));
    store<u32>(to + (<usize>load<u32>(places, 8) << 2), load<u32>(from, 8));
    store<u32>(to + (<usize>load<u32>(places, 12) << 2), load<u32>(from, 12));
  }
  for (; from < end; from += 4, places += 4) {
    store<u32>(to + (<usize>load<u32>(places) << 2), load<u32>(from));
  }
}

/** Of 64 bits. */
export function scatter8(from: usize, places: usize, rows: u32, to: usize): void {
  const end = from + (<usize>rows << 3);
  const stop = end - 24;
  for (; from < stop; from += 32, places += 16) {
    store<u64>(to + (<usize>load<u32>(places) << 3), load<u64>(from));
    store<u64>(to + (<usize>load<u32>(places, 4) << 3), load<u64>(from, 8));
    store<u64>(to + (<usize>load<u32>(places, 8) << 3), load<u64>(from, 16));
    store<u64>(to + (<usize>load<u32>(places, 12) << 3), load<u64>(from, 24));
  }
  for (; from < end; from += 8, places += 4) {
    store<u64>(to + (<usize>load<u32>(places) << 3), load<u64>(from));
  }
}

/** Of 128 bits. */
export function scatter16(from: usize, places: usize, rows: u32, to: usize): void {
  const end = from + (<usize>rows << 4);
  for (; from < end; from += 16, places += 4) {
    v128.store(to + (<usize>load<u32>(places) << 4), v128.load(from));
  }
}

/** Longer texts are copied by the engine. */
const LONG: u32 = 512;

/** Copies a text and nothing behind it: the first text of another part may lie there already. */
// @ts-ignore: decorator
@inline function copyText(from: usize, to: usize, length: u32): void {
  if (length > LONG) {
    memory.copy(to, from, length);
    return;
  }
  if (length >= 16) {
    const last = <usize>length - 16;
    for (let at: usize = 0; at < last; at += 16) v128.store(to + at, v128.load(from + at));
    v128.store(to + last, v128.load(from + last));
    return;
  }
  if (length >= 8) {
    const last = <usize>length - 8;
    const end = load<u64>(from + last);
    store<u64>(to, load<u64>(from));
    store<u64>(to + last, end);
    return;
  }
  for (let at: usize = 0; at < <usize>length; at++) store<u8>(to + at, load<u8>(from + at));
}

/** Writes how long each text is to its place among `lengths`. */
export function placeLengths(offsets: usize, places: usize, rows: u32, lengths: usize): void {
  const end = places + (<usize>rows << 2);
  let start = load<u32>(offsets);
  for (; places < end; places += 4) {
    offsets += 4;
    const next = load<u32>(offsets);
    store<u32>(lengths + (<usize>load<u32>(places) << 2), next - start);
    start = next;
  }
}

/** Makes lengths to where texts begin that lie one after the other; behind them follows where the last one ends. */
export function beginnings(lengths: usize, rows: u32): void {
  const end = lengths + (<usize>rows << 2);
  let sum: u32 = 0;
  for (; lengths < end; lengths += 4) {
    const own = load<u32>(lengths);
    store<u32>(lengths, sum);
    sum += own;
  }
  store<u32>(end, sum);
}

/** Copies each text to `to`, where the text of its place begins. `bytes`: of the text whose offset is 0. */
export function scatterTexts(
  bytes: usize,
  offsets: usize,
  places: usize,
  rows: u32,
  starts: usize,
  to: usize,
): void {
  const end = places + (<usize>rows << 2);
  let start = load<u32>(offsets);
  for (; places < end; places += 4) {
    offsets += 4;
    const next = load<u32>(offsets);
    copyText(bytes + start, to + load<u32>(starts + (<usize>load<u32>(places) << 2)), next - start);
    start = next;
  }
}

const SIGN: i64 = i64.MIN_VALUE;
const NOT_A_NUMBER: i64 = 0x7ff8000000000000;

/** What the first word of a sort is: minus zero equals zero, and every NaN comes last. */
// @ts-ignore: decorator
@inline function keyAt(at: usize, areDoubles: bool, complement: i64): u64 {
  let bits = load<i64>(at);
  if (areDoubles) {
    const value = load<f64>(at);
    if (bits == SIGN) bits = 0;
    if (value != value) bits = NOT_A_NUMBER;
    bits ^= (bits >> 63) & ~SIGN;
  }
  return bits ^ SIGN ^ complement;
}

/** Makes numbers of 64 bits to keys, in their place. `flip`: for a descending order. */
export function keysOf(at: usize, count: u32, areDoubles: bool, flip: bool): void {
  const end = at + (<usize>count << 3);
  const complement: i64 = flip ? -1 : 0;
  for (; at < end; at += 8) store<u64>(at, keyAt(at, areDoubles, complement));
}

/**
 * How many of `boundCount` keys in order, one at least, come before the key of each number. Those whose key equals that of
 * the next bound have the highest bit set as well. Answers how many these are.
 */
export function ranges(
  values: usize,
  rows: u32,
  areDoubles: bool,
  flip: bool,
  bounds: usize,
  boundCount: u32,
  parts: usize,
): u32 {
  const end = values + (<usize>rows << 3);
  const complement: i64 = flip ? -1 : 0;
  const last = bounds + (<usize>boundCount << 3) - 8;
  let equal: u32 = 0;
  for (; values < end; values += 8, parts += 4) {
    const key = keyAt(values, areDoubles, complement);
    let at = bounds;
    // Without branches: which way a key goes cannot be foretold.
    for (let left: u32 = boundCount; left > 1; ) {
      const half = left >> 1;
      const middle = at + (<usize>half << 3);
      at = load<u64>(middle - 8) < key ? middle : at;
      left -= half;
    }
    at += load<u64>(at) < key ? 8 : 0;
    let part = <u32>((at - bounds) >> 3);
    if (at <= last && load<u64>(at) == key) {
      part |= 0x80000000;
      equal++;
    }
    store<u32>(parts, part);
  }
  return equal;
}
