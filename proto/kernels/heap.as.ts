// Memory of kernels that are handed one thing at a time: all behind their own data, anew for each call.

/** First free address. */
export const HEAP: usize = 1024;

/** Address of `bytes` free bytes; 0 where memory ends. What lay there before is overwritten. */
export function reserve(bytes: usize): usize {
  const end = HEAP + bytes + 64;
  const have = (<usize>memory.size()) << 16;
  if (end > have && memory.grow(<i32>((end - have + 0xffff) >> 16)) < 0) return 0;
  return HEAP;
}
