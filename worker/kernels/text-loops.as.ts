// AssemblyScript source of loops over the bytes of texts: cut into lines, split, put together, picked by row.
//
// All of them move sixteen bytes at a time, also where a text is shorter: what is written beyond its end is written
// over by the next one, and behind the last one there is room. A call per text, which is what this language has for
// copies, takes longer than most texts are.

const CARRIAGE_RETURN: u32 = 13;
const LINE_FEED: u8 = 10;
/** Longer pieces are copied by the engine. */
const LONG: u32 = 512;
/** Texts whose places are touched before they are copied, so that the processor waits for many at a time. */
const TOUCHED: u32 = 32;

/** Bytes that the last call of `cut` read, one or another; of pieces of sixteen. */
let seen: v128 = i8x16.splat(0);
let sink: u32 = 0;

/** Makes room up to `end`; false where there is none. */
export function reach(end: usize): bool {
  const have = (<usize>memory.size()) << 16;
  if (end <= have) return true;
  return memory.grow(<i32>((end - have + 0xffff) >> 16)) >= 0;
}

// @ts-ignore: decorator
@inline
function copy(from: usize, to: usize, length: u32): void {
  if (length > LONG) {
    memory.copy(to, from, length);
    return;
  }
  const end = to + length;
  while (to < end) {
    v128.store(to, v128.load(from));
    to += 16;
    from += 16;
  }
}

/**
 * Cuts bytes that end with a line feed into lines, which go to `to` without their ends; `offsets` takes one number
 * more than there are lines. Answers how many these are.
 */
export function cut(from: usize, length: u32, to: usize, offsets: usize): u32 {
  const end = from + length;
  const feeds = i8x16.splat(LINE_FEED);
  let all = i8x16.splat(0);
  let target = to;
  let start = to;
  let next = offsets;
  // Bytes behind the last line are none of it.
  v128.store(end, i8x16.splat(0));
  store<u32>(next, 0);
  while (from < end) {
    const piece = v128.load(from);
    v128.store(target, piece);
    all = v128.or(all, piece);
    const found = i8x16.bitmask(i8x16.eq(piece, feeds));
    if (found == 0) {
      from += 16;
      target += 16;
      continue;
    }
    const at = <usize>ctz(found);
    from += at + 1;
    target += at;
    if (target > start && load<u8>(target - 1) == CARRIAGE_RETURN) target--;
    next += 4;
    store<u32>(next, <u32>(target - to));
    start = target;
  }
  seen = all;
  return <u32>((next - offsets) >> 2);
}

/** Whether all bytes that the last call of `cut` read were ASCII. */
export function wasAscii(): bool {
  return i8x16.bitmask(seen) == 0;
}

/** Writes texts one after the other to `to`, each with a line feed behind it. Answers where the last one ends. */
export function join(bytes: usize, offsets: usize, rows: u32, to: usize): usize {
  let start = load<u32>(offsets);
  for (let row: u32 = 0; row < rows; row++) {
    offsets += 4;
    const end = load<u32>(offsets);
    copy(bytes + start, to, end - start);
    to += end - start;
    store<u8>(to, LINE_FEED);
    to++;
    start = end;
  }
  return to;
}

// @ts-ignore: decorator
@inline
function isSame(left: usize, right: usize, length: u32): bool {
  for (let at: u32 = 0; at < length; at++) {
    if (load<u8>(left + at) != load<u8>(right + at)) return false;
  }
  return true;
}

/**
 * Splits texts wherever the `separatorBytes` at `separator` are found. Parts go to `to`, with their ends in `parts`;
 * `lists` takes for each row how many parts there are up to its end. Rows without their bit in `valid`, where that is
 * not 0, have none. Answers how many parts there are.
 */
export function split(
  bytes: usize,
  offsets: usize,
  valid: usize,
  rows: u32,
  separator: usize,
  separatorBytes: u32,
  to: usize,
  parts: usize,
  lists: usize,
): u32 {
  const firsts = i8x16.splat(load<u8>(separator));
  let target = to;
  let next = parts;
  store<u32>(next, 0);
  store<u32>(lists, 0);
  for (let row: u32 = 0; row < rows; row++) {
    lists += 4;
    if (valid != 0 && ((load<u8>(valid + (row >> 3)) >> <u8>(row & 7)) & 1) == 0) {
      store<u32>(lists, <u32>((next - parts) >> 2));
      continue;
    }
    let from = bytes + load<u32>(offsets + (<usize>row << 2));
    const end = bytes + load<u32>(offsets + (<usize>row << 2), 4);
    while (from < end) {
      const piece = v128.load(from);
      v128.store(target, piece);
      const found = i8x16.bitmask(i8x16.eq(piece, firsts));
      const at: usize = found == 0 ? 16 : <usize>ctz(found);
      const left = end - from;
      if (at >= left) {
        target += left;
        break;
      }
      from += at;
      target += at;
      if (found == 0) continue;
      if (separatorBytes > 1) {
        if (from + separatorBytes > end || !isSame(from, separator, separatorBytes)) {
          from++;
          target++;
          continue;
        }
      }
      from += separatorBytes;
      next += 4;
      store<u32>(next, <u32>(target - to));
    }
    next += 4;
    store<u32>(next, <u32>(target - to));
    store<u32>(lists, <u32>((next - parts) >> 2));
  }
  return <u32>((next - parts) >> 2);
}

