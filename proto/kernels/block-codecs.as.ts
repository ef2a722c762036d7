// AssemblyScript source of the block codecs: Snappy both ways, LZ4 blocks unpacked.
//
// The formats are those of github.com/google/snappy (format_description.txt) and of
// github.com/lz4/lz4 (lz4_Block_format.md). Each routine takes addresses in linear memory, checks every
// length against the bounds it was given, and answers how much it wrote, or -1 for damaged input.

/** Entries of the table of recent positions of four equal bytes; 16 bits each, as blocks are 64 KiB. */
const HASH_BITS: u32 = 14;
const TABLE: usize = 1024;
const BLOCK_BYTES: usize = 1 << 16;
/** First free address: behind the table. */
const HEAP: usize = TABLE + (1 << (HASH_BITS + 1));

/** Address of `bytes` free bytes; 0 where memory ends. What lay there before is overwritten. */
export function reserve(bytes: usize): usize {
  const end = HEAP + bytes + 64;
  const have = (<usize>memory.size()) << 16;
  if (end > have && memory.grow(<i32>((end - have + 0xffff) >> 16)) < 0) return 0;
  return HEAP;
}

/** Copies within the output; the regions may overlap, which repeats what was written. */
// @ts-ignore: decorators are AssemblyScript's
@inline
function repeat(to: usize, distance: usize, length: usize): void {
  const from = to - distance;
  if (distance >= 16) {
    // May write up to 15 bytes too many, which the next step overwrites; the caller keeps room.
    for (let done: usize = 0; done < length; done += 16) {
      v128.store(to + done, v128.load(from + done));
    }
  } else if (distance >= 8) {
    for (let done: usize = 0; done < length; done += 8) {
      store<u64>(to + done, load<u64>(from + done));
    }
  } else {
    for (let done: usize = 0; done < length; done++) {
      store<u8>(to + done, load<u8>(from + done));
    }
  }
}

/** Longer literals are copied by the engine, whose call takes as long as a few steps of sixteen bytes. */
const STEPPED_BYTES: usize = 64;

/** Reads and writes up to 15 bytes beyond the end, for which the caller keeps room. */
// @ts-ignore: decorators are AssemblyScript's
@inline
function literal(to: usize, from: usize, length: usize): void {
  if (length > STEPPED_BYTES) {
    memory.copy(to, from, length);
    return;
  }
  for (let done: usize = 0; done < length; done += 16) {
    v128.store(to + done, v128.load(from + done));
  }
}

/** How far `unpackPairs` keeps from both ends, so that one literal and one copy lie within. */
const AHEAD: usize = 128;

/** Where `unpackPairs` stopped reading. */
let pairsEnd: usize = 0;

/**
 * Short literals and the copies that mostly follow them, away from both ends and without a branch on their sizes: numbers
 * side by side are packed as little else, and each branch that the processor guesses wrong takes longer than both.
 * Answers where it stopped writing, before whatever else comes; 0 for damaged input.
 */
function unpackPairs(from: usize, stop: usize, first: usize, begin: usize, limit: usize): usize {
  let at = from;
  let out = begin;
  while (at + AHEAD < stop && out + AHEAD < limit) {
    let tag: u32 = load<u8>(at);
    if ((tag & 3) == 0) {
      const count = <usize>(tag >> 2) + 1;
      if (count > 16) break;
      v128.store(out, v128.load(at + 1));
      at += count + 1;
      out += count;
      tag = load<u8>(at);
    }
    const kind = tag & 3;
    // Another literal, or a copy from afar.
    if (kind == 0 || kind == 3) break;
    const word: u32 = load<u16>(at + 1);
    const isNear = kind == 1;
    const distance = <usize>select<u32>(((tag >> 5) << 8) | (word & 0xff), word, isNear);
    const count = <usize>select<u32>(4 + ((tag >> 2) & 7), 1 + (tag >> 2), isNear);
    if (distance - 1 >= out - first) return 0;
    at += <usize>kind + 1;
    if (distance >= 8 && count <= 16) {
      store<u64>(out, load<u64>(out - distance));
      store<u64>(out + 8, load<u64>(out + 8 - distance));
    } else repeat(out, distance, count);
    out += count;
  }
  pairsEnd = at;
  return out;
}

/** Unpacks to `to`, which has room for `size` bytes and 64 more. */
export function snappyUnpack(from: usize, length: usize, to: usize, size: usize): i32 {
  const stop = from + length;
  const limit = to + size;
  let at = from;
  let out = to;
  // The length of what was packed: the caller knows it already.
  while (at < stop && load<u8>(at) >= 0x80) at++;
  at++;
  while (at < stop) {
    if (at + AHEAD < stop && out + AHEAD < limit) {
      out = unpackPairs(at, stop, to, out, limit);
      if (out == 0) return -1;
      at = pairsEnd;
    }
    const tag: u32 = load<u8>(at++);
    const kind = tag & 3;
    if (kind == 0) {
      let count: usize = tag >> 2;
      if (count >= 60) {
        const wide = count - 59;
        if (at + wide > stop) return -1;
        count = load<u32>(at) & (0xffffffff >>> (32 - 8 * <u32>wide));
        at += wide;
      }
      count++;
      if (count > stop - at || count > limit - out) return -1;
      literal(out, at, count);
      at += count;
      out += count;
      continue;
    }
    let count: usize;
    let distance: usize;
    if (kind == 1) {
      count = 4 + ((tag >> 2) & 7);
      distance = ((tag >> 5) << 8) | load<u8>(at);
      at++;
    } else if (kind == 2) {
      count = 1 + (tag >> 2);
      distance = load<u16>(at);
      at += 2;
    } else {
      count = 1 + (tag >> 2);
      distance = load<u32>(at);
      at += 4;
    }
    if (at > stop || distance == 0 || distance > out - to || count > limit - out) return -1;
    repeat(out, distance, count);
    out += count;
  }
  return <i32>(out - to);
}

