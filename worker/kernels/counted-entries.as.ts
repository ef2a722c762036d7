// AssemblyScript source of what is read out of entries of string-counter.as.ts, which says how they look.

/** Writes the offsets of the texts of `entries` to `offsets`, and answers the last of them. */
export function measure(entries: usize, count: u32, offsets: usize): usize {
  let end: usize = 0;
  store<u32>(offsets, 0);
  for (let at: u32 = 0; at < count; at++) {
    end += load<u32>(load<u32>(entries + (<usize>at << 2)), 28) - 1;
    store<u32>(offsets + (<usize>at << 2), <u32>end, 4);
  }
  return end;
}

/** Writes these texts one after the other to `to`, and sixteen bytes of nothing behind the last. */
export function copyTexts(entries: usize, count: u32, to: usize): void {
  for (let at: u32 = 0; at < count; at++) {
    const entry = <usize>load<u32>(entries + (<usize>at << 2));
    const length = load<u32>(entry, 28) - 1;
    if (length <= 16) v128.store(to, v128.load(entry));
    else memory.copy(to, load<u32>(entry), length);
    to += length;
  }
}

/** Writes the counts of these entries to `to`. */
export function copyCounts(entries: usize, count: u32, to: usize): void {
  for (let at: u32 = 0; at < count; at++) {
    const entry = <usize>load<u32>(entries + (<usize>at << 2));
    store<u32>(to + (<usize>at << 2), load<u32>(entry, 20));
  }
}
