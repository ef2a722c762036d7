// Texts filled up to a length: where all texts are ASCII, and the length and the filling constants, from bytes to bytes.
//
// Ten million numbers padded to 100 characters were as many strings, which live until a batch is done: half of the time of
// such a step was garbage collection.

import type { Kernel } from "../kernel.ts";
import type { TextVector, Vector } from "../vector.ts";
import { isAsciiBytes } from "./text-bytes.ts";

const space = Uint8Array.of(0x20);
/** Offsets of texts are numbers of 31 bits. */
const bytesMax = 0x7fff_ffff;

/** The bytes of the filling; undefined where it differs by row, is empty, or not of single bytes. */
function fillingOf(fill: Vector | undefined): Uint8Array | undefined {
  if (fill === undefined) return space;
  if (!fill.constant || fill.form !== "text" || fill.codes !== undefined) return undefined;
  const [start, end] = [fill.offsets[0]!, fill.offsets[1]!];
  const isPlain = start < end && isAsciiBytes(fill.bytes, start, end);
  return isPlain ? fill.bytes.subarray(start, end) : undefined;
}

function isNull(valid: Uint8Array | undefined, row: number): boolean {
  return valid !== undefined && ((valid[row >> 3]! >> (row & 7)) & 1) === 0;
}

function pads(
  { offsets: from, bytes, ...text }: TextVector,
  valid: Uint8Array | undefined,
  [rows, length]: readonly [rows: number, length: number],
  filling: Uint8Array,
  atStart: boolean,
): Vector {
  const offsets = new Int32Array(rows + 1);
  for (let row = 0; row < rows; row++) {
    offsets[row + 1] = offsets[row]! + (isNull(valid, row) ? 0 : length);
  }
  const out = new Uint8Array(offsets[rows]!);
  const isOneByte = filling.length === 1;
  if (isOneByte) out.fill(filling[0]!);
  for (let row = 0; row < rows; row++) {
    let to = offsets[row]!;
    if (to === offsets[row + 1]) continue;
    const start = from[row]!;
    const own = Math.min(from[row + 1]! - start, length);
    const missing = length - own;
    const filledAt = atStart ? to : to + own;
    if (!isOneByte) {
      for (let i = 0; i < missing; i++) out[filledAt + i] = filling[i % filling.length]!;
    }
    if (atStart) to += missing;
    for (let at = start; at < start + own; at++, to++) out[to] = bytes[at]!;
  }
  return { ...text, length: rows, constant: false, valid, offsets, bytes: out };
}

/** `byRow` where texts are others, or longer than `lengthMax`. */
export function padding(byRow: Kernel, atStart: boolean, lengthMax: number): Kernel {
  const run: Kernel["run"] = (args, rows, valid) => {
    const [text, wanted, fill] = args as readonly [Vector, Vector, Vector | undefined];
    const isPlain = text.form === "text" && !text.constant && text.codes === undefined;
    if (!isPlain || !wanted.constant || wanted.form !== "number") {
      return byRow.run(args, rows, valid);
    }
    const filling = fillingOf(fill);
    const length = Math.max(wanted.values[0]!, 0);
    const isShort = length <= lengthMax && rows * length <= bytesMax;
    const { offsets, bytes } = text;
    if (filling === undefined || !isShort || !isAsciiBytes(bytes, offsets[0]!, offsets[rows]!)) {
      return byRow.run(args, rows, valid);
    }
    return pads(text, valid, [rows, length], filling, atStart);
  };
  return { ...byRow, run };
}
