// Results as lines of JSON: one about the machine, then one for each contender and row, then those of the parts beside.

import { readFileSync } from "node:fs";
import type { Row, Size } from "./workload.ts";

export interface RunHeader {
  readonly kind: "run";
  readonly startedAt: string;
  readonly commit: string;
  readonly machine: string;
  readonly node: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly size: Size;
  /** 1 in results of before there was a choice. */
  readonly tpchScale?: number;
  readonly threads: number;
  readonly runs: number;
  readonly rowSeconds: number;
  /** How long the warm-up of a row takes at least that is its only run; in older results `rowSeconds`. */
  readonly coldSeconds?: number;
  /** Limits of one run, and of all runs of a contender. */
  readonly runSeconds: number;
  readonly contenderMinutes: number;
  /** Why each contender that is not on this machine was not measured. */
  readonly absent: Readonly<Record<string, string>>;
}

export interface WorkloadLine {
  readonly kind: "workload";
  readonly workload: string;
  readonly title: string;
  readonly data: string;
  /** From the start of each contender's process until it was ready, and its version. */
  readonly starts: Readonly<Record<string, { readonly startMs: number; readonly version: string }>>;
  /** Why the whole workload was left out. */
  readonly skipped?: string;
}

export type Outcome =
  | {
      readonly kind: "measured";
      readonly tookMs: readonly number[];
      readonly peakBytes: number;
      /** The one run had no warm-up before it, since it took so long. */
      readonly isCold?: boolean;
    }
  | { readonly kind: "wrong"; readonly reason: string }
  | { readonly kind: "failed"; readonly reason: string }
  /** Stopped at the limit of a run. */
  | { readonly kind: "late"; readonly reason: string; readonly limitSeconds: number }
  | { readonly kind: "skipped"; readonly reason: string };

export interface ResultLine {
  readonly kind: "result";
  readonly workload: string;
  readonly row: string;
  readonly title: string;
  readonly contender: string;
  readonly threads: number;
  readonly inputRows?: number;
  readonly inputBytes?: number;
  readonly curve?: Row["curve"];
  readonly outcome: Outcome;
}

/** The last line, where the run came to its end. */
export interface EndLine {
  readonly kind: "end";
  readonly tookMinutes: number;
  /** Of each contender: its runs and the starts of its processes. */
  readonly spentMinutes: Readonly<Record<string, number>>;
}

/** A kernel alone, in as many threads as DuckDB has: how much each did within a second. */
export interface KernelLine {
  readonly kind: "kernel";
  readonly commit: string;
  readonly kernel: string;
  readonly unit: string;
  /** At least so many. */
  readonly aim: number;
  readonly ours: number;
  readonly duckdb: number;
}

/** A work that holds far more rows than its executor may hold. */
export interface WorkLine {
  readonly kind: "work";
  readonly commit: string;
  readonly work: string;
  readonly rows: number;
  readonly rowBytes: number;
  readonly limitBytes: number;
  /** What the peak may be at most. */
  readonly peakBytesMax: number;
  readonly peakBytes: number;
  readonly seconds: number;
  /** What is wrong with the answer, or how it failed. */
  readonly problem?: string;
}

/** Where the time of a row went, in each process and thread that did something. */
export interface ProfileLine {
  readonly kind: "profile";
  readonly commit: string;
  /** As `workload/row`. */
  readonly row: string;
  /** The time of the fastest other over ours, as measured without profilers, and who that was. */
  readonly ratio: number;
  readonly fastest: string;
  readonly wallMs: number;
  readonly threads: readonly {
    readonly name: string;
    readonly busyMs: number;
    readonly functions: readonly { readonly what: string; readonly ms: number }[];
  }[];
}

export type PartLine = KernelLine | WorkLine | ProfileLine;
export type RowLine = RunHeader | WorkloadLine | ResultLine | EndLine;
export type Line = RowLine | PartLine;

export interface Results {
  readonly header: RunHeader;
  readonly workloads: readonly WorkloadLine[];
  readonly results: readonly ResultLine[];
  /** Undefined where the run was cut short. */
  readonly end: EndLine | undefined;
  readonly kernels: readonly KernelLine[];
  readonly works: readonly WorkLine[];
  readonly profiles: readonly ProfileLine[];
}

/** Of a workload the line comes after its rows: where the run was cut short amid one, its rows are shown too. */
function unfinishedOf(lines: readonly Line[]): readonly WorkloadLine[] {
  const finished = new Set(
    lines.flatMap((line) => (line.kind === "workload" ? line.workload : [])),
  );
  const begun = new Set(lines.flatMap((line) => (line.kind === "result" ? line.workload : [])));
  return [...begun]
    .filter((workload) => !finished.has(workload))
    .map((workload) => ({
      ...{ kind: "workload", workload, title: workload, starts: {} },
      data: "Cut short, so that rows are missing",
    }));
}

export function resultsOf(lines: readonly Line[]): Results {
  const [header, ...rest] = lines;
  if (header?.kind !== "run") throw new Error("results begin with a line about the run");
  return {
    header,
    workloads: [...rest.filter((line) => line.kind === "workload"), ...unfinishedOf(rest)],
    results: rest.filter((line) => line.kind === "result"),
    end: rest.find((line) => line.kind === "end"),
    kernels: rest.filter((line) => line.kind === "kernel"),
    works: rest.filter((line) => line.kind === "work"),
    profiles: rest.filter((line) => line.kind === "profile"),
  };
}

export function readResults(path: string): Results {
  const lines = readFileSync(path, "utf8").split("\n");
  return resultsOf(
    lines.flatMap((line, at) => {
      if (line === "") return [];
      try {
        return [JSON.parse(line) as Line];
      } catch (cause) {
        throw new Error(`line ${at + 1} is not JSON`, { cause });
      }
    }),
  );
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  if (sorted.length % 2 === 1) return sorted[middle] ?? Number.NaN;
  return ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
}

export function medianMs({ outcome }: ResultLine): number | undefined {
  return outcome.kind === "measured" ? median(outcome.tookMs) : undefined;
}

export function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}
