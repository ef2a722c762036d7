// The column of the first key of a sort, made of the words that were sorted: picking values would miss the cache.

import type { Column } from "../../../proto/batch/column.ts";

/** Minus zero and NaN have words of other values. */
function hasOddOnes(values: Float64Array): boolean {
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (Number.isNaN(value) || (value === 0 && 1 / value < 0)) return true;
  }
  return false;
}

/** `keys` are halves in order, the lower first. `column` has the values in another order; undefined for other types. */
export function sortedColumn(
  column: Column,
  direction: "asc" | "desc",
  keys: Uint32Array,
): Column | undefined {
  if (column.validity !== undefined) return undefined;
  const { length } = column;
  const flip = direction === "desc" ? -1 : 0;
  switch (column.type) {
    case "int32":
    case "date": {
      const values = new Int32Array(length);
      for (let i = 0; i < length; i++) values[i] = keys[2 * i + 1]! ^ flip ^ 0x8000_0000;
      return { ...column, values };
    }
    case "int53":
    case "int64":
    case "timestamp": {
      const halves = new Int32Array(2 * length);
      for (let i = 0; i < halves.length; i += 2) {
        halves[i] = keys[i]! ^ flip;
        halves[i + 1] = keys[i + 1]! ^ flip ^ 0x8000_0000;
      }
      return { ...column, values: new BigInt64Array(halves.buffer) };
    }
    case "float64": {
      if (hasOddOnes(column.values)) return undefined;
      const halves = new Int32Array(2 * length);
      for (let i = 0; i < halves.length; i += 2) {
        const high = keys[i + 1]! ^ flip;
        // A set sign stands for a number that is not negative.
        const other = high < 0 ? 0 : -1;
        halves[i] = keys[i]! ^ flip ^ other;
        halves[i + 1] = high ^ (other | 0x8000_0000);
      }
      return { ...column, values: new Float64Array(halves.buffer) };
    }
    default:
      return undefined;
  }
}
