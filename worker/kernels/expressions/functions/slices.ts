// The same part of each text by its place: where all texts are ASCII and the places constants, from bytes to bytes.

import type { Kernel } from "../kernel.ts";
import type { TextVector, Vector } from "../vector.ts";
import { isAsciiBytes } from "./text-bytes.ts";

/** From and to where, of a text of so many characters. */
type PlaceOf = (size: number, ...numbers: readonly number[]) => readonly [number, number];

/** The only value of each; undefined where one differs by row. */
function constantsOf(vectors: readonly Vector[]): readonly number[] | undefined {
  const numbers = vectors.map((vector) =>
    vector.constant && vector.form === "number" ? vector.values[0]! : undefined,
  );
  return numbers.every((number): number is number => number !== undefined) ? numbers : undefined;
}

function slices(
  text: TextVector,
  rows: number,
  valid: Uint8Array | undefined,
  placeOf: (size: number) => readonly [number, number],
): Vector {
  const { offsets: from, bytes } = text;
  const offsets = new Int32Array(rows + 1);
  const starts = new Int32Array(rows);
  for (let row = 0; row < rows; row++) {
    const [begin, end] = placeOf(from[row + 1]! - from[row]!);
    starts[row] = from[row]! + begin;
    offsets[row + 1] = offsets[row]! + Math.max(end - begin, 0);
  }
  const out = new Uint8Array(offsets[rows]!);
  for (let row = 0; row < rows; row++) {
    const stop = offsets[row + 1]!;
    for (let to = offsets[row]!, at = starts[row]!; to < stop; to++, at++) out[to] = bytes[at]!;
  }
  return { ...text, length: rows, constant: false, valid, offsets, bytes: out };
}

/** `byRow` where texts are others, or lie in a dictionary, of which it makes each once. */
export function slicing(byRow: Kernel, placeOf: PlaceOf): Kernel {
  const run: Kernel["run"] = (args, rows, valid) => {
    const [text, ...others] = args as readonly [Vector, ...Vector[]];
    const numbers = constantsOf(others);
    const isPlain = text.form === "text" && !text.constant && text.codes === undefined;
    if (!isPlain || numbers === undefined) return byRow.run(args, rows, valid);
    const { offsets, bytes } = text;
    if (!isAsciiBytes(bytes, offsets[0]!, offsets[rows]!)) return byRow.run(args, rows, valid);
    return slices(text, rows, valid, (size) => placeOf(size, ...numbers));
  };
  return { ...byRow, run };
}
