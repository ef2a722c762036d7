// Columns of the random tables: a name always has the same type, so that tables can be joined and put together.

import {
  binaryType,
  boolType,
  type DataType,
  dateType,
  decimalType,
  type Field,
  float64Type,
  instantType,
  int32Type,
  int53Type,
  int64Type,
  listType,
  utf8Type,
} from "../../../proto/plan/types.ts";
import type { Raw } from "../../../sdk/testing/expressions/raw-values.ts";
import type { RawRow } from "../../../sdk/testing/steps/table.ts";
import { mixed } from "./dice.ts";

interface Pool {
  readonly name: string;
  readonly type: DataType;
  /** The first is the most frequent one. */
  readonly values: readonly Raw[];
}

const structType: DataType = {
  kind: "struct",
  fields: [
    { name: "a", type: int32Type, nullable: true },
    { name: "b", type: utf8Type, nullable: true },
  ],
};

const dayMicros = 86_400_000_000n;

/** Values that compare, hash or print in ways of their own; few of them, so that they meet. */
export const pools: readonly Pool[] = [
  { name: "k", type: int32Type, values: [1, 2, 3, 0, -1, 7, 2 ** 31 - 1, -(2 ** 31)] },
  {
    name: "s",
    type: utf8Type,
    values: ["a", "", "b", "ab", "é", "😀", "\uffee", "\u{10ffff}", 'a "b",\n', "A", " a "],
  },
  { name: "j", type: int32Type, values: [1, 5, 2, 3, -4] },
  { name: "i", type: int53Type, values: [1, 2, 0, -5, 2 ** 32, 2 ** 40 + 1] },
  {
    name: "l",
    type: int64Type,
    values: [1n, 2n, 0n, 2n ** 53n + 1n, 2n ** 53n + 2n, -(2n ** 55n)],
  },
  {
    name: "f",
    type: float64Type,
    values: [1.5, Number.NaN, -0, 0, 2, -2.25, Number.POSITIVE_INFINITY, 0.1, -Infinity],
  },
  { name: "b", type: boolType, values: [true, false] },
  { name: "d", type: dateType, values: [0, -1, 19_782, 19_813, -25_567, 20_000] },
  {
    name: "t",
    type: instantType,
    values: [0n, -1000n, 19_813n * dayMicros + 3_600_000_000n, 1_711_846_800_000_000n, -dayMicros],
  },
  { name: "w", type: { kind: "timestamp" }, values: [0n, 19_782n * dayMicros, 86_399_999_000n] },
  { name: "m", type: decimalType(9, 2), values: [150n, 0n, -225n, 99_999n, 1n, 200n] },
  { name: "n", type: decimalType(24, 6), values: [1n, 150_0000n, -(10n ** 20n), 10n ** 20n + 1n] },
  {
    name: "x",
    type: listType(int32Type),
    values: [[1, 2], [], [null], [3, 1, null], [2 ** 31 - 1]],
  },
  { name: "y", type: listType(utf8Type), values: [["a"], [], ["b", "é"], [null, ""], ["a", "a"]] },
  {
    name: "u",
    type: structType,
    values: [
      { a: 1, b: "a" },
      { a: null, b: null },
      { a: 1, b: "b" },
      { a: -1, b: "" },
    ],
  },
  {
    name: "z",
    type: binaryType,
    values: [Uint8Array.of(1, 2), new Uint8Array(0), Uint8Array.of(255)],
  },
];

export function poolOf(name: string): Pool | undefined {
  return pools.find((pool) => pool.name === name);
}

/** Literals of a type that occur in tables. */
export function valuesOf(type: DataType): readonly Raw[] {
  return (
    pools.filter((pool) => JSON.stringify(pool.type) === JSON.stringify(type))[0]?.values ?? []
  );
}

/** One value in seven is null where the column may be, half of the others are one of the first two. */
function cell(pool: Pool, { nullable }: Field, dice: number): Raw {
  if (nullable && dice % 7 === 6) return null;
  const few = (dice >>> 3) % 2 === 0 ? Math.min(2, pool.values.length) : pool.values.length;
  return pool.values[(dice >>> 4) % few];
}

export function randomRow(fields: readonly Field[], seed: number): RawRow {
  return Object.fromEntries(
    fields.map((field) => {
      const pool = poolOf(field.name)!;
      return [field.name, cell(pool, field, mixed(seed, pools.indexOf(pool) + 1))];
    }),
  );
}
