// Questions about groups on one thread: keys become dense numbers, sums lie in typed arrays.

import type { Column } from "../../../../proto/batch/column.ts";
import type { Baselines } from "../baseline-types.ts";
import { textAt } from "../column-values.ts";
import { numbersOf, readTable } from "../read-table.ts";

const groupsMax = 1 << 20;

interface Sums {
  readonly groups: number;
  readonly counts: Float64Array;
  /** For each value column: its sum, least and most in each group. */
  readonly sums: readonly Float64Array[];
  readonly least: readonly Float64Array[];
  readonly most: readonly Float64Array[];
}

/** Texts by what they are, each with a number; of a dictionary each text is looked up once a batch. */
class Numbering {
  readonly #numbers = new Map<string, number>();

  of(column: Column, rows: number): Int32Array | Float64Array {
    if (column.type === "int32") return column.values;
    const found = new Int32Array(rows);
    if (column.type === "dictionary") {
      const known = new Int32Array(column.dictionary.length).fill(-1);
      for (let row = 0; row < rows; row++) {
        const code = column.codes[row]!;
        if (known[code] === -1) known[code] = this.#numberOf(textAt(column, row));
        found[row] = known[code]!;
      }
      return found;
    }
    for (let row = 0; row < rows; row++) found[row] = this.#numberOf(textAt(column, row));
    return found;
  }

  #numberOf(text: string): number {
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    this.#numbers.set(text, this.#numbers.size + 1);
    return this.#numbers.size;
  }
}

const secondKeys = 1024;

async function group(
  input: string,
  keys: readonly string[],
  values: readonly string[],
): Promise<Sums> {
  const numberings = keys.map(() => new Numbering());
  const arrays = (fill: number): Float64Array[] =>
    values.map(() => new Float64Array(groupsMax).fill(fill));
  const counts = new Float64Array(groupsMax);
  const [sums, least, most] = [arrays(0), arrays(Infinity), arrays(-Infinity)];
  for await (const { rows, columns } of readTable(input, [...keys, ...values])) {
    const ids = keys.map((_, at) => numberings[at]!.of(columns[at]!, rows));
    const slots = Int32Array.from(ids[0]!);
    for (const more of ids.slice(1)) {
      for (let row = 0; row < rows; row++) slots[row] = slots[row]! * secondKeys + more[row]!;
    }
    for (let row = 0; row < rows; row++) counts[slots[row]!]!++;
    for (const [at] of values.entries()) {
      const numbers = numbersOf(columns[keys.length + at]!);
      const [sum, low, high] = [sums[at]!, least[at]!, most[at]!];
      for (let row = 0; row < rows; row++) {
        const slot = slots[row]!;
        const value = numbers[row]!;
        sum[slot]! += value;
        if (value < low[slot]!) low[slot] = value;
        if (value > high[slot]!) high[slot] = value;
      }
    }
  }
  return { groups: counts.filter((n) => n > 0).length, counts, sums, least, most };
}

const total = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0);

function meansOf({ counts, sums }: Sums): number[] {
  return sums.map((sum) =>
    total(sum.map((value, slot) => (counts[slot] === 0 ? 0 : value / counts[slot]!))),
  );
}

type Ask = (input: string) => Promise<readonly number[]>;

const sumsBy =
  (keys: readonly string[], values: readonly string[]): Ask =>
  async (input) => {
    const found = await group(input, keys, values);
    return [found.groups, ...found.sums.map(total)];
  };

const questions: Readonly<Record<string, Ask>> = {
  q1: sumsBy(["id1"], ["v1"]),
  q2: sumsBy(["id1", "id2"], ["v1"]),
  q3: async (input) => {
    const found = await group(input, ["id3"], ["v1", "v3"]);
    return [found.groups, total(found.sums[0]!), meansOf(found)[1]!];
  },
  q4: async (input) => {
    const found = await group(input, ["id4"], ["v1", "v2", "v3"]);
    return [found.groups, ...meansOf(found)];
  },
  q5: sumsBy(["id6"], ["v1", "v2", "v3"]),
  q7: async (input) => {
    const { groups, counts, least, most } = await group(input, ["id3"], ["v1", "v2"]);
    let range = 0;
    for (let slot = 0; slot < counts.length; slot++) {
      if (counts[slot]! > 0) range += most[0]![slot]! - least[1]![slot]!;
    }
    return [groups, range];
  },
};

export const groupByBaselines: Baselines = Object.fromEntries(
  Object.entries(questions).map(([name, ask]) => [
    name,
    async ({ input }) => [await ask(String(input))],
  ]),
);
