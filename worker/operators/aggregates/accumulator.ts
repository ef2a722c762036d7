// What every aggregate offers to the operator: one state for each group, kept in columns.

import type { Column } from "../../../proto/batch/column.ts";
import { assert } from "../../../proto/errors.ts";
import type { DataType } from "../../../proto/plan/types.ts";
import type { RowGroups } from "../../kernels/columns/row-groups.ts";
import { type ArrayClass, longerRoom, type Numbers } from "../../kernels/columns/table-rooms.ts";
import type { Digits, Folded } from "../../kernels/expressions/compile-expr.ts";
import type { DoubleSums } from "../../kernels/expressions/sum-formulas.ts";

/** The state of one aggregate for all groups; groups are numbers from 0. */
export interface Accumulator {
  /** Whether rows with a null are left out before they come here. */
  readonly skipsNulls: boolean;
  /** Memory held, in bytes. */
  bytes(): number;
  /** Makes room for so many groups; new ones have seen nothing. */
  reserve(groups: number): void;
  /**
   * Values in the order of the rows, each with its group. `args` are as long as `groups`. `isWhole`: every group
   * that there is room for has had a row in this call or an earlier one.
   */
  add(args: readonly Column[], groups: Int32Array, isWhole?: boolean): void;
  /** As `add`, of decimals without nulls; false where it needs a column, and has done nothing. */
  addDigits?(digits: Digits, groups: Int32Array, isWhole?: boolean): boolean;
  /**
   * Adds values to the first group: `sumOf` answers a sum with them, if it can, and how many there were. False where it
   * cannot, or where sums are no doubles; nothing was changed then.
   */
  fold?(sumOf: (first: number) => Folded | undefined): boolean;
  /**
   * The sums of groups, where values of the type are added to them as doubles: for whoever adds at most so many rows
   * itself, none further from zero than `reach`, and then calls `added`. Undefined where sums are of another type, or
   * might leave its range.
   */
  doublesFor?(type: DataType, rows: number, reach: number): DoubleSums | undefined;
  /** What takes 1 for each row whose value is added so. */
  rowCounts?(): Float64Array;
  /** After values of so many rows, none of which is null, were added to what `doublesFor` answered. */
  added?(groups: RowGroups, isWhole: boolean): void;
  /** Adds to each of the first groups so many rows that were counted elsewhere; set where rows are all that counts. */
  addCounts?(counts: Float64Array): void;
  /** States of another accumulator as `states` made them, each with its group, in order. */
  merge(states: readonly Column[], groups: Int32Array, isWhole?: boolean): void;
  /** What `states` would answer if each row were a group of its own; undefined where it has to be asked. */
  statesOfRows?(args: readonly Column[], rows: number): readonly Column[] | undefined;
  /** Columns that `merge` understands, a row for each group. */
  states(groups: number): readonly Column[];
  result(groups: number): Column;
  /** Gives back what it holds, of which no column that it answered is a part: it is not used after it. */
  close?(): void;
}

/** Takes the place of the array, whose memory is used again where it is too short. */
function grown<T extends Numbers>(array: T, length: number, view: ArrayClass<T>): T {
  if (length <= array.length) return array;
  return longerRoom(array, Math.max(length, 2 * array.length, 16), view);
}

export function grownFloats(array: Float64Array, length: number): Float64Array {
  return grown(array, length, Float64Array);
}

export function grownInts(array: Int32Array, length: number): Int32Array {
  return grown(array, length, Int32Array);
}

export function grownBytes(array: Uint8Array, length: number): Uint8Array {
  return grown(array, length, Uint8Array);
}

export function grownWords(array: BigInt64Array, length: number): BigInt64Array {
  return grown(array, length, BigInt64Array);
}

/** Validity bits of groups for which `has` is not 0; undefined where all have something. */
export function validWhere(has: Uint8Array | Float64Array, groups: number): Uint8Array | undefined {
  let bits: Uint8Array | undefined;
  for (let group = 0; group < groups; group++) {
    if (has[group] !== 0) continue;
    bits ??= new Uint8Array((groups + 7) >> 3).fill(0xff);
    bits[group >> 3] = bits[group >> 3]! & ~(1 << (group & 7));
  }
  return bits;
}

export function floatColumn(
  values: Float64Array,
  length: number,
  validity: Uint8Array | undefined,
): Column {
  return {
    ...{ name: "", length, nulls: "null", validity },
    ...{ type: "float64", values: values.slice(0, length) },
  } as Column;
}

/** The values of a state that was made as float64, also where no group had any. */
export function floatsOf(column: Column | undefined): Float64Array {
  assert(column?.type === "float64", `a state of numbers is ${column?.type}`);
  return column.values;
}
