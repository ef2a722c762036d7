// Results as a run might have them, for tests of what is made of them.

import type { Outcome, ResultLine, Results } from "../../protocol/results.ts";

/** `times`: milliseconds of runs by contender, or why there are none. */
export function line(
  row: string,
  contender: string,
  times: readonly number[] | Outcome,
): ResultLine {
  const outcome: Outcome = Array.isArray(times)
    ? { kind: "measured", tookMs: times, peakBytes: 5e8 }
    : (times as Outcome);
  return {
    kind: "result",
    workload: "tpch",
    row,
    title: `query ${row}`,
    contender,
    threads: 2,
    outcome,
  };
}

export function someResults(results: readonly ResultLine[]): Results {
  return {
    header: {
      kind: "run",
      startedAt: "2026-01-02T03:04:05.000Z",
      commit: "abc1234",
      machine: "a machine",
      node: "v20.19.0",
      cores: 2,
      memoryBytes: 16e9,
      size: "full",
      threads: 2,
      runs: 5,
      rowSeconds: 12,
      runSeconds: 45,
      contenderMinutes: 10,
      absent: { skale: "not installed" },
    },
    workloads: [
      {
        kind: "workload",
        workload: "tpch",
        title: "TPC-H",
        data: "Scale factor 1",
        starts: { spark: { startMs: 4200, version: "4.3.0" } },
      },
    ],
    results,
    end: { kind: "end", tookMinutes: 12.5, spentMinutes: { millrace: 2.1, spark: 8 } },
    kernels: [],
    works: [],
    profiles: [],
  };
}
