// States of groups by one whole number that are all sums and counts in doubles: added up by a kernel, in parts, as long as
// nothing else comes.

import { type Batch, makeBatch } from "../../../proto/batch/batch.ts";
import { type Column, countColumn } from "../../../proto/batch/column.ts";
import { columnOf } from "../../kernels/columns/concat.ts";
import { nullColumn } from "../../kernels/columns/gather.ts";
import { IntegerSums } from "../../kernels/columns/integer-sums.ts";
import { smallIntegers } from "../../kernels/columns/small-integers.ts";
import { floatColumn } from "./accumulator.ts";
import { type GroupsProgram, StateColumns } from "./groups.ts";

/** More make parts larger than a cache, however few groups these have. */
const sumsMax = 8;

type KeyType = "int32" | "int53" | "int64";

function keyTypeOf({ type }: Column): KeyType | undefined {
  return type === "int32" || type === "int53" || type === "int64" ? type : undefined;
}

/** Keys as a column of the type that they came in. */
function keyColumn(name: string, type: KeyType, keys: Int32Array): Column {
  const base = { name, length: keys.length, nulls: "null", validity: undefined } as const;
  if (type === "int32") return { ...base, type, values: keys };
  const halves = new Int32Array(2 * keys.length);
  for (let i = 0; i < keys.length; i++) {
    halves[2 * i] = keys[i]!;
    halves[2 * i + 1] = keys[i]! >> 31;
  }
  return { ...base, type, values: new BigInt64Array(halves.buffer) };
}

/** The doubles of a sum or a count, where none is null and no sum left the range of its type. */
function doublesOf([first, carries]: readonly Column[]): Float64Array | undefined {
  if (first?.type !== "float64" || first.validity !== undefined) return undefined;
  return carries === undefined || carries.type === "null" ? first.values : undefined;
}

export class StateSums {
  private readonly program: GroupsProgram;
  private readonly names: StateColumns;
  private readonly sums: IntegerSums;
  private keyType: KeyType | undefined;

  private constructor(program: GroupsProgram, parts: number) {
    this.program = program;
    this.names = new StateColumns(program);
    this.sums = new IntegerSums(parts, program.aggregates.length);
  }

  /** Undefined where the program has other aggregates, or more keys. */
  static of(program: GroupsProgram, parts: number): StateSums | undefined {
    const { keys, aggregates } = program;
    const isSummed = aggregates.every(
      ({ call }) => !call.distinct && (call.function === "sum" || call.function === "count"),
    );
    const isFew = keys.length === 1 && aggregates.length <= sumsMax;
    return isSummed && isFew ? new StateSums(program, parts) : undefined;
  }

  /** Adds states, each to its part; false where some are of another form, and none was added. */
  add(batches: readonly Batch[], parts: readonly Int32Array[]): boolean {
    const { program } = this;
    const name = program.keys[0]!.name;
    const keys: Int32Array[] = [];
    const values = program.aggregates.map((): Float64Array[] => []);
    let keyType = this.keyType;
    for (const batch of batches) {
      const key = columnOf(batch, name);
      keyType ??= keyTypeOf(key);
      const small = keyType === key.type ? smallIntegers(key) : undefined;
      if (small === undefined) return false;
      keys.push(small.subarray(0, batch.rows));
      for (const [at, own] of values.entries()) {
        const doubles = doublesOf(this.names.of(batch, at));
        if (doubles === undefined) return false;
        own.push(doubles.subarray(0, batch.rows));
      }
    }
    if (!this.sums.add({ keys, parts, values })) return false;
    this.keyType = keyType;
    return true;
  }

  size(part: number): number {
    return this.sums.size(part);
  }

  bytes(part: number): number {
    return this.sums.bytes(part);
  }

  private take(part: number, columnsOf: (sums: Float64Array, at: number) => Column[]): Batch {
    const { keys, sums } = this.sums.take(part);
    const key = keyColumn(this.program.keys[0]!.name, this.keyType ?? "int32", keys);
    return makeBatch("record", [key, ...sums.flatMap(columnsOf)]);
  }

  /** All groups of a part with their states, by order of coming; none are left. */
  takeStates(part: number): Batch {
    const { aggregates } = this.program;
    return this.take(part, (sums, at) => {
      const state = floatColumn(sums, sums.length, undefined);
      const isSum = aggregates[at]!.call.function === "sum";
      return this.names.named(at, isSum ? [state, nullColumn("", sums.length)] : [state]);
    });
  }

  /** All groups of a part with their results, by order of coming; none are left. */
  takeResults(part: number): Batch {
    const { aggregates } = this.program;
    return this.take(part, (sums, at) => {
      const { name, call } = aggregates[at]!;
      if (call.function === "count") return [{ ...countColumn("", sums), name }];
      return [{ ...floatColumn(sums, sums.length, undefined), name }];
    });
  }

  /** To be called once, after which nothing may be asked for. */
  close(): void {
    this.sums.close();
  }
}
