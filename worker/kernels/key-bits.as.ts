// AssemblyScript source of a set of whole numbers, a bit for each number of a range. What is asked is told without a branch
// by row; behind the bits there is one word without any, for all numbers beyond the range.
//
//   bits   u32 words: bit `at & 31` of word `at >> 5` for the number `least + at`

/** Makes room up to `end`; false where there is none. */
export function reach(end: usize): bool {
  const have = (<usize>memory.size()) << 16;
  if (end <= have) return true;
  return memory.grow(<i32>((end - have + 0xffff) >> 16)) >= 0;
}

/** No number is there. */
export function clear(bits: usize, bitsEnd: usize): void {
  memory.fill(bits, 0, bitsEnd - bits);
}

/** Adds numbers of 32 bits, all of which are within the range. */
export function mark(numbers: usize, rows: u32, least: u32, bits: usize): void {
  const end = numbers + (<usize>rows << 2);
  for (; numbers < end; numbers += 4) {
    const at = load<u32>(numbers) - least;
    const word = bits + (<usize>(at >> 5) << 2);
    store<u32>(word, load<u32>(word) | (<u32>1 << (at & 31)));
  }
}

// @ts-ignore: decorator
@inline function isThere(at: u32, bits: usize): u32 {
  return (load<u32>(bits + (<usize>(at >> 5) << 2)) >> (at & 31)) & 1;
}

// @ts-ignore: decorator
@inline function placeOf(number: usize, least: u32, none: u32): u32 {
  const at = load<u32>(number) - least;
  return at < none ? at : none;
}

/** A byte for each number of 32 bits: 1 if it is there, else 0. `none`: the place of a bit that is not set. */
export function test(
  numbers: usize,
  rows: u32,
  least: u32,
  none: u32,
  bits: usize,
  to: usize,
): void {
  const end = numbers + (<usize>rows << 2);
  const stop = end - 12;
  for (; numbers < stop; numbers += 16, to += 4) {
    const found0 = isThere(placeOf(numbers, least, none), bits);
    const found1 = isThere(placeOf(numbers + 4, least, none), bits);
    const found2 = isThere(placeOf(numbers + 8, least, none), bits);
    const found3 = isThere(placeOf(numbers + 12, least, none), bits);
    store<u32>(to, found0 | (found1 << 8) | (found2 << 16) | (found3 << 24));
  }
  for (; numbers < end; numbers += 4, to++) {
    store<u8>(to, isThere(placeOf(numbers, least, none), bits));
  }
}

// @ts-ignore: decorator
@inline function placeOfLong(number: usize, least: i64, none: u64): u32 {
  const at = <u64>(load<i64>(number) - least);
  return <u32>(at < none ? at : none);
}

/** As `test`, for numbers of 64 bits. */
export function testLongs(
  numbers: usize,
  rows: u32,
  least: i32,
  none: u32,
  bits: usize,
  to: usize,
): void {
  const from = <i64>least;
  const beyond = <u64>none;
  const end = numbers + (<usize>rows << 3);
  const stop = end - 24;
  for (; numbers < stop; numbers += 32, to += 4) {
    const found0 = isThere(placeOfLong(numbers, from, beyond), bits);
    const found1 = isThere(placeOfLong(numbers + 8, from, beyond), bits);
    const found2 = isThere(placeOfLong(numbers + 16, from, beyond), bits);
    const found3 = isThere(placeOfLong(numbers + 24, from, beyond), bits);
    store<u32>(to, found0 | (found1 << 8) | (found2 << 16) | (found3 << 24));
  }
  for (; numbers < end; numbers += 8, to++) {
    store<u8>(to, isThere(placeOfLong(numbers, from, beyond), bits));
  }
}
