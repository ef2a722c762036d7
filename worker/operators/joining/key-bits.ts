// Which whole numbers are among the keys of the kept side of a join, a bit each: so little memory that a cache holds
// the bits of millions of keys, where a table of their rows would be read from beyond it.

import type { Column } from "../../../proto/batch/column.ts";
import { keyBitsPerRow, keyBitsSmall } from "../../../proto/limits.ts";
import { bitAt, bitBytes, setBit } from "../../kernels/columns/bits.ts";
import { type WholeKeys, wholeKeys } from "../../kernels/columns/whole-keys.ts";

interface Bits {
  readonly min: number;
  readonly length: number;
  readonly bits: Uint8Array;
}

/** Whether a key that is no number of 32 bits is there and not null. */
function hasOthers({ outside }: WholeKeys, { validity }: Column): boolean {
  if (outside === undefined) return false;
  return outside.some(
    (flag, row) => flag === 1 && (validity === undefined || bitAt(validity, row) === 1),
  );
}

function bitsOf(column: Column): Bits | undefined {
  const keys = wholeKeys(column);
  if (keys === undefined || hasOthers(keys, column)) return undefined;
  const { values, outside } = keys;
  let min = 0x7fff_ffff;
  let max = -0x8000_0000;
  for (let row = 0; row < values.length; row++) {
    if (outside !== undefined && outside[row] === 1) continue;
    const value = values[row]!;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  const length = Math.max(max - min + 1, 0);
  if (length > keyBitsSmall + keyBitsPerRow * values.length) return undefined;
  const bits = new Uint8Array(bitBytes(length));
  for (let row = 0; row < values.length; row++) {
    if (outside === undefined || outside[row] === 0) setBit(bits, values[row]! - min);
  }
  return { min, length, bits };
}

/** The keys of one column of a kept side; nulls equal nothing. The bits are made when they are first asked for. */
export class KeyBits {
  private column: Column | undefined;
  private made: Bits | undefined;

  constructor(column: Column) {
    this.column = column;
  }

  private get bits(): Bits | undefined {
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
    const { bits: made } = this;
    const keys = made && wholeKeys(column);
    if (keys === undefined) return undefined;
    const { min, length, bits } = made!;
    const { values, outside } = keys;
    const found = new Uint8Array(values.length);
    for (let row = 0; row < found.length; row++) {
      // Unsigned: a number below the least lies far beyond the end.
      const at = (values[row]! - min) >>> 0;
      found[row] = at < length ? (bits[at >>> 3]! >> (at & 7)) & 1 : 0;
    }
    if (outside !== undefined)
      for (let row = 0; row < found.length; row++) found[row]! &= 1 - outside[row]!;
    return found;
  }
}
