// Results as lines of JSON: one about the machine, then one for each contender and row.

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
  readonly threads: number;
  readonly runs: number;
  readonly rowSeconds: number;
  /** Bytes that the process of each absent contender would have needed: why it was not measured. */
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

export type Line = RunHeader | WorkloadLine | ResultLine;

export interface Results {
  readonly header: RunHeader;
  readonly workloads: readonly WorkloadLine[];
  readonly results: readonly ResultLine[];
}

export function resultsOf(lines: readonly Line[]): Results {
  const [header, ...rest] = lines;
  if (header?.kind !== "run") throw new Error("results begin with a line about the run");
  return {
    header,
    workloads: rest.filter((line) => line.kind === "workload"),
    results: rest.filter((line) => line.kind === "result"),
  };
}

export function readResults(path: string): Results {
  const lines = readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line !== "");
  return resultsOf(lines.map((line) => JSON.parse(line) as Line));
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
