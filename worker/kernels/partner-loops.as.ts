// AssemblyScript source of loops over the partners that a join found for rows: -1 stands for none. None of them branches
// by a row, and loads come before the stores that wait for them.

/** Makes room up to `end`; false where there is none. */
export function reach(end: usize): bool {
  const have = (<usize>memory.size()) << 16;
  if (end <= have) return true;
  return memory.grow(<i32>((end - have + 0xffff) >> 16)) >= 0;
}

/** Instead of numbers their distances from the least, or -1 for those beyond `length`. Answers how many are within. */
export function within(numbers: usize, rows: u32, least: u32, length: u32): u32 {
  const end = numbers + (<usize>rows << 2);
  let absent: i32 = 0;
  for (; numbers < end; numbers += 4) {
    const at = load<u32>(numbers) - least;
    const own: i32 = at < length ? <i32>at : -1;
    store<i32>(numbers, own);
    absent += own >> 31;
  }
  return rows + absent;
}

// @ts-ignore: decorator
@inline function entry(numbers: usize, least: u32, length: u32, table: usize): i32 {
  const at = load<u32>(numbers) - least;
  return load<i32>(table + (<usize>(at < length ? at : length) << 2));
}

/**
 * Instead of numbers what a table has for them, from the least on; behind its `length` entries there is one for all
 * numbers beyond them. Answers for how many that is not negative.
 */
export function look(numbers: usize, rows: u32, least: u32, length: u32, table: usize): u32 {
  const end = numbers + (<usize>rows << 2);
  const stop = end - 12;
  let absent: i32 = 0;
  for (; numbers < stop; numbers += 16) {
    const entry0 = entry(numbers, least, length, table);
    const entry1 = entry(numbers + 4, least, length, table);
    const entry2 = entry(numbers + 8, least, length, table);
    const entry3 = entry(numbers + 12, least, length, table);
    store<i32>(numbers, entry0);
    store<i32>(numbers, entry1, 4);
    store<i32>(numbers, entry2, 8);
    store<i32>(numbers, entry3, 12);
    absent += (entry0 >> 31) + (entry1 >> 31) + (entry2 >> 31) + (entry3 >> 31);
  }
  for (; numbers < end; numbers += 4) {
    const own = entry(numbers, least, length, table);
    store<i32>(numbers, own);
    absent += own >> 31;
  }
  return rows + absent;
}

/** Writes the numbers of rows with a partner, counted from `first` on; answers how many these are. */
export function list(partners: usize, rows: u32, first: u32, to: usize): u32 {
  const from = to;
  for (const end = first + rows; first < end; first++, partners += 4) {
    store<u32>(to, first);
    to += <usize>(~load<u32>(partners) >>> 31) << 2;
  }
  return <u32>((to - from) >> 2);
}

/** As `list`, and puts partners that there are side by side. */
export function pack(partners: usize, rows: u32, first: u32, to: usize): u32 {
  const from = to;
  let packed = partners;
  for (const end = first + rows; first < end; first++, partners += 4) {
    const partner = load<u32>(partners);
    store<u32>(to, first);
    store<u32>(packed, partner);
    const step = <usize>(~partner >>> 31) << 2;
    to += step;
    packed += step;
  }
  return <u32>((to - from) >> 2);
}

/** Bits of the rows with a partner, a multiple of eight of them, and 0 in the place of each that is -1. */
export function present(partners: usize, rows: u32, bits: usize): void {
  const end = partners + (<usize>rows << 2);
  for (; partners < end; partners += 32, bits++) {
    let own: u32 = 0;
    for (let i: u32 = 0; i < 8; i++) {
      const at = partners + (<usize>i << 2);
      const partner = load<i32>(at);
      const absent = partner >> 31;
      store<i32>(at, partner & ~absent);
      own |= <u32>(absent + 1) << i;
    }
    store<u8>(bits, own);
  }
}
