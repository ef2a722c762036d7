// Three-valued logic over bytes of 0 and 1: unknown is null.

import { boolType } from "../../../proto/plan/types.ts";
import { unpackBits, validBytes, validityOfBytes } from "./bits.ts";
import { nullsOf } from "./take.ts";
import { type BoolVector, boolVector, isValidAt, type Vector } from "./vector.ts";

/** Bytes of a vector with a slot for each row; nulls are 0. */
export function truths(vector: Vector, rows: number): Uint8Array {
  if (vector.form !== "bool") return new Uint8Array(rows);
  if (vector.constant) {
    return new Uint8Array(rows).fill(isValidAt(vector, 0) ? vector.values[0]! : 0);
  }
  if (vector.valid === undefined) return vector.values;
  const out = unpackBits(vector.valid, rows);
  for (let i = 0; i < rows; i++) out[i] = out[i]! & vector.values[i]!;
  return out;
}

function known(vector: Vector, rows: number): Uint8Array {
  if (vector.constant) return new Uint8Array(rows).fill(isValidAt(vector, 0) ? 1 : 0);
  return validBytes(vector.valid, rows);
}

/** True where both are, false where one is, else unknown. */
export function andVectors(left: Vector, right: Vector, rows: number): BoolVector {
  const [a, b] = [truths(left, rows), truths(right, rows)];
  const out = combined(a, b, "and");
  if (left.valid === undefined && right.valid === undefined) {
    return boolVector(boolType, out, undefined);
  }
  const [knowsA, knowsB] = [known(left, rows), known(right, rows)];
  const valid = new Uint8Array(rows);
  for (let i = 0; i < rows; i++) {
    const falseA = knowsA[i]! & (a[i]! ^ 1);
    const falseB = knowsB[i]! & (b[i]! ^ 1);
    valid[i] = out[i]! | falseA | falseB;
  }
  return boolVector(boolType, out, validityOfBytes(valid));
}

/** True where one is, false where both are, else unknown. */
export function orVectors(left: Vector, right: Vector, rows: number): BoolVector {
  const [a, b] = [truths(left, rows), truths(right, rows)];
  const out = combined(a, b, "or");
  if (left.valid === undefined && right.valid === undefined) {
    return boolVector(boolType, out, undefined);
  }
  const [knowsA, knowsB] = [known(left, rows), known(right, rows)];
  const valid = new Uint8Array(rows);
  for (let i = 0; i < rows; i++) valid[i] = out[i]! | (knowsA[i]! & knowsB[i]!);
  return boolVector(boolType, out, validityOfBytes(valid));
}

export function notVector(vector: Vector, rows: number): Vector {
  if (vector.form !== "bool") return nullsOf(boolType, rows);
  const out = new Uint8Array(rows);
  for (let i = 0; i < rows; i++) out[i] = vector.values[i]! ^ 1;
  return boolVector(boolType, out, vector.valid);
}

/** Row numbers of the bytes that are 1, without a branch; how many there are. */
function listed(bytes: Uint8Array, out: Int32Array): number {
  let count = 0;
  for (let i = 0; i < bytes.length; i++) {
    out[count] = i;
    count += bytes[i]!;
  }
  return count;
}

/** Four bytes at a time where both start at a multiple of four in their memory. */
function combined(a: Uint8Array, b: Uint8Array, operator: "and" | "or"): Uint8Array {
  const { length } = a;
  const out = new Uint8Array(length);
  const words = length >> 2;
  if (((a.byteOffset | b.byteOffset) & 3) === 0) {
    const left = new Uint32Array(a.buffer, a.byteOffset, words);
    const right = new Uint32Array(b.buffer, b.byteOffset, words);
    const both = new Uint32Array(out.buffer, 0, words);
    if (operator === "and") for (let i = 0; i < words; i++) both[i] = left[i]! & right[i]!;
    else for (let i = 0; i < words; i++) both[i] = left[i]! | right[i]!;
  }
  const start = ((a.byteOffset | b.byteOffset) & 3) === 0 ? words * 4 : 0;
  for (let i = start; i < length; i++) out[i] = operator === "and" ? a[i]! & b[i]! : a[i]! | b[i]!;
  return out;
}

/** The rows for which the vector is `wanted` or, where told, null. */
export function rowsWhere(
  vector: Vector,
  rows: number,
  wanted: boolean,
  orNull: boolean,
): Int32Array {
  const out = new Int32Array(rows);
  const is = truths(vector, rows);
  if (wanted && !orNull) return out.subarray(0, listed(is, out));
  const knows = vector.valid === undefined ? undefined : known(vector, rows);
  let count = 0;
  for (let i = 0; i < rows; i++) {
    out[count] = i;
    const hit = wanted ? is[i]! : knows === undefined ? is[i]! ^ 1 : knows[i]! & (is[i]! ^ 1);
    const unknown = orNull && knows !== undefined ? knows[i]! ^ 1 : 0;
    count += hit | unknown;
  }
  return out.subarray(0, count);
}
