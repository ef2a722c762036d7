// Questions about groups on one thread: keys become dense numbers, sums lie in typed arrays.

import type { Column } from "../../../../proto/batch/column.ts";
import type { Baselines } from "../baseline-types.ts";
import { numberedTexts, numbersOf } from "../column-values.ts";
import { readTable } from "../read-table.ts";
import { PairGroups, twiceAsLong } from "./pair-groups.ts";

const groupsMax = 1 << 20;
/** More than there are texts or numbers in a key that comes after another. */
const keysMax = 1024;

/** Numbers as they are, texts numbered. */
function keyReader(): (column: Column, rows: number) => ArrayLike<number> {
  const numbered = numberedTexts();
  return (column, rows) => (column.type === "int32" ? numbersOf(column) : numbered(column, rows));
}

interface Batch {
  readonly rows: number;
  /** The group of each row, below `groupsMax`. */
  readonly groups: Int32Array;
  readonly values: readonly (Float64Array | Int32Array)[];
}

/** Batches with the group of each row by one or two keys. */
async function* grouped(
  input: string,
  keys: readonly string[],
  values: readonly string[],
): AsyncGenerator<Batch> {
  const readers = keys.map(keyReader);
  for await (const { rows, columns } of readTable(input, [...keys, ...values])) {
    const [first, ...rest] = readers.map((read, at) => read(columns[at]!, rows));
    const groups = Int32Array.from(first!);
    for (const more of rest) {
      for (let row = 0; row < rows; row++) groups[row] = groups[row]! * keysMax + more[row]!;
    }
    yield { rows, groups, values: columns.slice(keys.length).map(numbersOf) };
  }
}

interface Sums {
  readonly groups: number;
  readonly counts: Float64Array;
  /** Of each value, by group. */
  readonly sums: readonly Float64Array[];
}

async function sumsOf(
  input: string,
  keys: readonly string[],
  names: readonly string[],
): Promise<Sums> {
  const counts = new Float64Array(groupsMax);
  const sums = names.map(() => new Float64Array(groupsMax));
  for await (const { rows, groups, values } of grouped(input, keys, names)) {
    for (let row = 0; row < rows; row++) counts[groups[row]!]!++;
    for (const [at, numbers] of values.entries()) {
      const sum = sums[at]!;
      for (let row = 0; row < rows; row++) sum[groups[row]!]! += numbers[row]!;
    }
  }
  return { groups: counts.filter((n) => n > 0).length, counts, sums };
}

const total = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0);

/** The sum of the means of all groups, for each value. */
function meansOf({ counts, sums }: Sums): number[] {
  return sums.map((sum) =>
    total(sum.map((value, group) => (counts[group] === 0 ? 0 : value / counts[group]!))),
  );
}

/** Median and deviation: all values of a group beside each other, and sorted. */
async function medians(input: string): Promise<readonly number[]> {
  const counts = new Int32Array(groupsMax + 1);
  const parts: { readonly groups: Int32Array; readonly numbers: Float64Array | Int32Array }[] = [];
  for await (const { rows, groups, values } of grouped(input, ["id4", "id5"], ["v3"])) {
    for (let row = 0; row < rows; row++) counts[groups[row]! + 1]!++;
    parts.push({ groups, numbers: values[0]! });
  }
  const starts = counts;
  for (let group = 0; group < groupsMax; group++) starts[group + 1]! += starts[group]!;
  const ends = starts.slice();
  const sorted = new Float64Array(starts[groupsMax]!);
  for (const { groups, numbers } of parts) {
    for (let row = 0; row < groups.length; row++) sorted[ends[groups[row]!]!++] = numbers[row]!;
  }
  let [found, median, deviation] = [0, 0, 0];
  for (let group = 0; group < groupsMax; group++) {
    const values = sorted.subarray(starts[group], starts[group + 1]);
    if (values.length === 0) continue;
    values.sort();
    found++;
    const middle = values.length >> 1;
    median +=
      values.length % 2 === 1 ? values[middle]! : (values[middle - 1]! + values[middle]!) / 2;
    if (values.length > 1) deviation += deviationOf(values);
  }
  return [found, median, deviation];
}

function deviationOf(values: Float64Array): number {
  const mean = total(values) / values.length;
  let squares = 0;
  for (let at = 0; at < values.length; at++) squares += (values[at]! - mean) ** 2;
  return Math.sqrt(squares / (values.length - 1));
}

