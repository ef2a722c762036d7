// What the report says of results, and what two results say of each other.

import { expect, test } from "vitest";
import { aimsTable } from "./aims.ts";
import { comparisonText } from "./compare-results.ts";
import { curvePlot } from "./curve-plot.ts";
import { reportText } from "./markdown.ts";
import { originOf } from "./plot-origin.ts";
import { ratioPlot } from "./ratio-plot.ts";
import { logScale } from "./svg.ts";
import { line, someResults } from "./testing/some-results.ts";

const page = (name: string): string => name;
const origin = { line: "a machine, seed 7", description: "DuckDB 1.4 & more" };

const results = someResults([
  line("q1", "millrace", [100, 110, 90]),
  line("q1", "spark", [1000, 1100, 900]),
  line("q1", "duckdb", [20, 21, 22]),
  line("q2", "millrace", [200]),
  line("q2", "spark", [2000]),
  line("q2", "duckdb", { kind: "wrong", reason: "1 rows, not 2" }),
  line("q2", "ray", { kind: "late", reason: "a run took too long", limitSeconds: 45 }),
]);

test("cells say the median, the ratio to ours, the range, runs and memory", () => {
  const text = reportText(results, new Map([["tpch", ["results/tpch.svg"]]]), page);
  expect(text).toContain("| query q1 | 100 ms<br>90 ms–110 ms, n=3, 500 MB |");
  expect(text).toContain("| 21 ms 0.21 ×<br>20 ms–22 ms, n=3, 500 MB | 1.00 s 10.0 ×<br>");
  expect(text).toContain("**wrong**");
  expect(text).toContain("- DuckDB: wrong, 1 rows, not 2 (q2)");
  expect(text).toContain("| > 45 s |");
  expect(text).toContain("- Ray Data: late, a run took too long (q2)");
  expect(text).toContain("- skale: not installed");
  expect(text).toContain("took 12.5 minutes, of which in starts and runs: Millrace 2.1, Spark 8");
  expect(text).toContain("Start-up, not in the times: Spark 4.20 s.");
  expect(text).toContain("![TPC-H](results/tpch.svg)");
});

test("a summary has the mean ratio of each workload and contender, and says of how many rows", () => {
  const text = reportText(results, new Map(), page);
  expect(text).toContain("| TPC-H | 0.21 × (1 of 2 rows) | 10.0 × |  |");
});

test("aims are held against what was found, and misses are named", () => {
  const text = aimsTable(results);
  expect(text).toContain("| TPC-H | spark | ≥ 8 × | 10.0 × (mean) | yes |");
  expect(text).toContain(
    "| TPC-H | the better of duckdb, polars | ≥ 0.5 × | 0.21 × (mean) | **no** |",
  );
  const slow = someResults([line("q1", "millrace", [100]), line("q1", "spark", [300])]);
  expect(aimsTable(slow)).toContain("**no**, 1 of 1: tpch/q1 3.00 ×");
});

test("an aim at a mean is met by rows that are warm, and says how many of them are cold", () => {
  const cold = { kind: "measured", tookMs: [9000], peakBytes: 5e8, isCold: true } as const;
  const mixed = someResults([
    ...[line("q1", "millrace", [100]), line("q1", "spark", [600])],
    ...[line("q2", "millrace", [100]), line("q2", "spark", cold)],
  ]);
  expect(aimsTable(mixed)).toContain(
    "| TPC-H | spark | ≥ 8 × | 23.2 × (mean); 6.00 × of the 1 of 2 rows that are warm | **no** |",
  );
  const onlyCold = someResults([line("q2", "millrace", [100]), line("q2", "spark", cold)]);
  expect(aimsTable(onlyCold)).toContain("| TPC-H | spark | ≥ 8 × | 90.0 × (mean), cold | yes |");
});

test("kernels, works and profiles are told with what was wanted of them", () => {
  const commit = "abc1234";
  const kernel = { kind: "kernel", commit, unit: "M rows/s", ours: 60, duckdb: 90 } as const;
  const work = { kind: "work", commit, rows: 2e6, rowBytes: 100, limitBytes: 4e8 } as const;
  const limits = { peakBytesMax: 5e8, seconds: 12 };
  const text = reportText(
    {
      ...results,
      kernels: [
        { ...kernel, kernel: "group", aim: 50 },
        { ...kernel, kernel: "sort", aim: 70 },
      ],
      works: [
        { ...work, ...limits, work: "join", peakBytes: 4.4e8 },
        { ...work, ...limits, work: "sort", peakBytes: 6e8, problem: "line 7 is 8\nand more" },
      ],
      profiles: [
        {
          kind: "profile",
          ...{ commit: "later", row: "tpch/q1", ratio: 0.25, fastest: "duckdb", wallMs: 80 },
          threads: [
            { name: "executor-17-thread-2", busyMs: 60, functions: [{ what: "<add>", ms: 30 }] },
            { name: "main-16-thread-0", busyMs: 2, functions: [] },
          ],
        },
      ],
    },
    new Map(),
    page,
  );
  expect(text).toContain("| group | 60.0 M rows/s | ≥ 50 | yes | 90.0 |");
  expect(text).toContain("| sort | 60.0 M rows/s | ≥ 70 | **no** | 90.0 |");
  expect(text).toContain("| 2.0 M | 200 MB | 400 MB | 440 MB | 1.10 × | yes | 12.0 s | right |");
  expect(text).toContain("| 600 MB | 1.50 × | **no** | 12.0 s | **wrong** |");
  expect(text).toContain("- sort: line 7 is 8\n");
  expect(text).toContain("Measured at later.");
  expect(text).toContain("DuckDB takes 0.25 × of our time; 80 ms under the profilers.");
  expect(text).toContain("| executor, thread 2 | 60 ms | &lt;add> 50 % |");
  expect(text).not.toContain("main, thread 0");
});

