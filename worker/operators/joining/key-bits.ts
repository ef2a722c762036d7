// Which whole numbers are among the keys of the kept side of a join, a bit each: so little memory that a cache holds
// the bits of millions of keys, where a table of their rows would be read from beyond it.

import type { Column } from "../../../proto/batch/column.ts";
import { keyBitsPerRow, keyBitsSmall } from "../../../proto/limits.ts";
import { bitAt } from "../../kernels/columns/bits.ts";
import { NumberBits } from "../../kernels/columns/number-bits.ts";
import { rangeOf } from "../../kernels/columns/rows-by-number.ts";
import { type WholeKeys, wholeKeys } from "../../kernels/columns/whole-keys.ts";

/** Whether a key that is no number of 32 bits is there and not null. */
function hasOthers({ outside }: WholeKeys, { validity }: Column): boolean {
  if (outside === undefined) return false;
  return outside.some(
    (flag, row) => flag === 1 && (validity === undefined || bitAt(validity, row) === 1),
  );
}

function bitsOf(column: Column): NumberBits | undefined {
  const keys = wholeKeys(column);
  if (keys === undefined || hasOthers(keys, column)) return undefined;
  const range = rangeOf(keys);
  const isNear = range.length <= keyBitsSmall + keyBitsPerRow * keys.values.length;
  return isNear ? NumberBits.of(keys, range) : undefined;
}

/** Clears what is found of rows whose flag is set. */
function without(found: Uint8Array, outside: Uint8Array): Uint8Array {
  for (let row = 0; row < found.length; row++) found[row]! &= 1 - outside[row]!;
  return found;
}

/** The keys of one column of a kept side; nulls equal nothing. The bits are made when they are first asked for. */
export class KeyBits {
  private column: Column | undefined;
  private made: NumberBits | undefined;

  constructor(column: Column) {
    this.column = column;
  }

  private get bits(): NumberBits | undefined {
    const { column } = this;
    this.column = undefined;
    if (column !== undefined) this.made = bitsOf(column);
    return this.made;
  }

  /**
   * For each row of the other side 1 if its key is among the kept ones, else 0. Undefined where keys of either side
   * are no whole numbers of 32 bits, or lie too far apart.
   */
  find(column: Column): Uint8Array | undefined {
    const { bits } = this;
    if (bits === undefined) return undefined;
    const areLong = column.type === "int53" || column.type === "int64";
    // What lies in the place of a null may be any number.
    if (areLong && column.validity === undefined) return bits.find(column.values);
    const keys = wholeKeys(column);
    if (keys === undefined) return undefined;
    const found = bits.find(keys.values);
    return keys.outside === undefined ? found : without(found, keys.outside);
  }

  /** To be called once, after which nothing may be asked for. */
  close(): void {
    this.column = undefined;
    this.made?.close();
  }
}