async function ranges(input: string): Promise<readonly number[]> {
  const most = new Float64Array(groupsMax).fill(Number.NEGATIVE_INFINITY);
  const least = new Float64Array(groupsMax).fill(Number.POSITIVE_INFINITY);
  for await (const { rows, groups, values } of grouped(input, ["id3"], ["v1", "v2"])) {
    const [v1, v2] = [values[0]!, values[1]!];
    for (let row = 0; row < rows; row++) {
      const group = groups[row]!;
      if (v1[row]! > most[group]!) most[group] = v1[row]!;
      if (v2[row]! < least[group]!) least[group] = v2[row]!;
    }
  }
  const found = most.map((high, group) => high - least[group]!).filter(Number.isFinite);
  return [found.length, total(found)];
}

async function largestTwo(input: string): Promise<readonly number[]> {
  const first = new Float64Array(groupsMax).fill(Number.NEGATIVE_INFINITY);
  const second = first.slice();
  for await (const { rows, groups, values } of grouped(input, ["id6"], ["v3"])) {
    const v3 = values[0]!;
    for (let row = 0; row < rows; row++) {
      const [group, value] = [groups[row]!, v3[row]!];
      if (value <= second[group]!) continue;
      second[group] = Math.min(value, first[group]!);
      if (value > first[group]!) first[group] = value;
    }
  }
  const [most, next] = [first, second].map((each) => each.filter(Number.isFinite));
  return [most!.length + next!.length, total(most!) + total(next!)];
}

async function regressions(input: string): Promise<readonly number[]> {
  const sum = (): Float64Array => new Float64Array(groupsMax);
  const [counts, sums1, sums2, squares1, squares2, products] = [
    ...[sum(), sum(), sum()],
    ...[sum(), sum(), sum()],
  ] as const;
  for await (const { rows, groups, values } of grouped(input, ["id2", "id4"], ["v1", "v2"])) {
    const [v1, v2] = [values[0]!, values[1]!];
    for (let row = 0; row < rows; row++) {
      const [group, a, b] = [groups[row]!, v1[row]!, v2[row]!];
      counts[group]!++;
      sums1[group]! += a;
      sums2[group]! += b;
      squares1[group]! += a * a;
      squares2[group]! += b * b;
      products[group]! += a * b;
    }
  }
  let [found, total] = [0, 0];
  for (let group = 0; group < groupsMax; group++) {
    const [n, a, b] = [counts[group]!, sums1[group]!, sums2[group]!];
    if (n === 0) continue;
    found++;
    const spread = (n * squares1[group]! - a * a) * (n * squares2[group]! - b * b);
    total += (n * products[group]! - a * b) ** 2 / spread;
  }
  return [found, total];
}

/** Six keys fit two whole numbers: 7, 7 and 17 bits each. */
async function bySixKeys(input: string): Promise<readonly number[]> {
  const names = ["id1", "id2", "id3", "id4", "id5", "id6"];
  const readers = names.map(keyReader);
  const groups = new PairGroups();
  let sums = new Float64Array(1 << 16);
  let counts = new Int32Array(1 << 16);
  for await (const { rows, columns } of readTable(input, [...names, "v3"])) {
    const [id1, id2, id3, id4, id5, id6] = readers.map((read, at) => read(columns[at]!, rows));
    const v3 = numbersOf(columns[6]!);
    for (let row = 0; row < rows; row++) {
      const first = (id1![row]! << 24) | (id2![row]! << 17) | id3![row]!;
      const second = (id4![row]! << 24) | (id5![row]! << 17) | id6![row]!;
      const group = groups.of(first, second);
      if (group === sums.length) {
        sums = twiceAsLong(sums);
        counts = twiceAsLong(counts);
      }
      sums[group]! += v3[row]!;
      counts[group]!++;
    }
  }
  return [groups.size, total(sums), counts.reduce((sum, count) => sum + count, 0)];
}

type Ask = (input: string) => Promise<readonly number[]>;

const sumsBy =
  (keys: readonly string[], values: readonly string[]): Ask =>
  async (input) => {
    const found = await sumsOf(input, keys, values);
    return [found.groups, ...found.sums.map(total)];
  };

const questions: Readonly<Record<string, Ask>> = {
  q1: sumsBy(["id1"], ["v1"]),
  q2: sumsBy(["id1", "id2"], ["v1"]),
  q3: async (input) => {
    const found = await sumsOf(input, ["id3"], ["v1", "v3"]);
    return [found.groups, total(found.sums[0]!), meansOf(found)[1]!];
  },
  q4: async (input) => {
    const found = await sumsOf(input, ["id4"], ["v1", "v2", "v3"]);
    return [found.groups, ...meansOf(found)];
  },
  q5: sumsBy(["id6"], ["v1", "v2", "v3"]),
  q6: medians,
  q7: ranges,
  q8: largestTwo,
  q9: regressions,
  q10: bySixKeys,
};

export const groupByBaselines: Baselines = Object.fromEntries(
  Object.entries(questions).map(([name, ask]) => [
    name,
    async ({ input }) => [await ask(String(input))],
  ]),
);
