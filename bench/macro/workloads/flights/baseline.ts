// Flights by hour on one thread.

import { isValid } from "../../../../proto/batch/column.ts";
import type { Baselines } from "../baseline-types.ts";
import { wordsOf } from "../column-values.ts";
import { readTable } from "../read-table.ts";

const hours = 24;
const microsecondsPerHour = 3_600_000_000;

async function delayByHour(input: string): Promise<unknown> {
  const counts = new Float64Array(hours);
  const delays = new Float64Array(hours);
  const known = new Float64Array(hours);
  for await (const { rows, columns } of readTable(input, ["date", "delay"])) {
    const [dates, late] = columns;
    const [at, delay] = [wordsOf(dates!), wordsOf(late!)];
    for (let row = 0; row < rows; row++) {
      const hour = Math.floor(at[row]! / microsecondsPerHour) % hours;
      counts[hour]!++;
      if (!isValid(late!, row)) continue;
      delays[hour]! += delay[row]!;
      known[hour]!++;
    }
  }
  return [...counts.keys()]
    .filter((hour) => counts[hour]! > 0)
    .map((hour) => [hour, counts[hour], delays[hour]! / known[hour]!]);
}

export const flightsBaselines: Baselines = {
  hours: ({ flights }) => delayByHour(String(flights)),
};
