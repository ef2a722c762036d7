// A join on one thread: numbers index a typed array, texts a Map.

import type { Column } from "../../../../proto/batch/column.ts";
import type { Baselines } from "../baseline-types.ts";
import { byText, numbersOf, textsOf } from "../column-values.ts";
import { readTable } from "../read-table.ts";

/** Values of the right side by their keys; NaN where there is none. */
interface Lookup {
  add(column: Column, rows: number, values: ArrayLike<number>): void;
  /** For each row of the left side. */
  find(column: Column, rows: number): Float64Array;
}

function numberLookup(): Lookup {
  let table = new Float64Array(0);
  return {
    add: (column, rows, values) => {
      const keys = numbersOf(column);
      let most = 0;
      for (let row = 0; row < rows; row++) most = Math.max(most, keys[row]!);
      if (most >= table.length) {
        const larger = new Float64Array(Math.max(most + 1, 2 * table.length)).fill(Number.NaN);
        larger.set(table);
        table = larger;
      }
      for (let row = 0; row < rows; row++) table[keys[row]!] = values[row]!;
    },
    find: (column, rows) => {
      const keys = numbersOf(column);
      const found = new Float64Array(rows);
      for (let row = 0; row < rows; row++) {
        const key = keys[row]!;
        found[row] = key < table.length ? table[key]! : Number.NaN;
      }
      return found;
    },
  };
}

function textLookup(): Lookup {
  const table = new Map<string, number>();
  return {
    add: (column, rows, values) => {
      const text = textsOf(column);
      for (let row = 0; row < rows; row++) table.set(text(row), values[row]!);
    },
    find: byText((text) => table.get(text) ?? Number.NaN),
  };
}

interface Question {
  readonly folder: string;
  readonly other: string;
  readonly kind: string;
  readonly left: string;
  readonly right: string;
}

async function joined({ folder, other, kind, left, right }: Question): Promise<readonly number[]> {
  const lookup = right === "name" ? textLookup() : numberLookup();
  for await (const { rows, columns } of readTable(`${folder}/${other}.parquet`, [right, "v2"])) {
    lookup.add(columns[0]!, rows, numbersOf(columns[1]!));
  }
  let [matches, v1, v2] = [0, 0, 0];
  for await (const { rows, columns } of readTable(`${folder}/x.parquet`, [left, "v1"])) {
    const found = lookup.find(columns[0]!, rows);
    const values = numbersOf(columns[1]!);
    for (let row = 0; row < rows; row++) {
      const value = found[row]!;
      const isMatched = !Number.isNaN(value);
      if (!isMatched && kind === "inner") continue;
      matches++;
      v1 += values[row]!;
      if (isMatched) v2 += value;
    }
  }
  return [matches, v1, v2];
}

export const joinBaselines: Baselines = {
  join: async (params) => [await joined(params as unknown as Question)],
};
