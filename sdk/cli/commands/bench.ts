// `millrace bench`: the benchmark suite, a program of its own.

import type { Command } from "../command.ts";
import { flagOf } from "../option-values.ts";
import { benchOptions, benchVerbs } from "./bench-options.ts";

/** It ends what it measures, which takes some milliseconds, and removes its files, which may take seconds. */
const killAfterMs = 15_000;

export const benchCommand: Command = {
  spec: {
    name: "bench",
    summary: "Measures Millrace beside other engines",
    operands: `[${Object.keys(benchVerbs).join(" | ")}]`,
    takesJob: false,
    options: benchOptions,
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
    const given = Object.entries(benchOptions).flatMap(([name, { kind }]) => {
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