/** Writes the offsets that the texts of `rows` have one after the other to `out`, and answers the last of them. */
export function measure(rows: usize, count: u32, offsets: usize, out: usize): u32 {
  let end: u32 = 0;
  store<u32>(out, 0);
  for (let i: u32 = 0; i < count; i++) {
    const own = offsets + (<usize>load<u32>(rows + (<usize>i << 2)) << 2);
    end += load<u32>(own, 4) - load<u32>(own);
    store<u32>(out + (<usize>i << 2), end, 4);
  }
  return end;
}

/** Copies the texts of `rows` one after the other to `to`; as lines with a line feed behind each of them. */
export function gather(
  rows: usize,
  count: u32,
  offsets: usize,
  bytes: usize,
  to: usize,
  asLines: bool,
): void {
  const end = rows + (<usize>count << 2);
  while (rows < end) {
    const stop = min(rows + 4 * TOUCHED, end);
    let touched: u32 = 0;
    for (let row = rows; row < stop; row += 4) {
      const own = offsets + (<usize>load<u32>(row) << 2);
      const start = bytes + load<u32>(own);
      // A text of a hundred bytes lies in three lines of a cache as often as in two.
      touched |= load<u8>(start) | load<u8>(start, 64) | load<u8>(bytes + load<u32>(own, 4) - 1);
    }
    sink |= touched;
    for (; rows < stop; rows += 4) {
      const own = offsets + (<usize>load<u32>(rows) << 2);
      const start = load<u32>(own);
      const length = load<u32>(own, 4) - start;
      copy(bytes + start, to, length);
      to += length;
      if (asLines) {
        store<u8>(to, LINE_FEED);
        to++;
      }
    }
  }
}

/**
 * Finds the longest runs of bytes of one class in texts of ASCII. `lows` are sixteen bytes, for each lower half of a
 * byte of ASCII the upper halves with which it is of the class, a bit for each. Runs go to `to`, with their ends in
 * `parts`; `lists` takes for each row how many runs there are up to its end. Rows without their bit in `valid`, where
 * that is not 0, have none, nor have rows with other bytes than ASCII, which get their bit in `others`. Answers how many
 * runs there are.
 */
export function runs(
  bytes: usize,
  offsets: usize,
  valid: usize,
  rows: u32,
  lows: usize,
  to: usize,
  parts: usize,
  lists: usize,
  others: usize,
): u32 {
  const ofClass = v128.load(lows);
  const bits = i8x16(1, 2, 4, 8, 16, 32, 64, -128, 0, 0, 0, 0, 0, 0, 0, 0);
  const lower = i8x16.splat(15);
  memory.fill(others, 0, (rows + 7) >> 3);
  let target = to;
  let next = parts;
  store<u32>(next, 0);
  store<u32>(lists, 0);
  for (let row: u32 = 0; row < rows; row++) {
    const first = next;
    const firstTarget = target;
    const isAsked = valid == 0 || ((load<u8>(valid + (row >> 3)) >> <u8>(row & 7)) & 1) != 0;
    let from = bytes + load<u32>(offsets + (<usize>row << 2));
    const end = isAsked ? bytes + load<u32>(offsets + (<usize>row << 2), 4) : from;
    let isOpen = false;
    for (; from < end; from += 16) {
      const piece = v128.load(from);
      const left: u32 = end - from < 16 ? <u32>(end - from) : 16;
      const within: u32 = (1 << left) - 1;
      if ((<u32>i8x16.bitmask(piece) & within) != 0) {
        next = first;
        target = firstTarget;
        isOpen = false;
        const place = others + (row >> 3);
        store<u8>(place, load<u8>(place) | (<u8>1 << <u8>(row & 7)));
        break;
      }
      const found = v128.and(
        v128.swizzle(ofClass, v128.and(piece, lower)),
        v128.swizzle(bits, i8x16.shr_u(piece, 4)),
      );
      const members = ~(<u32>i8x16.bitmask(i8x16.eq(found, i8x16.splat(0)))) & within;
      let at: u32 = 0;
      while (at < 16) {
        const rest: u32 = members >> at;
        const gap: u32 = rest == 0 ? 16 : <u32>ctz(rest);
        if (gap > 0 && isOpen) {
          next += 4;
          store<u32>(next, <u32>(target - to));
          isOpen = false;
        }
        if (rest == 0) break;
        at += gap;
        const length = <u32>ctz(~(members >> at));
        v128.store(target, v128.load(from + at));
        target += length;
        at += length;
        isOpen = true;
      }
    }
    if (isOpen) {
      next += 4;
      store<u32>(next, <u32>(target - to));
    }
    lists += 4;
    store<u32>(lists, <u32>((next - parts) >> 2));
  }
  return <u32>((next - parts) >> 2);
}
