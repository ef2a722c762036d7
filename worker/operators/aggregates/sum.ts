// sum: whole numbers exactly or not at all, decimals exactly, float64 in the order of the rows.

import {
  type Column,
  columnType,
  type DecimalColumn,
  decimalWords,
  type Int64Column,
} from "../../../proto/batch/column.ts";
import { readDecimal, writeDecimal } from "../../../proto/batch/decimal.ts";
import { integersToNumbers } from "../../../proto/batch/decode-column.ts";
import { assert, EngineError } from "../../../proto/errors.ts";
import {
  type DataType,
  decimalPrecisionMax,
  decimalType,
  float64Type,
  int53Type,
  int64Type,
  isNumeric,
  nullType,
  typeText,
} from "../../../proto/plan/types.ts";
import { asFloats, widen, widerType } from "../../kernels/columns/widen.ts";
import { twoTo53, wholeNumbers } from "../../kernels/columns/words.ts";
import {
  type Accumulator,
  floatColumn,
  grownBytes,
  grownFloats,
  grownWords,
  validWhere,
} from "./accumulator.ts";

const noColumn = { name: "", nulls: "null", validity: undefined } as const;

function overflow(type: string): EngineError {
  return new EngineError(
    "VALUE_UNSUPPORTED",
    `a sum of whole numbers does not fit ${type}; cast them to ${type === "int53" ? "int64" : "a decimal or float64"} first`,
  );
}

/** Sums of one type; `widened` answers the same sums as those of a wider one. */
interface Sums {
  readonly type: DataType;
  reserve(groups: number): void;
  add(column: Column, groups: Int32Array): void;
  column(groups: number): Column;
}

class FloatSums implements Sums {
  readonly type = float64Type;
  private sums = new Float64Array(0);

  reserve(groups: number): void {
    this.sums = grownFloats(this.sums, groups) as Float64Array<ArrayBuffer>;
  }

  add(column: Column, groups: Int32Array): void {
    const values = asFloats(column);
    const { sums } = this;
    for (let i = 0; i < groups.length; i++) sums[groups[i]!] = sums[groups[i]!]! + values[i]!;
  }

  column(groups: number): Column {
    return floatColumn(this.sums, groups, undefined);
  }
}

/** As float64, which is exact until the sum is refused. */
class SafeSums implements Sums {
  readonly type = int53Type;
  private sums = new Float64Array(0);

  reserve(groups: number): void {
    this.sums = grownFloats(this.sums, groups) as Float64Array<ArrayBuffer>;
  }

  add(column: Column, groups: Int32Array): void {
    const values =
      column.type === "int32" ? column.values : integersToNumbers((column as Int64Column).values);
    const { sums } = this;
    for (let i = 0; i < groups.length; i++) {
      const sum = sums[groups[i]!]! + values[i]!;
      if (sum >= twoTo53 || sum <= -twoTo53) throw overflow("int53");
      sums[groups[i]!] = sum;
    }
  }

  column(groups: number): Column {
    const values = wholeNumbers(this.sums.subarray(0, groups));
    return { ...noColumn, type: "int53", length: groups, values };
  }
}

/** In two halves, with the carry by hand. */
class LongSums implements Sums {
  readonly type = int64Type;
  private sums = new BigInt64Array(0);

  reserve(groups: number): void {
    this.sums = grownWords(this.sums, groups) as BigInt64Array<ArrayBuffer>;
  }

  add(column: Column, groups: Int32Array): void {
    const { values } = widen(column, int64Type) as Int64Column;
    const from = new Int32Array(values.buffer, values.byteOffset, values.length * 2);
    const sums = new Int32Array(this.sums.buffer);
    for (let i = 0; i < groups.length; i++) {
      const at = groups[i]! * 2;
      const low = (sums[at]! >>> 0) + (from[2 * i]! >>> 0);
      const before = sums[at + 1]!;
      const added = from[2 * i + 1]!;
      const high = (before + added + (low > 0xffff_ffff ? 1 : 0)) | 0;
      // Two of one sign whose sum has the other.
      if (((before ^ high) & (added ^ high)) < 0) throw overflow("int64");
      sums[at] = low;
      sums[at + 1] = high;
    }
  }

  column(groups: number): Column {
    const values = this.sums.slice(0, groups);
    return { ...noColumn, type: "int64", length: groups, values };
  }
}

/** Of decimals that fit a word in halves of 2^32 as float64; a BigInt for a row only where they do not. */
class DecimalSums implements Sums {
  readonly type: DataType;
  private readonly scale: number;
  /** Upper and lower part of each sum, in units of 2^32: exact up to 2^53 each. */
  private upper = new Float64Array(0);
  private lower = new Float64Array(0);
  private rest = new BigInt64Array(0);
  private rows = 0;

  constructor(scale: number) {
    this.scale = scale;
    this.type = decimalType(decimalPrecisionMax, scale);
  }

  reserve(groups: number): void {
    this.upper = grownFloats(this.upper, groups) as Float64Array<ArrayBuffer>;
    this.lower = grownFloats(this.lower, groups) as Float64Array<ArrayBuffer>;
    this.rest = grownWords(this.rest, 2 * groups) as BigInt64Array<ArrayBuffer>;
  }

