// Writes the hybrid of runs and packed bits by which Parquet stores levels and codes.

/** Shorter runs cost less as packed bits. */
const runMin = 8;

class RunWriter {
  private held: Uint8Array;
  private end = 0;
  private readonly width: number;

  constructor(width: number, count: number) {
    this.width = width;
    // Packed bits of all, a head for each 8 at worst, and some for the last group.
    this.held = new Uint8Array(
      Math.ceil((count * width) / 8) + Math.ceil(count / 8) * 6 + width + 16,
    );
  }

  private varint(value: number): void {
    let rest = value;
    while (rest >= 128) {
      this.held[this.end++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    this.held[this.end++] = rest;
  }

  run(value: number, length: number): void {
    this.varint(length * 2);
    for (let bits = 0; bits < this.width; bits += 8) this.held[this.end++] = (value >>> bits) & 255;
  }

  /** Numbers from `from` to before `to`; a whole number of groups of 8, except at the very end. */
  packed(values: ArrayLike<number>, from: number, to: number): void {
    const groups = (to - from + 7) >> 3;
    this.varint(groups * 2 + 1);
    const { width, held } = this;
    let at = this.end;
    let bits = 0;
    let kept = 0;
    for (let i = from; i < to; i++) {
      const value = values[i]!;
      // Of a wide number only the low bits fit beside those that are kept.
      kept |= value << bits;
      const taken = 32 - bits;
      bits += width;
      if (bits >= 32) {
        held[at] = kept & 255;
        held[at + 1] = (kept >>> 8) & 255;
        held[at + 2] = (kept >>> 16) & 255;
        held[at + 3] = kept >>> 24;
        at += 4;
        bits -= 32;
        kept = bits === 0 ? 0 : value >>> taken;
      }
    }
    for (; bits > 0; bits -= 8) {
      held[at++] = kept & 255;
      kept >>>= 8;
    }
    this.end += groups * width;
  }

  taken(): Uint8Array {
    return this.held.subarray(0, this.end);
  }
}

/** `count` numbers of `width` bits; 0 bits take nothing at all. */
export function writeRuns(values: ArrayLike<number>, count: number, width: number): Uint8Array {
  if (width === 0 || count === 0) return new Uint8Array(0);
  const out = new RunWriter(width, count);
  let packedFrom = 0;
  for (let at = 0; at < count; ) {
    const value = values[at]!;
    let end = at + 1;
    while (end < count && values[end] === value) end++;
    // Packed groups are whole, so they take the beginning of the run until they are.
    const missing = (8 - ((at - packedFrom) & 7)) & 7;
    if (end - at - missing < runMin) {
      at = end;
      continue;
    }
    if (at + missing > packedFrom) out.packed(values, packedFrom, at + missing);
    out.run(value, end - at - missing);
    at = end;
    packedFrom = end;
  }
  if (packedFrom < count) out.packed(values, packedFrom, count);
  return out.taken();
}

/** All `count` numbers alike. */
export function writeOneRun(value: number, count: number, width: number): Uint8Array {
  const out = new RunWriter(width, 1);
  out.run(value, count);
  return out.taken();
}
