// Columns whose values are all whole numbers of 32 bits, whatever type they have: keys of the dense path.

import type { Column } from "../../../proto/batch/column.ts";
import { halvesOf } from "./words.ts";

function ofFloats(values: Float64Array): Int32Array | undefined {
  const out = new Int32Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    const small = value | 0;
    if (small !== value) return undefined;
    out[i] = small;
  }
  return out;
}

function ofWords(values: BigInt64Array): Int32Array | undefined {
  const halves = halvesOf(values);
  const out = new Int32Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const low = halves[2 * i]!;
    if (halves[2 * i + 1]! !== low >> 31) return undefined;
    out[i] = low;
  }
  return out;
}

/** Undefined where one is null, has a fraction or more bits, or where the type is another. */
export function smallIntegers(column: Column): Int32Array | undefined {
  if (column.validity !== undefined) return undefined;
  switch (column.type) {
    case "int32":
      return column.values;
    case "int53":
    case "int64":
      return ofWords(column.values);
    case "float64":
      return ofFloats(column.values);
    default:
      return undefined;
  }
}

export interface Range {
  readonly min: number;
  readonly max: number;
}

/** Of no values the range is empty: min above max. */
export function rangeOf(values: Int32Array): Range {
  let min = 0x7fff_ffff;
  let max = -0x8000_0000;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return { min, max };
}
