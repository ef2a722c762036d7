// sum: whole numbers and decimals exactly, and refused only where the whole sum does not fit its type; float64 in the
// order of the rows.

import { type Column, columnType, type Int64Column, isValid } from "../../../proto/batch/column.ts";
import { decimalText, writeDecimal } from "../../../proto/batch/decimal.ts";
import { EngineError } from "../../../proto/errors.ts";
import type { AggregateCall } from "../../../proto/plan/expr.ts";
import { exprText } from "../../../proto/plan/expr-text.ts";
import {
  type DataType,
  float64Type,
  isNumeric,
  nullType,
  sameType,
  typeText,
} from "../../../proto/plan/types.ts";
import { nullColumn } from "../../kernels/columns/gather.ts";
import { asFloats, widerType } from "../../kernels/columns/widen.ts";
import type { Digits, Folded } from "../../kernels/expressions/compile-expr.ts";
import type { DoubleSums } from "../../kernels/expressions/sum-formulas.ts";
import { type Accumulator, floatsOf } from "./accumulator.ts";
import { Seen } from "./seen.ts";
import { type Sums, scaleOf, sumsOf, wholeAt } from "./sums-by-type.ts";

function overflow(what: string, type: DataType, total: bigint): EngineError {
  const wider = type.kind === "int53" ? "int64" : "a decimal or float64";
  const shown = type.kind === "decimal" ? decimalText(total, type.scale) : total;
  const advice = type.kind === "decimal" ? "float64" : wider;
  return new EngineError(
    "VALUE_UNSUPPORTED",
    `${what} is ${shown}, which does not fit ${typeText(type)}; cast what is summed to ${advice} first`,
  );
}

/** Of values that sums may take as doubles. */
const doubleKinds: ReadonlySet<DataType["kind"]> = new Set([
  ...(["float64", "int32", "int53", "decimal"] as const),
]);

/** Sums in the narrowest type that holds what came; values of a wider one turn all sums into it. */
export class TypedSums {
  private type: DataType = nullType;
  private sums: Sums | undefined;
  private size = 0;

  get bytes(): number {
    return this.sums?.bytes ?? 0;
  }

  reserve(groups: number): void {
    this.size = groups;
    this.sums?.reserve(groups);
  }

  add(column: Column, groups: Int32Array): void {
    if (groups.length === 0 || column.type === "null") return;
    this.sumsFor(columnType(column)).add(column, groups);
  }

  /** False where the sums are of a type that digits do not fit. */
  addDigits({ type, values }: Digits, groups: Int32Array): boolean {
    if (groups.length === 0) return true;
    return this.sumsFor(type).addDigits?.(values, type.scale, groups) ?? false;
  }

  /** The sums of all groups, where they take so many values of the type, none further from zero, as doubles. */
  doublesFor(type: DataType, rows: number, reach: number): DoubleSums | undefined {
    if (!doubleKinds.has(type.kind)) return undefined;
    const wanted = widerType(this.type, type);
    // What is added has the digits of the sums, or is whole, which both sums of doubles take.
    const isAsItIs = scaleOf(wanted) === scaleOf(type) && wanted.kind !== "int64";
    const isDecimal = wanted.kind === "decimal";
    if (!isAsItIs || isDecimal !== (type.kind === "decimal")) return undefined;
    return this.sumsFor(type).doublesFor?.(rows, reach);
  }

  /**
   * Makes of the first sum what `sumOf` answers, and says how many values were added; 0 where it answers nothing, or
   * sums are no doubles.
   */
  fold(sumOf: (first: number) => Folded | undefined): number {
    const { kind } = this.type;
    if (kind !== "float64" && kind !== "null") return 0;
    const folded = sumOf(kind === "null" ? 0 : this.sums!.first!);
    if (folded === undefined) return 0;
    this.sumsFor(float64Type).first = folded.sum;
    return folded.values;
  }

  /** The sums of another, as its `states` are. */
  merge([column, carries]: readonly Column[], groups: Int32Array): void {
    if (groups.length === 0 || column!.type === "null") return;
    const type = columnType(column!);
    const sums = this.sumsFor(type);
    sums.add(column!, groups);
    if (carries?.type === "float64") this.addCarries(type, carries, groups);
  }

  /** Carries of sums of another type, of a smaller scale perhaps. */
  private addCarries(of: DataType, carries: Column, groups: Int32Array): void {
    const { unit } = sumsOf(of);
    const counts = floatsOf(carries);
    const sums = this.sums!;
    const shift = Math.max(0, scaleOf(sums.type) - scaleOf(of));
    const isFloat = sums.type.kind === "float64";
    for (let i = 0; i < groups.length; i++) {
      if (counts[i] === 0 || !isValid(carries, i)) continue;
      const total = BigInt(counts[i]!) * unit;
      // A double has no scale: what the digits stand for is added.
      const added = isFloat ? total / 10n ** BigInt(scaleOf(of)) : total * 10n ** BigInt(shift);
      sums.addTotal(groups[i]!, added);
    }
  }

