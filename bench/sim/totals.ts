// What many seeds did together, and the report of it.

import type { SimOutcome } from "./run.ts";

export interface Totals {
  seeds: number;
  virtualMs: number;
  /** Of that, at the pace of production. */
  virtualMsAtPaceOne: number;
  events: number;
  faults: number;
  elections: number;
  crashes: number;
  bytesTorn: number;
  logEntries: number;
  tasks: number;
  reruns: number;
  staleReports: number;
  jobs: number;
  lockCalls: number;
  readonly faultsByKind: Record<string, number>;
  readonly jobsByEnd: Record<string, number>;
}

export function newTotals(): Totals {
  return {
    ...{ seeds: 0, virtualMs: 0, virtualMsAtPaceOne: 0, events: 0, faults: 0, elections: 0 },
    ...{ crashes: 0, bytesTorn: 0, logEntries: 0, tasks: 0, reruns: 0, staleReports: 0, jobs: 0 },
    lockCalls: 0,
    ...{ faultsByKind: {}, jobsByEnd: {} },
  };
}

function addCounts(to: Record<string, number>, from: Readonly<Record<string, number>>): void {
  for (const [name, count] of Object.entries(from)) to[name] = (to[name] ?? 0) + count;
}

const summed = [
  ...(["virtualMs", "events", "faults", "elections", "crashes", "bytesTorn"] as const),
  ...(["logEntries", "tasks", "reruns", "staleReports", "jobs", "lockCalls"] as const),
] as const;

export function addOutcome(totals: Totals, outcome: SimOutcome): void {
  totals.seeds++;
  for (const name of summed) totals[name] += outcome[name];
  if (outcome.pace === 1) totals.virtualMsAtPaceOne += outcome.virtualMs;
  addCounts(totals.faultsByKind, outcome.faultsByKind);
  addCounts(totals.jobsByEnd, outcome.jobsByEnd);
}

const hoursOf = (ms: number): string => (ms / 3_600_000).toFixed(2);

/** Rows of a table, also for the terminal. */
export function rowsOfTotals(totals: Totals): readonly (readonly [string, string])[] {
  return [
    ["seeds, each run twice", String(totals.seeds)],
    ["simulated cluster-hours", hoursOf(totals.virtualMs)],
    ["of these at the pace of production", hoursOf(totals.virtualMsAtPaceOne)],
    ["fault events", String(totals.faults)],
    ["elections won", String(totals.elections)],
    ["crashes of masters", String(totals.crashes)],
    ["bytes torn: unsynced, lost in them", String(totals.bytesTorn)],
    ["log entries", String(totals.logEntries)],
    ["task attempts", String(totals.tasks)],
    ["of these again", String(totals.reruns)],
    ["reports refused as stale", String(totals.staleReports)],
    ["jobs", String(totals.jobs)],
    ["calls about locks, linearizable", String(totals.lockCalls)],
    ["traced events", String(totals.events)],
  ];
}

const sorted = (counts: Readonly<Record<string, number>>) =>
  Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1));

export interface ReportHead {
  readonly commit: string;
  readonly command: string;
  readonly firstSeed: number;
  readonly machine: string;
  readonly realSeconds: number;
  readonly failures: readonly string[];
}

export function reportOf(head: ReportHead, totals: Totals): string {
  const table = (rows: readonly (readonly [string, string | number])[]) => [
    "| What | Count |",
    "| --- | ---: |",
    ...rows.map(([name, n]) => `| ${name} | ${n} |`),
  ];
  return [
    "# Simulation report",
    "",
    `- Command: \`${head.command}\`, first seed ${head.firstSeed}`,
    `- Commit: ${head.commit}`,
    `- Machine: ${head.machine}`,
    `- Real time: ${head.realSeconds.toFixed(0)} s, ` +
      `${(totals.seeds / head.realSeconds).toFixed(2)} seeds a second`,
    `- Failures: ${head.failures.length}`,
    ...head.failures.map((line) => `  - ${line}`),
    "",
    ...table(rowsOfTotals(totals)),
    "",
    "## Faults by kind, and what they led to",
    "",
    ...table(sorted(totals.faultsByKind)),
    "",
    "## Jobs under faults by their end",
    "",
    ...table(sorted(totals.jobsByEnd)),
    "",
  ].join("\n");
}
