// Kernels of text that work on its bytes, without a string for each row.

import { encodeStrings } from "../../../../proto/batch/text.ts";
import { boolType, int32Type } from "../../../../proto/plan/types.ts";
import { withTexts } from "../../texts/appended-texts.ts";
import type { Call, Kernel, MakeKernel } from "../kernel.ts";
import { rawAt } from "../raw.ts";
import { rowwise } from "../rowwise.ts";
import { boolVector, flatVector, numberVector, type TextVector, type Vector } from "../vector.ts";
import { containsInList } from "./lists.ts";
import { searchTexts } from "./search.ts";

export function isAsciiBytes(bytes: Uint8Array, start: number, end: number): boolean {
  let all = 0;
  for (let i = start; i < end; i++) all |= bytes[i]!;
  return all < 0x80;
}

/** With letters of ASCII in the other case, of which the first is `from`. */
function asciiCased(bytes: Uint8Array, start: number, end: number, from: number): Uint8Array {
  const out = new Uint8Array(end);
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!;
    out[i] = byte >= from && byte < from + 26 ? byte ^ 0x20 : byte;
  }
  return out;
}

function rowsBeyondAscii({ offsets, bytes }: TextVector): number[] {
  const rows: number[] = [];
  const count = offsets.length - 1;
  if (isAsciiBytes(bytes, offsets[0]!, offsets[count]!)) return rows;
  for (let row = 0; row < count; row++) {
    if (!isAsciiBytes(bytes, offsets[row]!, offsets[row + 1]!)) rows.push(row);
  }
  return rows;
}

const smallA = 0x61;
const capitalA = 0x41;

/** `change` is asked for the rows with letters beyond ASCII, which need a string each. */
function cased(vector: Vector, from: number, change: (text: string) => string): Vector {
  const text = flatVector(vector as TextVector);
  const { offsets, bytes } = text;
  const values = asciiCased(bytes, offsets[0]!, offsets.at(-1)!, from);
  const others = rowsBeyondAscii(text);
  if (others.length === 0) return { ...text, bytes: values };
  const strings = others.map((row) => {
    const raw = rawAt(text, row);
    return raw === null ? null : change(raw as string);
  });
  const changed = withTexts({ offsets, values }, others, encodeStrings(strings));
  return { ...text, offsets: changed.offsets, bytes: changed.values };
}

export const lowered = (vector: Vector): Vector =>
  cased(vector, capitalA, (text) => text.toLowerCase());

const uppered = (vector: Vector): Vector => cased(vector, smallA, (text) => text.toUpperCase());

const changed = (change: (vector: Vector) => Vector): MakeKernel => {
  return () => ({ canFail: false, run: ([text]) => ({ ...change(text!), constant: false }) });
};

function counts(count: (bytes: Uint8Array, start: number, end: number) => number): MakeKernel {
  return () => ({
    canFail: false,
    run: ([vector], rows, valid) => {
      const { offsets, bytes, codes } = vector as TextVector;
      const slots = codes === undefined ? rows : offsets.length - 1;
      const words = new Int32Array(slots);
      for (let i = 0; i < slots; i++) words[i] = count(bytes, offsets[i]!, offsets[i + 1]!);
      if (codes === undefined) return numberVector(int32Type, words, valid);
      const out = new Int32Array(rows);
      for (let i = 0; i < rows; i++) out[i] = words[codes[i]!] ?? 0;
      return numberVector(int32Type, out, valid);
    },
  });
}

/** Bytes that start a character. */
function countCharacters(bytes: Uint8Array, start: number, end: number): number {
  let count = 0;
  for (let i = start; i < end; i++) count += (bytes[i]! & 0xc0) === 0x80 ? 0 : 1;
  return count;
}

function side(call: Call, atEnd: boolean): Kernel {
  const byRow = rowwise(call, (text: string, part: string) =>
    atEnd ? text.endsWith(part) : text.startsWith(part),
  );
  return {
    canFail: false,
    run: (args, rows, valid) => {
      const [text, part] = args as readonly [TextVector, TextVector];
      if (!part.constant || text.constant) return byRow.run(args, rows, valid);
      const { offsets: from, bytes: all } = flatVector(part);
      const word = all.subarray(from[0]!, from[1]!);
      const { offsets, bytes } = flatVector(text);
      const out = new Uint8Array(rows);
      for (let i = 0; i < rows; i++) {
        const start = offsets[i]!;
        const end = offsets[i + 1]!;
        let same = end - start >= word.length;
        const first = atEnd ? end - word.length : start;
        for (let at = 0; same && at < word.length; at++) same = bytes[first + at] === word[at];
        out[i] = same ? 1 : 0;
      }
      return boolVector(boolType, out, valid);
    },
  };
}

function contains(call: Call): Kernel {
  if (call.types[0]!.kind !== "utf8") return containsInList(call);
  const byRow = rowwise(call, (text: string, part: string) => text.includes(part));
  return {
    canFail: false,
    run: (args, rows, valid) => {
      const [text, part] = args as readonly [TextVector, TextVector];
      if (!part.constant || text.constant) return byRow.run(args, rows, valid);
      const { offsets, bytes } = flatVector(part);
      const word = bytes.subarray(offsets[0]!, offsets[1]!);
      return boolVector(boolType, searchTexts(text, word), valid);
    },
  };
}

export const textByteKernels = {
  upper: changed(uppered),
  lower: changed(lowered),
  length: counts(countCharacters),
  byteLength: counts((_, start, end) => end - start),
  startsWith: (call) => side(call, false),
  endsWith: (call) => side(call, true),
  contains,
} satisfies Record<string, MakeKernel>;