  add(column: Column, groups: Int32Array): void {
    assert(column.type === "decimal" || column.type.startsWith("int"), `${column.type} as decimal`);
    const own = columnType(column);
    const scaled =
      own.kind === "decimal" && own.scale === this.scale ? column : widen(column, this.type);
    const { values, precision } = scaled as DecimalColumn;
    const words = decimalWords(precision);
    if (words === 1) return this.addShort(values, groups);
    for (let i = 0; i < groups.length; i++) {
      const group = groups[i]!;
      const sum = readDecimal(this.rest, 2, group) + readDecimal(values, 2, i);
      this.write(group, sum);
    }
  }

  private write(group: number, sum: bigint): void {
    const limit = 10n ** BigInt(decimalPrecisionMax);
    if (sum >= limit || sum <= -limit) throw overflow(typeText(this.type));
    writeDecimal(this.rest, 2, group, sum);
  }

  private addShort(values: BigInt64Array, groups: Int32Array): void {
    const { upper, lower } = this;
    const halves = new Int32Array(values.buffer, values.byteOffset, values.length * 2);
    for (let i = 0; i < groups.length; i++) {
      const group = groups[i]!;
      lower[group] = lower[group]! + (halves[2 * i]! >>> 0);
      upper[group] = upper[group]! + halves[2 * i + 1]!;
    }
    this.rows += groups.length;
    // Below 2^21 rows the parts stay below 2^53.
    if (this.rows >= 2 ** 20) this.settle();
  }

  private settle(): void {
    for (let group = 0; group < this.upper.length; group++) {
      if (this.upper[group] === 0 && this.lower[group] === 0) continue;
      const part = BigInt(this.upper[group]!) * 4_294_967_296n + BigInt(this.lower[group]!);
      this.write(group, readDecimal(this.rest, 2, group) + part);
      this.upper[group] = 0;
      this.lower[group] = 0;
    }
    this.rows = 0;
  }

  column(groups: number): Column {
    this.settle();
    const type = { type: "decimal", precision: decimalPrecisionMax, scale: this.scale } as const;
    return { ...noColumn, ...type, length: groups, values: this.rest.slice(0, 2 * groups) };
  }
}

function sumsOf(type: DataType): Sums {
  switch (type.kind) {
    case "int32":
    case "int53":
      return new SafeSums();
    case "int64":
      return new LongSums();
    case "decimal":
      return new DecimalSums(type.scale);
    default:
      return new FloatSums();
  }
}

/** Sums in the narrowest type that holds what came; values of a wider one turn all sums into it. */
export class TypedSums {
  private type: DataType = nullType;
  private sums: Sums | undefined;
  private size = 0;

  reserve(groups: number): void {
    this.size = groups;
    this.sums?.reserve(groups);
  }

  add(column: Column, groups: Int32Array): void {
    if (groups.length === 0 || column.type === "null") return;
    const own = columnType(column);
    if (!isNumeric(own)) {
      throw new EngineError(
        "VALUE_UNSUPPORTED",
        `sums need numbers, but some rows hold ${typeText(own)}`,
      );
    }
    const type = widerType(this.type, own);
    const needed = sumsOf(type).type;
    const isSame =
      this.sums !== undefined &&
      this.sums.type.kind === needed.kind &&
      typeText(this.sums.type) === typeText(needed);
    if (!isSame) this.turnInto(type);
    this.type = type;
    this.sums!.add(column, groups);
  }

  private turnInto(type: DataType): void {
    const before = this.sums?.column(this.size);
    this.sums = sumsOf(type);
    this.sums.reserve(this.size);
    if (before === undefined) return;
    const groups = new Int32Array(this.size);
    for (let group = 0; group < groups.length; group++) groups[group] = group;
    this.sums.add(before, groups);
  }

  column(groups: number): Column {
    if (this.sums !== undefined) return this.sums.column(groups);
    return { ...noColumn, type: "null", length: groups };
  }
}

/** Which groups had a value. */
export class Seen {
  private has = new Uint8Array(0);

  reserve(groups: number): void {
    this.has = grownBytes(this.has, groups) as Uint8Array<ArrayBuffer>;
  }

  add(groups: Int32Array): void {
    for (let i = 0; i < groups.length; i++) this.has[groups[i]!] = 1;
  }

  validity(groups: number): Uint8Array | undefined {
    return validWhere(this.has, groups);
  }
}

export function sumAccumulator(): Accumulator {
  const sums = new TypedSums();
  const seen = new Seen();
  const add = ([column]: readonly Column[], groups: Int32Array): void => {
    sums.add(column!, groups);
    if (column!.type !== "null") seen.add(groups);
  };
  const result = (groups: number): Column => {
    const column = sums.column(groups);
    return column.type === "null" ? column : { ...column, validity: seen.validity(groups) };
  };
  return {
    skipsNulls: true,
    reserve: (groups) => {
      sums.reserve(groups);
      seen.reserve(groups);
    },
    add,
    merge: add,
    states: (groups) => [result(groups)],
    result,
  };
}
