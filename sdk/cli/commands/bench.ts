// `millrace bench`: the benchmark suite, a program of its own.

import type { Command } from "../command.ts";
import { flagOf } from "../option-values.ts";

/** It ends what it measures, which takes some milliseconds, and removes its files, which may take seconds. */
const killAfterMs = 15_000;

const options = {
  size: { kind: "value", value: "SIZE", describe: "full or smoke: everything on little data" },
  only: { kind: "value", value: "NAMES", describe: "Workloads or rows, between commas" },
  contenders: {
    kind: "value",
    value: "NAMES",
    describe: "Between commas (default: all there are)",
  },
  runs: { kind: "value", value: "N", describe: "Counted runs of each row (default 5)" },
  "row-seconds": {
    kind: "value",
    value: "S",
    describe: "A contender that spent so long on a row gets no more runs of it",
  },
  "run-seconds": {
    kind: "value",
    value: "S",
    describe: "A run that takes longer is stopped, and the table says so (default 45)",
  },
  "contender-minutes": {
    kind: "value",
    value: "M",
    describe: "Of all its runs; rows after that are left out (default 12)",
  },
  threads: { kind: "value", value: "N", describe: "Of each contender (default 2)" },
  out: { kind: "value", value: "FOLDER", describe: "For results, report and plots" },
  compare: { kind: "value", value: "FILE", describe: "Earlier results.jsonl to compare with" },
  report: { kind: "value", value: "FILE", describe: "Reports on a results.jsonl again" },
  folder: { kind: "value", value: "FOLDER", describe: "For generated data" },
  profile: { kind: "flag", describe: "Profiles our processes instead of measuring" },
} as const;

export const benchCommand: Command = {
  spec: {
    name: "bench",
    summary: "Measures Millrace beside other engines",
    operands: "[list | peers | peers install]",
    takesJob: false,
    options,
    examples: [
      ["millrace bench --size smoke", "everything on little data, in some minutes"],
      [
        "millrace bench peers install",
        "makes the environment of Spark, DuckDB, Polars, Dask and Ray",
      ],
      ["millrace bench --only word-count,tpch/q1 --contenders millrace,duckdb", "some rows of two"],
    ],
  },
  run: async (world, { values, operands }) => {
    const given = Object.entries(options).flatMap(([name, { kind }]) => {
      if (kind === "flag") return flagOf(values, name) ? [`--${name}`] : [];
      // An empty one too: it is the suite that refuses it.
      const value = values[name];
      return typeof value === "string" ? [`--${name}=${value}`] : [];
    });
    const stop = new AbortController();
    const interrupted = world.interrupted().then((exitCode) => {
      stop.abort();
      return exitCode;
    });
    const program = { environment: {}, signal: stop.signal, killAfterMs, hasChannel: true };
    const exitCode = await world.runBench([...operands, ...given], program);
    return stop.signal.aborted ? await interrupted : exitCode;
  },
};
