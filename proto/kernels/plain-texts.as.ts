// AssemblyScript source of the decoder of plain texts: in pages of Parquet each has its length before it, in columns
// the bytes lie end to end and the offsets beside them.

export { reserve } from "./heap.as";

/** May write up to 15 bytes too many, which the next text overwrites; and read as many behind the page. */
// @ts-ignore: decorators are AssemblyScript's
@inline
function copyText(to: usize, from: usize, length: usize): void {
  if (length > 64) {
    memory.copy(to, from, length);
    return;
  }
  for (let done: usize = 0; done < length; done += 16) {
    v128.store(to + done, v128.load(from + done));
  }
}

/**
 * Writes `count + 1` offsets and the bytes of all texts, which are `length` at most and need 64 more. Answers how many
 * bytes they are, or -1 where the page ends before its last text.
 */
export function readTexts(
  from: usize,
  length: usize,
  offsets: usize,
  bytes: usize,
  count: usize,
): i32 {
  const stop = from + length;
  let at = from;
  let out = bytes;
  store<u32>(offsets, 0);
  for (let i: usize = 1; i <= count; i++) {
    if (stop - at < 4) return -1;
    const size: usize = load<u32>(at);
    at += 4;
    if (size > stop - at) return -1;
    copyText(out, at, size);
    at += size;
    out += size;
    store<u32>(offsets + (i << 2), <u32>(out - bytes));
  }
  return <i32>(out - bytes);
}

/** Where texts of a dictionary end that stand for codes, each by itself: `count + 1` offsets. Answers the last, or -1. */
export function takeOffsets(codes: usize, count: usize, dictionary: usize, offsets: usize): i32 {
  let end: u64 = 0;
  store<u32>(offsets, 0);
  for (let i: usize = 0; i < count; i++) {
    const at = dictionary + (<usize>load<u32>(codes + (i << 2)) << 2);
    end += load<u32>(at, 4) - load<u32>(at);
    store<u32>(offsets, <u32>end, 4);
    offsets += 4;
  }
  return end < 0x40000000 ? <i32>end : -1;
}

/** Writes those texts to `to`, which has room for 64 bytes more. Offsets of the dictionary count from `texts`. */
export function takeTexts(
  codes: usize,
  count: usize,
  dictionary: usize,
  texts: usize,
  to: usize,
): void {
  let out = to;
  for (let i: usize = 0; i < count; i++) {
    const at = dictionary + (<usize>load<u32>(codes + (i << 2)) << 2);
    const start: usize = load<u32>(at);
    const size: usize = <usize>load<u32>(at, 4) - start;
    copyText(out, texts + start, size);
    out += size;
  }
}
