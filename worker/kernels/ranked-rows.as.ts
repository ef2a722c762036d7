// AssemblyScript source of a table from whole numbers of 32 bits to the rows that have them, for numbers that lie within
// some range. Numbers that are there have ranks, from the least on: a bit for each number of the range says whether it is
// there, and a count beside each word of bits how many come before them. So a table of millions of numbers is a few MB
// that a cache holds, where an array of rows, or a hash table, would be read from beyond it.
//
//   words  8 bytes for each 32 numbers: their bits, u32; numbers that come before these, u32
//
// Numbers are taken as they lie from the least: `number - least`, unsigned. Four loads come before what depends on them.

/** Makes room up to `end`; false where there is none. */
export function reach(end: usize): bool {
  const have = (<usize>memory.size()) << 16;
  if (end <= have) return true;
  return memory.grow(<i32>((end - have + 0xffff) >> 16)) >= 0;
}

/** Sets the bits of numbers, all of which are within the range, in words that are empty. */
export function mark(numbers: usize, rows: u32, least: u32, words: usize, wordsEnd: usize): void {
  memory.fill(words, 0, wordsEnd - words);
  const end = numbers + (<usize>rows << 2);
  for (; numbers < end; numbers += 4) {
    const at = load<u32>(numbers) - least;
    const word = words + (<usize>(at >> 5) << 3);
    store<u32>(word, load<u32>(word) | (<u32>1 << (at & 31)));
  }
}

/** Counts what comes before each word. Answers how many numbers there are in all. */
export function count(words: usize, wordsEnd: usize): u32 {
  let sum: u32 = 0;
  for (; words < wordsEnd; words += 8) {
    store<u32>(words, sum, 4);
    sum += popcnt<u32>(load<u32>(words));
  }
  return sum;
}

/** The rank of a number by its word; -1 where it is not there. */
// @ts-ignore: decorator
@inline function rankIn(word: u64, at: u32): i32 {
  const bits = <u32>word;
  const isThere = (bits >> (at & 31)) & 1;
  const rank = <u32>(word >> 32) + popcnt<u32>(bits & ((<u32>1 << (at & 31)) - 1));
  return (<i32>(rank + 1) & -(<i32>isThere)) - 1;
}

// @ts-ignore: decorator
@inline function wordOf(at: u32, length: u32, words: usize, none: usize): usize {
  return at < length ? words + (<usize>(at >> 5) << 3) : none;
}

/**
 * Ranks of numbers, in their place; -1 for one that is not there. `length`: of the range; `none`: a word without bits.
 * Answers how many are there.
 */
export function rank(
  numbers: usize,
  rows: u32,
  least: u32,
  length: u32,
  words: usize,
  none: usize,
): u32 {
  const end = numbers + (<usize>rows << 2);
  const stop = end - 12;
  let absent: i32 = 0;
  for (; numbers < stop; numbers += 16) {
    const at0 = load<u32>(numbers) - least;
    const at1 = load<u32>(numbers, 4) - least;
    const at2 = load<u32>(numbers, 8) - least;
    const at3 = load<u32>(numbers, 12) - least;
    const word0 = load<u64>(wordOf(at0, length, words, none));
    const word1 = load<u64>(wordOf(at1, length, words, none));
    const word2 = load<u64>(wordOf(at2, length, words, none));
    const word3 = load<u64>(wordOf(at3, length, words, none));
    const rank0 = rankIn(word0, at0);
    const rank1 = rankIn(word1, at1);
    const rank2 = rankIn(word2, at2);
    const rank3 = rankIn(word3, at3);
    store<i32>(numbers, rank0);
    store<i32>(numbers, rank1, 4);
    store<i32>(numbers, rank2, 8);
    store<i32>(numbers, rank3, 12);
    absent += (rank0 >> 31) + (rank1 >> 31) + (rank2 >> 31) + (rank3 >> 31);
  }
  for (; numbers < end; numbers += 4) {
    const at = load<u32>(numbers) - least;
    const own = rankIn(load<u64>(wordOf(at, length, words, none)), at);
    store<i32>(numbers, own);
    absent += own >> 31;
  }
  return rows + absent;
}

/**
 * Places of rows ordered by their ranks, those of one rank as they came, instead of the ranks; `ends` takes the place
 * behind the last row of each rank.
 */
export function place(ranks: usize, rows: u32, rankCount: u32, ends: usize): void {
  const end = ranks + (<usize>rows << 2);
  const endsEnd = ends + (<usize>rankCount << 2);
  memory.fill(ends, 0, endsEnd - ends);
  for (let at = ranks; at < end; at += 4) {
    const own = ends + (<usize>load<u32>(at) << 2);
    store<u32>(own, load<u32>(own) + 1);
  }
  let sum: u32 = 0;
  for (let at = ends; at < endsEnd; at += 4) {
    const own = load<u32>(at);
    store<u32>(at, sum);
    sum += own;
  }
  for (; ranks < end; ranks += 4) {
    const next = ends + (<usize>load<u32>(ranks) << 2);
    const to = load<u32>(next);
    store<u32>(ranks, to);
    store<u32>(next, to + 1);
  }
}

/** Writes the number of each row to its place. */
export function order(places: usize, rows: u32, to: usize): void {
  for (let row: u32 = 0; row < rows; row++, places += 4) {
    store<u32>(to + (<usize>load<u32>(places) << 2), row);
  }
}

/** What a table has for each rank, in its place. The table begins with what it has for -1, which is none. */
export function look(ranks: usize, rows: u32, table: usize): void {
  const values = table + 4;
  const end = ranks + (<usize>rows << 2);
  const stop = end - 12;
  for (; ranks < stop; ranks += 16) {
    const value0 = load<u32>(values + (<isize>load<i32>(ranks) << 2));
    const value1 = load<u32>(values + (<isize>load<i32>(ranks, 4) << 2));
    const value2 = load<u32>(values + (<isize>load<i32>(ranks, 8) << 2));
    const value3 = load<u32>(values + (<isize>load<i32>(ranks, 12) << 2));
    store<u32>(ranks, value0);
    store<u32>(ranks, value1, 4);
    store<u32>(ranks, value2, 8);
    store<u32>(ranks, value3, 12);
  }
  for (; ranks < end; ranks += 4) {
    store<u32>(ranks, load<u32>(values + (<isize>load<i32>(ranks) << 2)));
  }
}

/** How many places lie between the starts and the ends of all ranks. `starts`: one word before the ends. */
export function countPairs(ranks: usize, rows: u32, starts: usize): u32 {
  let sum: u32 = 0;
  const end = ranks + (<usize>rows << 2);
  for (; ranks < end; ranks += 4) {
    const rank = load<i32>(ranks);
    if (rank < 0) continue;
    const own = starts + (<usize>rank << 2);
    sum += load<u32>(own, 4) - load<u32>(own);
  }
  return sum;
}

/** Each row with each place of its rank. */
export function pair(ranks: usize, rows: u32, starts: usize, toRows: usize, toPlaces: usize): void {
  for (let row: u32 = 0; row < rows; row++, ranks += 4) {
    const rank = load<i32>(ranks);
    if (rank < 0) continue;
    const own = starts + (<usize>rank << 2);
    const end = load<u32>(own, 4);
    for (let place = load<u32>(own); place < end; place++, toRows += 4, toPlaces += 4) {
      store<u32>(toRows, row);
      store<u32>(toPlaces, place);
    }
  }
}
