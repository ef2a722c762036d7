// The values of codes into a dictionary, written out: of all rows, or of those that are wanted.

import { findReach, noteReach } from "../../batch/known-reach.ts";
import { unreachable } from "../../errors.ts";
import { takeTexts } from "../../kernels/plain-texts.ts";
import { type ColumnArrays, ownArrays } from "./column-rooms.ts";
import type { Dense, Written } from "./dense.ts";
import type { PageCodes } from "./page-codes.ts";

/** Dictionaries of more values, in their share of rows, take nearly as long to look through as what is written. */
const knownShareMax = 0.25;

type Bytes = Extract<Written, { kind: "bytes" }>;

function pick<T extends { [index: number]: number; readonly length: number }>(
  from: T,
  codes: Int32Array,
  to: T,
): T {
  for (let i = 0; i < codes.length; i++) to[i] = from[codes[i]!]!;
  return to;
}

/** The items of a dictionary by code. */
function takeBytes(
  from: { readonly offsets: Int32Array; readonly values: Uint8Array },
  codes: Int32Array,
): Bytes {
  const taken = takeTexts(from, codes);
  if (taken !== undefined) return { kind: "bytes", ...taken };
  const offsets = new Int32Array(codes.length + 1);
  let end = 0;
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i]!;
    end += from.offsets[code + 1]! - from.offsets[code]!;
    offsets[i + 1] = end;
  }
  const values = new Uint8Array(end);
  for (let i = 0; i < codes.length; i++) {
    let to = offsets[i]!;
    const stop = offsets[i + 1]!;
    for (let at = from.offsets[codes[i]!]!; to < stop; at++, to++) values[to] = from.values[at]!;
  }
  return { kind: "bytes", offsets, values };
}

/** By halves: a BigInt for each row would cost an allocation. Four rows at a time, so that loads do not wait. */
function pickWords(values: BigInt64Array, codes: Int32Array, out: BigInt64Array): void {
  const from = new Int32Array(values.buffer, values.byteOffset, values.length * 2);
  const to = new Int32Array(out.buffer);
  let i = 0;
  for (; i + 4 <= codes.length; i += 4) {
    const at0 = 2 * codes[i]!;
    const at1 = 2 * codes[i + 1]!;
    const at2 = 2 * codes[i + 2]!;
    const at3 = 2 * codes[i + 3]!;
    const low0 = from[at0]!;
    const high0 = from[at0 + 1]!;
    const low1 = from[at1]!;
    const high1 = from[at1 + 1]!;
    const low2 = from[at2]!;
    const high2 = from[at2 + 1]!;
    const low3 = from[at3]!;
    const high3 = from[at3 + 1]!;
    to[2 * i] = low0;
    to[2 * i + 1] = high0;
    to[2 * i + 2] = low1;
    to[2 * i + 3] = high1;
    to[2 * i + 4] = low2;
    to[2 * i + 5] = high2;
    to[2 * i + 6] = low3;
    to[2 * i + 7] = high3;
  }
  for (; i < codes.length; i++) {
    const at = 2 * codes[i]!;
    to[2 * i] = from[at]!;
    to[2 * i + 1] = from[at + 1]!;
  }
}

function pickWideWords(values: BigInt64Array, codes: Int32Array, out: BigInt64Array): void {
  const from = new Int32Array(values.buffer, values.byteOffset, values.length * 2);
  const to = new Int32Array(out.buffer);
  for (let i = 0; i < codes.length; i++) {
    for (let half = 0; half < 4; half++) to[4 * i + half] = from[codes[i]! * 4 + half]!;
  }
}

/** The dictionary's values by code: of all rows, or of those at rising places. */
export function lookUp(
  dictionary: Written,
  codes: PageCodes,
  places?: Int32Array,
  arrays = ownArrays,
): Written {
  const length = places?.length ?? codes.length;
  const codesOf = () => codes.lend(places);
  switch (dictionary.kind) {
    case "int32": {
      const values = arrays.ints(length);
      const isRead = codes.readValues(dictionary.values, values, places);
      return {
        ...dictionary,
        values: isRead ? values : pick(dictionary.values, codesOf(), values),
      };
    }
    case "float64": {
      const values = arrays.floats(length);
      const isRead = codes.readValues(dictionary.values, values, places);
      return {
        ...dictionary,
        values: isRead ? values : pick(dictionary.values, codesOf(), values),
      };
    }
    case "bool":
      return {
        ...dictionary,
        values: pick(dictionary.values, codesOf(), new Uint8Array(length)),
      };
    case "bytes":
      return takeBytes(dictionary, codesOf());
    case "int64": {
      const { words } = dictionary;
      const values = arrays.words(length * words);
      if (words === 2) pickWideWords(dictionary.values, codesOf(), values);
      else if (!codes.readValues(dictionary.values, values, places)) {
        pickWords(dictionary.values, codesOf(), values);
      }
      if (words === 1 && dictionary.values.length <= knownShareMax * length) {
        noteReach(values, findReach(dictionary.values));
      }
      return { ...dictionary, values };
    }
    default:
      return unreachable(dictionary);
  }
}

/** Without a dictionary, texts as their bytes. */
export function writtenOut(dense: Dense, arrays?: ColumnArrays): Written {
  switch (dense.kind) {
    case "codes":
      return takeBytes(dense.dictionary, dense.codes.lend());
    case "coded":
      return lookUp(dense.dictionary, dense.codes, undefined, arrays);
    default:
      return dense;
  }
}
