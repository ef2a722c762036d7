// AssemblyScript source of the scan of CSV: where the fields of records without quotes lie, and the values of a column
// of them. Sixteen bytes are looked at a time, and a column of one type is read in one loop.
//
// A field's place is two numbers of 32 bits, where it begins and where it ends, counted from the first byte of the block.
// Records have their places one after the other: `stride` is the bytes of those of a record.

export { reserve } from "./heap.as";

const QUOTE: u8 = 34;
const LINE_FEED: u8 = 10;
const CARRIAGE_RETURN: u8 = 13;
const MINUS: u32 = 45;
const PLUS: u32 = 43;
const POINT: u32 = 46;
const ZERO: u32 = 48;
/** Numbers of so many digits are exact as a double, and so is their quotient by a power of ten up to 10^22. */
const DIGITS_MAX: u32 = 15;
const SCALE_MAX: u32 = 22;
/** Longer texts are copied by the engine. */
const LONG: usize = 64;

/** Of the first byte that the last call of `cut` did not take. */
let stopped: usize = 0;
/** Empty fields that the last call of `floats` or `wholes` met. */
let empty: u32 = 0;

/**
 * Whole records with as many fields as they should have, up to `recordsMax`, that begin before `stop` and hold no quote.
 * Answers how many; `stoppedAt` says where the next record begins, which is left to others.
 */
export function cut(
  block: usize,
  from: usize,
  end: usize,
  stop: usize,
  delimiter: u32,
  fields: u32,
  recordsMax: u32,
  places: usize,
): u32 {
  const delimiters = i8x16.splat(<u8>delimiter);
  const quotes = i8x16.splat(QUOTE);
  const feeds = i8x16.splat(LINE_FEED);
  let record = from;
  let start = from;
  let field: u32 = 0;
  let records: u32 = 0;
  stopped = from;
  for (let at = from; at < end; at += 16) {
    const piece = v128.load(at);
    const ends = v128.or(i8x16.eq(piece, delimiters), i8x16.eq(piece, feeds));
    let found = i8x16.bitmask(v128.or(ends, i8x16.eq(piece, quotes)));
    while (found != 0) {
      const place = at + <usize>ctz(found);
      found &= found - 1;
      if (place >= end) return records;
      const byte = load<u8>(place);
      if (byte == <u8>delimiter && field + 1 < fields) {
        store<u32>(places, <u32>(start - block));
        store<u32>(places, <u32>(place - block), 4);
        places += 8;
        start = place + 1;
        field++;
        continue;
      }
      if (byte != LINE_FEED || field + 1 != fields) return records;
      let last = place;
      if (last > record && load<u8>(last - 1) == CARRIAGE_RETURN) last--;
      // An empty line is no record.
      if (last == record) return records;
      store<u32>(places, <u32>(start - block));
      store<u32>(places, <u32>(last - block), 4);
      places += 8;
      record = place + 1;
      start = record;
      stopped = record;
      field = 0;
      records++;
      if (records == recordsMax || record >= stop) return records;
    }
  }
  return records;
}

export function stoppedAt(block: usize): u32 {
  return <u32>(stopped - block);
}

/** Empty fields among those that `floats` or `wholes` read last. */
export function emptyFields(): u32 {
  return empty;
}

/**
 * Fields as doubles: decimal numbers without an exponent of at most 15 digits, which one division rounds exactly
 * (Clinger, "How to Read Floating Point Numbers Accurately", PLDI 1990). Empty ones are 0, and 0 in `valid`. Answers how
 * many fields came before one that is neither.
 */
export function floats(
  block: usize,
  places: usize,
  stride: usize,
  count: u32,
  out: usize,
  valid: usize,
): u32 {
  empty = 0;
  for (let i: u32 = 0; i < count; i++, places += stride, out += 8) {
    let at = block + <usize>load<u32>(places);
    const end = block + <usize>load<u32>(places, 4);
    if (at == end) {
      empty++;
      store<f64>(out, 0);
      store<u8>(valid + <usize>i, 0);
      continue;
    }
    store<u8>(valid + <usize>i, 1);
    const first: u32 = load<u8>(at);
    const isNegative = first == MINUS;
    if (isNegative || first == PLUS) at++;
    let value: u64 = 0;
    let seen: u32 = 0;
    let digits: u32 = 0;
    let scale: i32 = -1;
    for (; at < end; at++) {
      const byte: u32 = load<u8>(at);
      const digit = byte - ZERO;
      if (digit > 9) {
        if (byte != POINT || scale >= 0) return i;
        scale = 0;
        continue;
      }
      value = value * 10 + digit;
      seen++;
      // Zeros in front are no digits: `0.` comes before most of them.
      if (value != 0) digits++;
      if (scale >= 0) scale++;
    }
    if (seen == 0 || digits > DIGITS_MAX || scale > <i32>SCALE_MAX) return i;
    let divisor: f64 = 1;
    for (; scale > 0; scale--) divisor *= 10;
    const number = <f64>value / divisor;
    store<f64>(out, isNegative ? -number : number);
  }
  return count;
}

/** As `floats`, of whole numbers of at most 15 digits as words of 64 bits. */
export function wholes(
  block: usize,
  places: usize,
  stride: usize,
  count: u32,
  out: usize,
  valid: usize,
): u32 {
  empty = 0;
  for (let i: u32 = 0; i < count; i++, places += stride, out += 8) {
    let at = block + <usize>load<u32>(places);
    const end = block + <usize>load<u32>(places, 4);
    if (at == end) {
      empty++;
      store<i64>(out, 0);
      store<u8>(valid + <usize>i, 0);
      continue;
    }
    store<u8>(valid + <usize>i, 1);
    const first: u32 = load<u8>(at);
    const isNegative = first == MINUS;
    if (isNegative || first == PLUS) at++;
    if (at == end || end - at > <usize>DIGITS_MAX) return i;
    let value: i64 = 0;
    for (; at < end; at++) {
      const digit = <u32>load<u8>(at) - ZERO;
      if (digit > 9) return i;
      value = value * 10 + digit;
    }
    store<i64>(out, isNegative ? -value : value);
  }
  return count;
}

/**
 * The bytes of fields one after the other, and `count + 1` offsets. Writes up to 15 bytes too many. Answers how many
 * bytes they are.
 */
export function texts(
  block: usize,
  places: usize,
  stride: usize,
  count: u32,
  offsets: usize,
  to: usize,
): u32 {
  let out = to;
  empty = 0;
  store<u32>(offsets, 0);
  for (let i: u32 = 0; i < count; i++, places += stride) {
    const from = block + <usize>load<u32>(places);
    const length = block + <usize>load<u32>(places, 4) - from;
    if (length > LONG) memory.copy(out, from, length);
    else {
      for (let done: usize = 0; done < length; done += 16) {
        v128.store(out + done, v128.load(from + done));
      }
    }
    if (length == 0) empty++;
    out += length;
    offsets += 4;
    store<u32>(offsets, <u32>(out - to));
  }
  return <u32>(out - to);
}
