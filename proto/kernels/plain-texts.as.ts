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