  private sumsFor(own: DataType): Sums {
    const type = widerType(this.type, own);
    // As of most batches, which are to make nothing new.
    if (this.sums !== undefined && sameType(type, this.type)) return this.sums;
    if (!isNumeric(own)) {
      throw new EngineError(
        "VALUE_UNSUPPORTED",
        `sums need numbers, but some rows hold ${typeText(own)}`,
      );
    }
    const needed = sumsOf(type);
    const isSame = this.sums !== undefined && typeText(this.sums.type) === typeText(needed.type);
    if (!isSame) this.turnInto(needed);
    this.type = type;
    return this.sums!;
  }

  private turnInto(needed: Sums): void {
    const before = this.sums === undefined ? undefined : this.states(this.size);
    needed.reserve(this.size);
    this.sums?.close();
    this.sums = needed;
    if (before === undefined) return;
    const groups = new Int32Array(this.size);
    for (let group = 0; group < groups.length; group++) groups[group] = group;
    const [column, carries] = before;
    needed.add(column!, groups);
    if (carries!.type === "float64") this.addCarries(columnType(column!), carries!, groups);
  }

  /** What `merge` understands: numbers, and carries of those that left the range of the type. */
  states(groups: number): readonly Column[] {
    const base = { name: "", nulls: "null", validity: undefined, length: groups } as const;
    const nothing = { ...base, type: "null" } as const;
    if (this.sums === undefined) return [nothing, nothing];
    return [this.sums.column(groups), this.sums.carries.column(groups)];
  }

  /** Throws VALUE_UNSUPPORTED, naming `what`, where a sum does not fit its type. */
  column(groups: number, what: string): Column {
    const [column, carries] = this.states(groups);
    if (carries!.type === "null") return column!;
    const { unit, type } = this.sums!;
    for (let group = 0; group < groups; group++) {
      const count = this.sums!.carries.of(group);
      if (count === 0) continue;
      const part = wholeAt(column!, group);
      const total = part + BigInt(count) * unit;
      const limit = type.kind === "int64" ? 1n << 63n : unit;
      if (total >= limit || total <= -limit) throw overflow(what, type, total);
      // Back into the range: a carry may be what later values took away again.
      if (column!.type === "decimal") writeDecimal(column!.values, 2, group, total);
      else (column as Int64Column).values[group] = total;
    }
    return column!;
  }

  /** Not to be used after it. */
  close(): void {
    this.sums?.close();
    this.sums = undefined;
  }

  /** As float64, where nothing overflows. */
  floats(groups: number): Float64Array {
    const [column, carries] = this.states(groups);
    if (column!.type === "null") return new Float64Array(groups);
    const out = asFloats(column!).slice(0, groups);
    if (carries!.type === "null") return out;
    const { unit, type } = this.sums!;
    for (let group = 0; group < groups; group++) {
      const count = this.sums!.carries.of(group);
      if (count === 0) continue;
      const total = wholeAt(column!, group) + BigInt(count) * unit;
      out[group] = Number(decimalText(total, scaleOf(type)));
    }
    return out;
  }
}

const firstGroup = Int32Array.of(0);

export function sumAccumulator(call: AggregateCall): Accumulator {
  const what = `sum(${call.args.map(exprText).join()})`;
  const sums = new TypedSums();
  const seen = new Seen();
  const where = (column: Column, groups: number): Column =>
    column.type === "null" ? column : { ...column, validity: seen.validity(groups) };
  return {
    skipsNulls: true,
    bytes: () => sums.bytes + seen.bytes,
    reserve: (groups) => {
      sums.reserve(groups);
      seen.reserve(groups);
    },
    add: ([column], groups, isWhole) => {
      sums.add(column!, groups);
      if (column!.type !== "null") seen.add(groups, isWhole);
    },
    addDigits: (digits, groups, isWhole) => {
      if (!sums.addDigits(digits, groups)) return false;
      seen.add(groups, isWhole);
      return true;
    },
    fold: (sumOf) => {
      if (sums.fold(sumOf) === 0) return false;
      seen.add(firstGroup);
      return true;
    },
    doublesFor: (type, rows, reach) => sums.doublesFor(type, rows, reach),
    added: (groups, isWhole) => {
      if (isWhole && groups.rows > 0) seen.addAll();
      else seen.add(groups.ofRows);
    },
    merge: (states, groups, isWhole) => {
      sums.merge(states, groups);
      if (states[0]!.type !== "null") seen.add(groups, isWhole);
    },
    statesOfRows: ([column], rows) =>
      isNumeric(columnType(column!)) ? [column!, nullColumn("", rows)] : undefined,
    states: (groups) => {
      const [column, carries] = sums.states(groups);
      return [where(column!, groups), carries!];
    },
    result: (groups) => where(sums.column(groups, what), groups),
    close: () => {
      sums.close();
      seen.close();
    },
  };
}
