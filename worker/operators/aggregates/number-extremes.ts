// Least or greatest numbers of groups in one array, as long as all are of one type and none is NaN.

import type { Column } from "../../../proto/batch/column.ts";
import { integersToNumbers } from "../../../proto/batch/decode-column.ts";
import { wholeNumbers } from "../../kernels/columns/words.ts";
import { floatColumn, grownFloats } from "./accumulator.ts";
import { Seen } from "./seen.ts";

type NumberType = "int32" | "int53" | "float64" | "date";

function numbersOf(column: Column): Float64Array | Int32Array | undefined {
  switch (column.type) {
    case "int32":
    case "date":
      return column.values;
    case "int53":
      return integersToNumbers(column.values);
    case "float64":
      return column.values.includes(Number.NaN) ? undefined : column.values;
    default:
      return undefined;
  }
}

function columnOf(type: NumberType, numbers: Float64Array, validity: Uint8Array | undefined) {
  const { length } = numbers;
  const base = { name: "", length, nulls: "null", validity } as const;
  switch (type) {
    case "float64":
      return floatColumn(numbers, length, validity);
    case "int53":
      return { ...base, type, values: wholeNumbers(numbers) };
    case "int32":
    case "date":
      return { ...base, type, values: Int32Array.from(numbers) };
  }
}

export class NumberExtremes {
  private readonly wanted: "min" | "max";
  private type: NumberType | undefined;
  private best = new Float64Array(0);
  private readonly seen = new Seen();
  private groups = 0;

  constructor(wanted: "min" | "max") {
    this.wanted = wanted;
  }

  /** Memory held, in bytes. */
  get bytes(): number {
    return this.best.byteLength + this.seen.bytes;
  }

  reserve(groups: number): void {
    const before = this.best.length;
    this.best = grownFloats(this.best, groups) as Float64Array<ArrayBuffer>;
    const worst = this.wanted === "min" ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
    if (this.best.length > before) this.best.fill(worst, before);
    this.seen.reserve(groups);
    this.groups = groups;
  }

  /** False where the column is of another type than those before, or of one that this cannot hold; nothing was done then. */
  add(column: Column, groups: Int32Array, isWhole: boolean | undefined): boolean {
    if (this.type !== undefined && this.type !== column.type) return false;
    if (this.groups === 1 && column.type === "float64") {
      const best = bestOf(this.wanted, this.best[0]!, column.values.subarray(0, groups.length));
      if (Number.isNaN(best)) return false;
      this.type = "float64";
      this.best[0] = best;
      this.seen.add(groups, isWhole);
      return true;
    }
    const values = numbersOf(column);
    if (values === undefined) return false;
    this.type = column.type as NumberType;
    if (this.wanted === "min") addLeast(this.best, values, groups);
    else addGreatest(this.best, values, groups);
    this.seen.add(groups, isWhole);
    return true;
  }

  /** Null for groups without a number; undefined where no group has any. */
  column(groups: number): Column | undefined {
    if (this.type === undefined) return undefined;
    return columnOf(this.type, this.best.subarray(0, groups), this.seen.validity(groups));
  }
}

function addLeast(best: Float64Array, values: Float64Array | Int32Array, groups: Int32Array): void {
  for (let i = 0; i < groups.length; i++) {
    if (values[i]! < best[groups[i]!]!) best[groups[i]!] = values[i]!;
  }
}

function addGreatest(
  best: Float64Array,
  values: Float64Array | Int32Array,
  groups: Int32Array,
): void {
  for (let i = 0; i < groups.length; i++) {
    if (values[i]! > best[groups[i]!]!) best[groups[i]!] = values[i]!;
  }
}

/** Of one group, as where there are no keys: values are looked at once, four by four. NaN where one of them is. */
export function bestOf(wanted: "min" | "max", before: number, values: Float64Array): number {
  return wanted === "min" ? leastOf(before, values) : greatestOf(before, values);
}

function leastOf(before: number, v: Float64Array): number {
  const { length } = v;
  let best = before;
  let i = 0;
  for (;;) {
    while (
      i + 3 < length &&
      v[i]! >= best &&
      v[i + 1]! >= best &&
      v[i + 2]! >= best &&
      v[i + 3]! >= best
    ) {
      i += 4;
    }
    if (i >= length) return best;
    const value = v[i++]!;
    if (value >= best) continue;
    if (Number.isNaN(value)) return value;
    best = value;
  }
}

function greatestOf(before: number, v: Float64Array): number {
  const { length } = v;
  let best = before;
  let i = 0;
  for (;;) {
    while (
      i + 3 < length &&
      v[i]! <= best &&
      v[i + 1]! <= best &&
      v[i + 2]! <= best &&
      v[i + 3]! <= best
    ) {
      i += 4;
    }
    if (i >= length) return best;
    const value = v[i++]!;
    if (value <= best) continue;
    if (Number.isNaN(value)) return value;
    best = value;
  }
}
