// Sums, a join and a sort on one thread: typed arrays indexed by the dense keys, and the typed array's own sort.

import type { Baselines } from "../baseline-types.ts";
import { numbersOf } from "../column-values.ts";
import { readTable } from "../read-table.ts";
import { doubles, writeTable } from "../write-table.ts";

async function sums(input: string, by: string): Promise<readonly number[]> {
  let values = new Float64Array(1024);
  let weights = new Float64Array(1024);
  let seen = new Uint8Array(1024);
  for await (const { rows, columns } of readTable(input, [by, "value", "weight"])) {
    const [keys, value, weight] = columns.map(numbersOf);
    let largest = 0;
    for (let row = 0; row < rows; row++) largest = Math.max(largest, keys![row]!);
    if (largest >= values.length) {
      const size = 2 ** Math.ceil(Math.log2(largest + 1));
      const grown = <A extends Float64Array | Uint8Array>(from: A, to: A): A => {
        to.set(from);
        return to;
      };
      values = grown(values, new Float64Array(size));
      weights = grown(weights, new Float64Array(size));
      seen = grown(seen, new Uint8Array(size));
    }
    for (let row = 0; row < rows; row++) {
      const key = keys![row]!;
      values[key]! += value![row]!;
      weights[key]! += weight![row]!;
      seen[key] = 1;
    }
  }
  return summary(values, weights, seen);
}

function summary(values: Float64Array, weights: Float64Array, seen: Uint8Array): readonly number[] {
  let groups = 0;
  let value = 0;
  let weight = 0;
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (let key = 0; key < seen.length; key++) {
    if (seen[key] === 0) continue;
    groups++;
    value += values[key]!;
    weight += weights[key]!;
    least = Math.min(least, values[key]!);
    most = Math.max(most, values[key]!);
  }
  return [groups, value, weight, least, most];
}

async function joinAndSum(facts: string, dimension: string): Promise<readonly number[]> {
  const factors: number[] = [];
  for await (const { rows, columns } of readTable(dimension, ["key", "factor"])) {
    const [keys, factor] = columns.map(numbersOf);
    for (let row = 0; row < rows; row++) factors[keys![row]!] = factor![row]!;
  }
  const table = Float64Array.from(factors);
  let matched = 0;
  let total = 0;
  for await (const { rows, columns } of readTable(facts, ["key", "value"])) {
    const [keys, value] = columns.map(numbersOf);
    for (let row = 0; row < rows; row++) {
      const key = keys![row]!;
      if (key >= table.length) continue;
      matched++;
      total += value![row]! * table[key]!;
    }
  }
  return [matched, total];
}

async function sortDoubles(input: string, output: string): Promise<void> {
  const parts: Float64Array[] = [];
  for await (const { columns } of readTable(input, ["number"])) {
    parts.push(Float64Array.from(numbersOf(columns[0]!)));
  }
  const all = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  all.sort();
  await writeTable(output, all.length, (from, to) => [doubles("number", all.subarray(from, to))]);
}

export const columnsBaselines: Baselines = {
  sums: async ({ input, by }) => [await sums(String(input), String(by))],
  join: async ({ facts, dimension }) => [await joinAndSum(String(facts), String(dimension))],
  sort: ({ input }, output) => sortDoubles(String(input), output),
};