test("a comparison tells changes from noise", () => {
  const later = someResults([
    line("q1", "millrace", [50, 55, 45]),
    line("q1", "spark", [950, 1050, 1000]),
    line("q2", "millrace", { kind: "failed", reason: "lost" }),
  ]);
  const text = comparisonText(results, later);
  expect(text).toContain("| tpch/q1 | Millrace | 100 ms | 50 ms | -50 % |");
  expect(text).toContain("| tpch/q1 | Spark | 1.00 s | 1.00 s | 0 % (within noise) |");
  expect(text).toContain("| tpch/q2 | Millrace | measured | failed | |");
  expect(text).toContain("- Millrace: 0.50 × of the earlier time (geometric mean of 1 rows)");
  expect(text).toContain("1 faster, 0 slower, 0 that cannot be told from noise");
});

test("a comparison says where two results were not measured alike, or too seldom", () => {
  const once = (ms: number) => someResults([line("q1", "millrace", [ms])]);
  const later = once(10);
  const smaller = { ...later, header: { ...later.header, size: "smoke" as const } };
  const text = comparisonText(once(20), smaller);
  expect(text).toContain("**Not measured alike**: size full and smoke.");
  expect(text).toContain("| -50 % (too few runs to tell) |");
  const larger = { ...later, header: { ...later.header, tpchScale: 10 } };
  expect(comparisonText(once(20), larger)).toContain("**Not measured alike**: tpchScale 1 and 10.");
  const other = someResults([line("q3", "millrace", [1])]);
  expect(comparisonText(once(20), other)).toContain("no row of the same contender in common");
});

test("plots have a mark for each ratio and each point", () => {
  const plot = ratioPlot("TPC-H", results.results, origin) ?? "";
  // Three ratios, the ring of one that was stopped, and the three names of the legend.
  expect(plot.match(/<circle/g)).toHaveLength(7);
  expect(plot).toContain("<title>Ray Data: over 225 ×</title>");
  expect(ratioPlot("TPC-H", [line("q1", "millrace", [1])], origin)).toBeUndefined();
  const points = [10, 100].map((at) => ({
    ...line(`size-${at}`, "millrace", [at]),
    curve: { name: "sizes", along: "MB", at },
  }));
  const curve = curvePlot("sizes", points, origin) ?? "";
  expect(curve.match(/<circle/g)).toHaveLength(3);
  expect(curve).toContain(">MB; up: median time");
  for (const drawn of [plot, curve]) {
    expect(drawn).toContain("<desc>DuckDB 1.4 &amp; more</desc>");
    expect(drawn).toContain(">a machine, seed 7</text>");
  }
});

test("a plot says where its figures are from: machine, day, seeds, versions", () => {
  const { header, workloads } = results;
  const data = "words by Zipf's law, seed 1; keys, seed 4, and more with seed 1";
  const { line: foot, description } = originOf(header, { ...workloads[0]!, data });
  const machine = "a machine, 2 cores, Node v20.19.0, 2026-01-02, commit abc1234";
  expect(foot).toBe(`${machine}, seed 1 and 4`);
  expect(description).toBe(
    `Millrace's benchmark suite. ${machine}. 2 threads each. ${data}. Spark 4.3.0.`,
  );
  const smoke = originOf({ ...header, size: "smoke" }, workloads[0]!);
  expect(smoke.line).toBe(`${machine}, size smoke`);
});

test("a scale of logarithms keeps order and shows round numbers", () => {
  const { place, ticks } = logScale([0.3, 40], 0, 100);
  expect(ticks).toEqual([0.2, 0.5, 1, 2, 5, 10, 20, 50]);
  expect(place(0.3)).toBeGreaterThan(0);
  expect(place(0.3)).toBeLessThan(place(1));
  expect(place(40)).toBeLessThan(100);
});

test.each([
  [
    [600, 850],
    [500, 1000],
  ],
  [[7], [5, 10]],
  [[1], [1, 2]],
  [
    [0.001, 4000],
    [0.001, 0.01, 0.1, 1, 10, 100, 1000, 10_000],
  ],
])("a scale over %j has ticks around all of it", (values, ticks) => {
  expect(logScale(values, 0, 100).ticks).toEqual(ticks);
});