// @ts-ignore: decorators are AssemblyScript's
@inline
function lz4Length(at: usize, stop: usize): usize {
  let length: usize = 0;
  while (at < stop) {
    const byte = load<u8>(at++);
    length += byte;
    if (byte != 255) break;
  }
  return length;
}

/** Unpacks one LZ4 block, which has no header. */
export function lz4Unpack(from: usize, length: usize, to: usize, size: usize): i32 {
  const stop = from + length;
  const limit = to + size;
  let at = from;
  let out = to;
  while (at < stop) {
    const token: u32 = load<u8>(at++);
    let count: usize = token >> 4;
    if (count == 15) {
      const more = lz4Length(at, stop);
      at += more / 255 + 1;
      count += more;
    }
    if (at > stop || count > stop - at || count > limit - out) return -1;
    literal(out, at, count);
    at += count;
    out += count;
    // The last sequence has literals only.
    if (at >= stop) break;
    if (at + 2 > stop) return -1;
    const distance: usize = load<u16>(at);
    at += 2;
    count = token & 15;
    if (count == 15) {
      const more = lz4Length(at, stop);
      at += more / 255 + 1;
      count += more;
    }
    count += 4;
    if (distance == 0 || distance > out - to || count > limit - out) return -1;
    repeat(out, distance, count);
    out += count;
  }
  return <i32>(out - to);
}

// @ts-ignore: decorators are AssemblyScript's
@inline
function slotOf(word: u32): usize {
  return TABLE + (<usize>((word * 0x1e35a7bd) >>> (32 - HASH_BITS)) << 1);
}

function putLiteral(to: usize, from: usize, length: usize): usize {
  const last = length - 1;
  let out = to;
  if (last < 60) {
    store<u8>(out++, last << 2);
  } else if (last < 256) {
    store<u8>(out, 60 << 2);
    store<u8>(out + 1, last);
    out += 2;
  } else {
    store<u8>(out, 61 << 2);
    store<u16>(out + 1, <u16>last);
    out += 3;
  }
  literal(out, from, length);
  return out + length;
}

function putCopy(to: usize, distance: usize, length: usize): usize {
  let out = to;
  let left = length;
  while (left > 0) {
    // Never leaves a rest that would need its own longer form.
    const part: usize = left > 64 ? (left < 68 ? 60 : 64) : left;
    if (part >= 4 && part <= 11 && distance < 2048) {
      store<u8>(out, 1 | ((part - 4) << 2) | ((distance >> 8) << 5));
      store<u8>(out + 1, distance);
      out += 2;
    } else {
      store<u8>(out, 2 | ((part - 1) << 2));
      store<u16>(out + 1, <u16>distance);
      out += 3;
    }
    left -= part;
  }
  return out;
}

function packBlock(from: usize, length: usize, to: usize): usize {
  let out = to;
  let pending = from;
  const stop = from + length;
  if (length >= 16) {
    memory.fill(TABLE, 0, 1 << (HASH_BITS + 1));
    const last = stop - 15;
    let at = from + 1;
    let misses: usize = 32;
    while (at < last) {
      const word = load<u32>(at);
      const slot = slotOf(word);
      const candidate = from + load<u16>(slot);
      store<u16>(slot, <u16>(at - from));
      if (load<u32>(candidate) != word || candidate >= at) {
        // Steps grow over bytes that do not repeat.
        at += misses++ >> 5;
        continue;
      }
      misses = 32;
      if (at > pending) out = putLiteral(out, pending, at - pending);
      let length: usize = 4;
      while (at + length + 8 <= stop) {
        const different = load<u64>(at + length) ^ load<u64>(candidate + length);
        if (different != 0) {
          length += <usize>(ctz(different) >> 3);
          break;
        }
        length += 8;
      }
      while (at + length < stop && load<u8>(at + length) == load<u8>(candidate + length)) length++;
      out = putCopy(out, at - candidate, length);
      at += length;
      pending = at;
      if (at < last) store<u16>(slotOf(load<u32>(at - 1)), <u16>(at - 1 - from));
    }
  }
  if (pending < stop) out = putLiteral(out, pending, stop - pending);
  return out;
}

/** Packs to `to`, which has room for `32 + length + length / 6` bytes. */
export function snappyPack(from: usize, length: usize, to: usize): i32 {
  let out = to;
  let rest = length;
  while (rest >= 0x80) {
    store<u8>(out++, (rest & 0x7f) | 0x80);
    rest >>= 7;
  }
  store<u8>(out++, rest);
  for (let done: usize = 0; done < length; done += BLOCK_BYTES) {
    out = packBlock(from + done, min(BLOCK_BYTES, length - done), out);
  }
  return <i32>(out - to);
}
