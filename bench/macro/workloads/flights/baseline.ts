// Questions about flights on one thread: airports become dense numbers, sums lie in typed arrays.

import { readFileSync } from "node:fs";
import { isValid } from "../../../../proto/batch/column.ts";
import type { Baselines } from "../baseline-types.ts";
import { byText, numbersOf } from "../column-values.ts";
import { readTable, rowsIn } from "../read-table.ts";

const hours = 24;
const microsecondsPerHour = 3_600_000_000;
const airportsMax = 512;

async function delayByHour(input: string): Promise<unknown> {
  const counts = new Float64Array(hours);
  const delays = new Float64Array(hours);
  const known = new Float64Array(hours);
  for await (const { rows, columns } of readTable(input, ["date", "delay"])) {
    const [dates, late] = columns;
    const [at, delay] = [numbersOf(dates!), numbersOf(late!)];
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

/** Numbers airports from 0 on. */
class Airports {
  readonly codes: string[] = [];
  readonly #numbers = new Map<string, number>();

  numberOf(code: string): number {
    const known = this.#numbers.get(code);
    if (known !== undefined) return known;
    this.#numbers.set(code, this.codes.length);
    return this.codes.push(code) - 1;
  }
}

/** The first two fields of each line; the second may be quoted. */
function airportNames(path: string): Map<string, string> {
  const [, ...lines] = readFileSync(path, "utf8").trimEnd().split("\n");
  return new Map(
    lines.map((line): [string, string] => {
      const [, code = "", quoted, plain = ""] =
        /^([^,]*),(?:"((?:[^"]|"")*)"|([^,]*))/.exec(line) ?? [];
      return [code, quoted?.replaceAll('""', '"') ?? plain];
    }),
  );
}

async function busiest(input: string, airportsPath: string): Promise<unknown> {
  const airports = new Airports();
  const numbered = byText((code) => airports.numberOf(code));
  const counts = new Float64Array(airportsMax);
  const late = new Float64Array(airportsMax);
  for await (const { rows, columns } of readTable(input, ["origin", "delay"])) {
    const origins = numbered(columns[0]!, rows);
    const delays = numbersOf(columns[1]!);
    for (let row = 0; row < rows; row++) {
      counts[origins[row]!]!++;
      if (delays[row]! > 15 && isValid(columns[1]!, row)) late[origins[row]!]!++;
    }
  }
  const names = airportNames(airportsPath);
  return airports.codes
    .map((code, at) => ({ code, name: names.get(code), count: counts[at]!, late: late[at]! }))
    .filter(({ name }) => name !== undefined)
    .sort((a, b) => b.count - a.count || (a.code < b.code ? -1 : 1))
    .slice(0, 10)
    .map(({ code, name, count, late: many }) => [code, name, count, many]);
}

async function busiestRoutes(input: string): Promise<unknown> {
  const airports = new Airports();
  const numbered = byText((code) => airports.numberOf(code));
  const arrays = (): Float64Array => new Float64Array(airportsMax * airportsMax);
  const [counts, delays, known] = [arrays(), arrays(), arrays()];
  const names = ["origin", "destination", "distance", "delay"];
  for await (const { rows, columns } of readTable(input, names)) {
    const [from, to] = [numbered(columns[0]!, rows), numbered(columns[1]!, rows)];
    const [distances, late] = [numbersOf(columns[2]!), numbersOf(columns[3]!)];
    for (let row = 0; row < rows; row++) {
      if (distances[row]! <= 1000 || !isValid(columns[2]!, row)) continue;
      const route = from[row]! * airportsMax + to[row]!;
      counts[route]!++;
      if (!isValid(columns[3]!, row)) continue;
      delays[route]! += late[row]!;
      known[route]!++;
    }
  }
  let [routes, flights, delay] = [0, 0, 0];
  for (let from = 0; from < airportsMax; from++) {
    const own = counts.subarray(from * airportsMax, (from + 1) * airportsMax);
    const most = Math.max(...own);
    for (let to = 0; most > 0 && to < airportsMax; to++) {
      if (own[to] !== most) continue;
      routes++;
      flights += most;
      delay += delays[from * airportsMax + to]! / known[from * airportsMax + to]!;
    }
  }
  return [[routes, flights, delay]];
}

export const flightsBaselines: Baselines = {
  count: async ({ flights }) => [[await rowsIn(String(flights))]],
  hours: ({ flights }) => delayByHour(String(flights)),
  busiest: ({ flights, airports }) => busiest(String(flights), String(airports)),
  routes: ({ flights }) => busiestRoutes(String(flights)),
};
