// Least, greatest and summed temperature of 400 weather stations, from ten million lines of CSV.

import { float64Type, utf8Type } from "../../../proto/plan/types.ts";
import { type Kernel, nextRandom } from "./kernel.ts";
import { linesOf, scanPart, sharedText, totalsOf } from "./scanned-file.ts";

const head = "station;temperature";
const column = (name: string) => ({ kind: "column", name }) as const;
const schema = {
  fields: [
    { name: "station", type: utf8Type, nullable: true },
    { name: "temperature", type: float64Type, nullable: true },
  ],
};
const program = {
  kind: "columns",
  node: 0,
  format: "csv",
  options: { schema, delimiter: ";" },
} as const;
const functions = ["min", "max", "sum"] as const;
const groups = {
  keys: [{ name: "station", expr: column("station") }],
  aggregates: functions.map((name) => ({
    name,
    call: { function: name, args: [column("temperature")], distinct: false },
  })),
};

/** One number of all that was found. */
const answerOf = (sum: number, least: number, most: number): number =>
  sum + 1000 * least + 1_000_000 * most;

export const kernelOf = (rows: number): Kernel => ({
  aim: 250,
  counted: "bytes",
  make: (threads) => ({
    bytes: sharedText(`${head}\n`, rows, () => {
      const station = nextRandom() % 400;
      return `Station ${"of some place".slice(0, station % 13)}${station};${((nextRandom() % 1999) - 999) / 10}`;
    }),
    answers: new SharedArrayBuffer(8 * 3 * threads),
  }),
  steps: (shared, thread, threads) => [
    async () => {
      const part = [thread, threads] as const;
      const found = await scanPart(new Uint8Array(shared.bytes!), part, program, groups);
      const { sum } = totalsOf(found, "sum");
      const totals = [sum, totalsOf(found, "min").least, totalsOf(found, "max").most];
      new Float64Array(shared.answers!).set(totals, 3 * thread);
    },
  ],
  answer: (shared) => {
    const answers = new Float64Array(shared.answers!);
    const each = (at: number) => answers.filter((_, i) => i % 3 === at);
    const sum = each(0).reduce((all, own) => all + own, 0);
    return answerOf(sum, Math.min(...each(1)), Math.max(...each(2)));
  },
  plain: (shared) => {
    const values = linesOf(shared.bytes!)
      .slice(1)
      .map((line) => Number(line.split(";")[1]));
    const sum = values.reduce((all, own) => all + own, 0);
    return answerOf(sum, Math.min(...values), Math.max(...values));
  },
  duck: {
    tables: [],
    file: "bytes",
    query:
      "select sum(s) + 1000 * min(l) + 1000000 * max(m) from (select sum(temperature) as s, " +
      "min(temperature) as l, max(temperature) as m from read_csv('$file', delim = ';', header = true, " +
      "columns = {station: 'VARCHAR', temperature: 'DOUBLE'}) group by station)",
  },
});
