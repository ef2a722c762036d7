// Texts put end to end out of stretches of others, where some of many were made in another way.

import type { TextBytes } from "./gather-texts.ts";

export class AppendedTexts {
  private readonly offsets: Int32Array;
  private readonly values: Uint8Array;
  private count = 0;
  private end = 0;

  /** With room for so many texts and bytes. */
  constructor(texts: number, bytes: number) {
    this.offsets = new Int32Array(texts + 1);
    this.values = new Uint8Array(bytes);
  }

  /** Appends the texts of `source` from `from` up to `to`. */
  append({ offsets, values }: TextBytes, from: number, to: number): void {
    const start = offsets[from]!;
    const shift = this.end - start;
    this.values.set(values.subarray(start, offsets[to]), this.end);
    for (let text = from; text < to; text++) {
      this.offsets[++this.count] = offsets[text + 1]! + shift;
    }
    this.end = this.offsets[this.count]!;
  }

  /** All that were appended. */
  get texts(): TextBytes {
    const offsets = this.offsets.subarray(0, this.count + 1);
    return { offsets, values: this.values.subarray(0, this.end) };
  }
}

/** The texts with those of `rows`, which rise, replaced by the `own` ones. */
export function withTexts(texts: TextBytes, rows: readonly number[], own: TextBytes): TextBytes {
  const count = texts.offsets.length - 1;
  const bytes = texts.offsets[count]! - texts.offsets[0]! + own.values.length;
  const appended = new AppendedTexts(count, bytes);
  let next = 0;
  for (const [at, row] of rows.entries()) {
    appended.append(texts, next, row);
    appended.append(own, at, at + 1);
    next = row + 1;
  }
  appended.append(texts, next, count);
  return appended.texts;
}
