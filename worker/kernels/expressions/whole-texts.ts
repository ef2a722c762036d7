// Whole numbers as the bytes of their decimal digits, and back, without a string for each.

import { utf8Type } from "../../../proto/plan/types.ts";
import { isValidAt, type NumberVector, type TextVector, textVector } from "./vector.ts";

/** 2^53 has sixteen digits, and a sign comes before them. */
const digitsMax = 17;
/** Of the lower part, which is a number of 32 bits. */
const lowerDigits = 9;
const lower = 10 ** lowerDigits;
const zero = 0x30;
const minus = 0x2d;

function digitCount(value: number): number {
  let count = 1;
  for (let power = 10; value >= power; power *= 10) count++;
  return count;
}

/** Writes the last `count` digits of a number of 32 bits, the last of them before `end`. */
function writeDigits(out: Uint8Array, end: number, value: number, count: number): void {
  let rest = value | 0;
  for (let at = end - 1; at >= end - count; at--) {
    const tens = (rest / 10) | 0;
    out[at] = zero + rest - 10 * tens;
    rest = tens;
  }
}

/** Of int32 and int53, as `String` writes them. */
export function textsOfWholes(vector: NumberVector): TextVector {
  const { values, length, valid, constant } = vector;
  const offsets = new Int32Array(length + 1);
  const bytes = new Uint8Array(length * digitsMax);
  let to = 0;
  for (let i = 0; i < length; i++) {
    offsets[i + 1] = to;
    // Anything may stand at a null, numbers without end too.
    if (!isValidAt(vector, i)) continue;
    const value = values[i]!;
    const size = Math.abs(value);
    if (value < 0) bytes[to++] = minus;
    const count = digitCount(size);
    to += count;
    if (count <= lowerDigits) writeDigits(bytes, to, size, count);
    else {
      const upper = Math.floor(size / lower);
      writeDigits(bytes, to, size - upper * lower, lowerDigits);
      writeDigits(bytes, to - lowerDigits, upper, count - lowerDigits);
    }
    offsets[i + 1] = to;
  }
  return { ...textVector(utf8Type, { offsets, values: bytes.slice(0, to) }, valid), constant };
}
