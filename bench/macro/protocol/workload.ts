// What a workload is: files to work on, rows to measure, and how each contender does a row.

import type { DataCache } from "./data-cache.ts";

/** `smoke` is for tests: every row within a second or so. */
export type Size = "smoke" | "full";

/** What one contender is asked to do. */
export type Task =
  /** A job of ours: a module below the workload's folder, and its parameters. */
  | { readonly kind: "job"; readonly file: string; readonly params: Parameters }
  /** Statements of SQL; the rows of the last one are the answer. */
  | { readonly kind: "sql"; readonly statements: readonly string[] }
  /** A function of that name in the contender's own file of the workload. */
  | { readonly kind: "function"; readonly name: string; readonly params: Parameters };

export type Parameters = Readonly<Record<string, unknown>>;

/** The ways a row may be written down; a contender runs one of them. */
export interface Tasks {
  readonly millrace: Task;
  readonly baseline?: Task;
  readonly duckdb?: Task;
  readonly polars?: Task;
  readonly spark?: Task;
  readonly dask?: Task;
  readonly ray?: Task;
  readonly skale?: Task;
}

export type TaskOwner = keyof Tasks;

export type Cell = string | number | boolean | null;
export type Rows = readonly (readonly Cell[])[];

export interface Answer {
  /** Whether the order of rows counts. Otherwise rows are compared in the order of their cells. */
  readonly ordered?: boolean;
  /** Numbers may differ by this share of the larger one; 1e-9 unless told, which is room for orders of addition. */
  readonly tolerance?: number;
  /** Reads the answer off what was written to the output folder; without it the rows handed back count. */
  readonly read?: (output: string) => Promise<Rows>;
}

export interface Row {
  /** Unique within the workload; part of file names. */
  readonly name: string;
  readonly title: string;
  /** How many rows of input there are, where a rate by rows says something. */
  readonly inputRows?: number;
  /** How many bytes of input there are, where a rate by bytes says something. */
  readonly inputBytes?: number;
  /** Whole commands, each in a process of its own, instead of requests to a warm one. */
  readonly fromShell?: boolean;
  /** One run takes as long as many of other rows: contenders have `largeRowSeconds` for it, if not more. */
  readonly isLarge?: true;
  /** Runs with three masters too. */
  readonly threeMasters?: boolean;
  /** The point of a curve: its name, what varies, and the value here. */
  readonly curve?: { readonly name: string; readonly along: string; readonly at: number };
  /** Threads of each contender, where a curve varies them. */
  readonly threads?: number;
  /** What stands in for a contender that has no task: the reason. */
  readonly without?: Partial<Record<TaskOwner, string>>;
  readonly answer: Answer;
  /** `output` is a folder that does not exist yet, and is the contender's own. */
  tasks(output: string): Tasks;
}

export interface Prepared {
  readonly rows: readonly Row[];
  /** Names of rows that cannot be measured on this machine, and why. */
  readonly missing?: Readonly<Record<string, string>>;
  /** Files that everybody reads; they are read once before anything is measured. */
  readonly files: readonly string[];
  /** What a contender is asked once, before its first row: to open tables, say. Not measured. */
  readonly setup?: Partial<Record<TaskOwner, Task>>;
  /** What was generated, from which seed: for the report. */
  readonly data: string;
}

/** Enough for five runs of who is fast. */
export const largeRowSeconds = 40;

/** Of a published run; tables of it are made in seconds, and a gigabyte of text. */
export const tpchScaleDefault = 1;
/** Far beyond what one machine has room for. */
export const tpchScaleMax = 10_000;

export interface Workload {
  /** Also the name of its folder below `workloads`. */
  readonly name: string;
  readonly title: string;
  /** `tpchScale`: the scale factor of TPC-H's tables in a full run. */
  prepare(cache: DataCache, size: Size, tpchScale: number): Promise<Prepared>;
}

/** What a workload lacks on this machine: it is left out, with the reason in the report. */
export class WorkloadUnavailable extends Error {
  override name = "WorkloadUnavailable";
}
