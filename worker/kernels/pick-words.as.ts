// AssemblyScript source of loops that pick rows of columns of fixed width by their numbers: eight loads before their
// stores, so that cache misses are waited for together. What lies before the first value is that of row -1.

/** Makes room up to `end`; false where there is none. */
export function reach(end: usize): bool {
  const have = (<usize>memory.size()) << 16;
  if (end <= have) return true;
  return memory.grow(<i32>((end - have + 0xffff) >> 16)) >= 0;
}

// @ts-ignore: decorator
@inline function at4(rows: usize, from: usize): u32 {
  return load<u32>(from + (<isize>load<i32>(rows) << 2));
}

// @ts-ignore: decorator
@inline function at8(rows: usize, from: usize): u64 {
  return load<u64>(from + (<isize>load<i32>(rows) << 3));
}

/** Values of 32 bits. */
export function pick4(rows: usize, count: u32, from: usize, to: usize): void {
  const end = rows + (<usize>count << 2);
  const stop = end - 28;
  for (; rows < stop; rows += 32, to += 32) {
    const value0 = at4(rows, from);
    const value1 = at4(rows + 4, from);
    const value2 = at4(rows + 8, from);
    const value3 = at4(rows + 12, from);
    const value4 = at4(rows + 16, from);
    const value5 = at4(rows + 20, from);
    const value6 = at4(rows + 24, from);
    const value7 = at4(rows + 28, from);
    store<u32>(to, value0);
    store<u32>(to, value1, 4);
    store<u32>(to, value2, 8);
    store<u32>(to, value3, 12);
    store<u32>(to, value4, 16);
    store<u32>(to, value5, 20);
    store<u32>(to, value6, 24);
    store<u32>(to, value7, 28);
  }
  for (; rows < end; rows += 4, to += 4) store<u32>(to, at4(rows, from));
}

/** Of 64 bits. */
export function pick8(rows: usize, count: u32, from: usize, to: usize): void {
  const end = rows + (<usize>count << 2);
  const stop = end - 28;
  for (; rows < stop; rows += 32, to += 64) {
    const value0 = at8(rows, from);
    const value1 = at8(rows + 4, from);
    const value2 = at8(rows + 8, from);
    const value3 = at8(rows + 12, from);
    const value4 = at8(rows + 16, from);
    const value5 = at8(rows + 20, from);
    const value6 = at8(rows + 24, from);
    const value7 = at8(rows + 28, from);
    store<u64>(to, value0);
    store<u64>(to, value1, 8);
    store<u64>(to, value2, 16);
    store<u64>(to, value3, 24);
    store<u64>(to, value4, 32);
    store<u64>(to, value5, 40);
    store<u64>(to, value6, 48);
    store<u64>(to, value7, 56);
  }
  for (; rows < end; rows += 4, to += 8) store<u64>(to, at8(rows, from));
}
