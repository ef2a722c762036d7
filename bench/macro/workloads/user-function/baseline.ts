// The function on one thread, in a loop over typed arrays.

import type { Baselines } from "../baseline-types.ts";
import { numbersOf } from "../column-values.ts";
import { readTable } from "../read-table.ts";

function scramble(value: number): number {
  let state = value | 0;
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) % 1000;
}

async function opaque(input: string): Promise<readonly number[]> {
  let [total, least, most] = [0, Infinity, -Infinity];
  for await (const { rows, columns } of readTable(input, ["key"])) {
    const keys = numbersOf(columns[0]!);
    for (let row = 0; row < rows; row++) {
      const value = scramble(keys[row]!);
      total += value;
      if (value < least) least = value;
      if (value > most) most = value;
    }
  }
  return [total, least, most];
}

export const userFunctionBaselines: Baselines = {
  opaque: async ({ input }) => [await opaque(String(input))],
};
