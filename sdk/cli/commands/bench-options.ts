// The options of the benchmark suite: `millrace bench` has them and hands them on, its own program reads them.

import type { OptionSpec } from "../arguments.ts";

export const benchOptions = {
  size: {
    kind: "value",
    value: "full|smoke",
    describe: "Smoke runs everything on little data, in some minutes (default full)",
  },
  "tpch-scale": {
    kind: "value",
    value: "F",
    describe: "Scale of TPC-H's tables in a full run: 1 is a gigabyte of text (default 1)",
  },
  only: {
    kind: "value",
    value: "NAMES",
    describe: "Rows or workloads, between commas: word-count,tpch/q1",
  },
  contenders: {
    kind: "value",
    value: "NAMES",
    describe: "Between commas (default all there are): millrace,baseline,duckdb",
  },
  runs: {
    kind: "value",
    value: "N",
    describe: "Counted runs of each contender and row, after one warm-up (default 5)",
  },
  "row-seconds": {
    kind: "value",
    value: "S",
    describe: "Once a contender spent so long on a row it gets no more runs of it (default 5)",
  },
  "run-seconds": {
    kind: "value",
    value: "S",
    describe: "A run that takes longer is stopped, and the table says so (default 45)",
  },
  "contender-minutes": {
    kind: "value",
    value: "M",
    describe: "Of all its runs; rows after that are left out, and the table says so (default 12)",
  },
  threads: { kind: "value", value: "N", describe: "Of each contender (default 2)" },
  out: {
    kind: "value",
    value: "FOLDER",
    describe: "For results.jsonl, report.md and plots (default bench-results/ in the cache)",
  },
  compare: { kind: "value", value: "FILE", describe: "An earlier results.jsonl to compare with" },
  report: {
    kind: "value",
    value: "FILE",
    describe: "Measures no rows: reports on a results.jsonl again",
  },
  parts: {
    kind: "value",
    value: "NAMES",
    describe: "Measured after the rows, or added to those of --report: memory, profiles, kernels",
  },
  publish: {
    kind: "flag",
    describe: "In the project's repository: replaces bench/RESULTS.md by a full run with all parts",
  },
  profile: {
    kind: "flag",
    describe: "Profiles our processes instead of measuring: CPU, heap, and where time went",
  },
  folder: {
    kind: "value",
    value: "FOLDER",
    describe: "For generated data (default ~/.cache/millrace/bench)",
  },
} as const satisfies Readonly<Record<string, OptionSpec>>;

export type BenchOption = keyof typeof benchOptions;

/** What it does instead of measuring. */
export const benchVerbs = {
  list: "lists all rows of --size, without making their data",
  peers: "says who can be measured on this machine",
  "peers install": "makes the environment of the peers (Python packages, skale)",
} as const;
