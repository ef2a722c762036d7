// Picks texts by the numbers of their rows.
//
// Rows in any order miss the cache for each text, and code of this language waits for one of them after the other: of
// 600 000 texts of 100 bytes 340 to 540 ns each, where the kernel takes 60, and half of that for its copies.

import {
  bytesOf,
  giveTextKernel,
  intsOf,
  placesOf,
  putBytes,
  putInts,
  slackBytes,
  type TextKernel,
  takeTextKernel,
} from "./text-kernel.ts";

export interface TextBytes {
  /** One more than there are texts; the first need not be 0. */
  readonly offsets: Int32Array;
  readonly values: Uint8Array;
}

/** Below so many bytes of what is picked from, a plain loop does as well. */
const pickedFromBytesMin = 32 * 1024;
/** Where few texts of many are picked, all of them would be copied into the kernel for nothing. */
const sparseShareMax = 8;

interface Extent {
  /** Offset of the first text. */
  readonly first: number;
  readonly rows: number;
  readonly bytes: number;
}

/** Texts in the memory of a kernel, to be picked as often as wanted. */
export class TextPicker {
  private readonly kernel: TextKernel;
  private readonly offsetsAt: number;
  private readonly bytesAt: number;
  private readonly end: number;
  private readonly extent: Extent;

  private constructor(kernel: TextKernel, places: readonly number[], end: number, extent: Extent) {
    this.kernel = kernel;
    [this.offsetsAt = 0, this.bytesAt = 0] = places;
    this.end = end;
    this.extent = extent;
  }

  /** Undefined where there is no memory for all `length` texts. */
  static open(texts: TextBytes, length: number): TextPicker | undefined {
    const { offsets, values } = texts;
    const first = offsets[0]!;
    const bytes = offsets[length]! - first;
    const { places, end } = placesOf([4 * (length + 1), bytes]);
    const kernel = takeTextKernel(end);
    if (kernel === undefined) return undefined;
    const picker = new TextPicker(kernel, places, end, { first, rows: length, bytes });
    putInts(kernel, picker.offsetsAt, offsets.subarray(0, length + 1));
    putBytes(kernel, picker.bytesAt, values.subarray(first, first + bytes));
    return picker;
  }

  /** For texts that are yet to be put where `texts` says; undefined where there is no memory for so many. */
  static reserve(rows: number, bytes: number): TextPicker | undefined {
    const { places, end } = placesOf([4 * (rows + 1), bytes]);
    const kernel = takeTextKernel(end);
    return kernel && new TextPicker(kernel, places, end, { first: 0, rows, bytes });
  }

  /** The texts as they lie in the kernel's memory: to be used until something is picked, which may move it. */
  texts(): TextBytes {
    const { kernel, extent, offsetsAt, bytesAt } = this;
    const { buffer } = kernel.memory;
    return {
      offsets: new Int32Array(buffer, offsetsAt, extent.rows + 1),
      values: new Uint8Array(buffer, bytesAt, extent.bytes),
    };
  }

  /** Undefined where there is no memory for what is picked. */
  pick(rows: Int32Array | Uint32Array): TextBytes | undefined {
    const { kernel } = this;
    const picked = this.gather(rows, false);
    if (picked === undefined) return undefined;
    const offsets = intsOf(kernel, picked.offsetsAt, rows.length + 1);
    return { offsets, values: bytesOf(kernel, picked.at, picked.bytes) };
  }

  /** The texts with a line feed behind each of them, in the kernel's memory: to be used until more is picked. */
  pickLines(rows: Int32Array | Uint32Array): Uint8Array | undefined {
    const picked = this.gather(rows, true);
    return picked && new Uint8Array(this.kernel.memory.buffer, picked.at, picked.bytes);
  }

  /** Where what was picked lies, and where its offsets. */
  private gather(rows: Int32Array | Uint32Array, asLines: boolean) {
    const { kernel, offsetsAt } = this;
    const { length } = rows;
    const { places, end } = placesOf([4 * length, 4 * (length + 1)], this.end);
    const [rowsAt = 0, pickedAt = 0] = places;
    if (!kernel.reach(end)) return undefined;
    putInts(kernel, rowsAt, rows);
    const texts = kernel.measure(rowsAt, length, offsetsAt, pickedAt) >>> 0;
    const size = texts + (asLines ? length : 0);
    if (size > 0x7fff_ffff || !kernel.reach(end + size + slackBytes)) return undefined;
    kernel.gather(rowsAt, length, offsetsAt, this.bytesAt - this.extent.first, end, asLines);
    return { offsetsAt: pickedAt, at: end, bytes: size };
  }

  /** To be called once, after which nothing may be picked. */
  close(): void {
    giveTextKernel(this.kernel);
  }
}

/** Whether texts are worth a kernel when so many of them are picked. */
export function paysToPick({ offsets }: TextBytes, length: number, picked: number): boolean {
  const bytes = offsets[length]! - offsets[0]!;
  return bytes >= pickedFromBytesMin && picked * sparseShareMax >= length;
}

/** Undefined where a plain loop does better, or where there is no memory. `length`: how many texts there are. */
export function pickTexts(
  texts: TextBytes,
  length: number,
  rows: Int32Array | Uint32Array,
): TextBytes | undefined {
  if (!paysToPick(texts, length, rows.length)) return undefined;
  const picker = TextPicker.open(texts, length);
  const picked = picker?.pick(rows);
  picker?.close();
  return picked;
}
