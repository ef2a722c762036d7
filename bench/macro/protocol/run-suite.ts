// Runs workloads one after the other, and hands over each result as soon as it is there.

import { rmSync } from "node:fs";
import type { Contender } from "../contenders/contenders.ts";
import { temporaryFolder } from "../traces/traces.ts";
import type { DataCache } from "./data-cache.ts";
import { corePin, warmPageCache } from "./machine.ts";
import { measureRow } from "./measure-row.ts";
import type { ResultLine, RowLine } from "./results.ts";
import { OpenSessions } from "./sessions.ts";
import type { TimeBudget } from "./time-budget.ts";
import {
  largeRowSeconds,
  type Prepared,
  type Row,
  type Size,
  type Workload,
  WorkloadUnavailable,
} from "./workload.ts";

export interface SuiteSettings {
  readonly size: Size;
  readonly tpchScale: number;
  readonly threads: number;
  readonly runs: number;
  readonly rowSeconds: number;
  readonly budget: TimeBudget;
  readonly cache: DataCache;
  /** Which rows, by `workload/row`. */
  readonly wanted: (name: string) => boolean;
  /** Present on this machine and asked for. */
  readonly contenders: readonly Contender[];
  readonly environment: Readonly<Record<string, string>>;
}

export type OnLine = (line: RowLine) => void;

function lineOf(
  workload: Workload,
  row: Row,
  threads: number,
): Omit<ResultLine, "contender" | "outcome"> {
  const { inputRows, inputBytes, curve } = row;
  return {
    kind: "result",
    workload: workload.name,
    row: row.name,
    title: row.title,
    threads,
    ...(inputRows === undefined ? {} : { inputRows }),
    ...(inputBytes === undefined ? {} : { inputBytes }),
    ...(curve === undefined ? {} : { curve }),
  };
}

async function runRows(
  workload: Workload,
  prepared: Prepared,
  settings: SuiteSettings,
  sessions: OpenSessions,
  onLine: OnLine,
): Promise<void> {
  const { contenders, runs, rowSeconds, budget } = settings;
  const scratch = temporaryFolder("outputs");
  try {
    for (const row of prepared.rows) {
      if (!settings.wanted(`${workload.name}/${row.name}`)) continue;
      const threads = row.threads ?? settings.threads;
      const warmUp = settings.size !== "smoke";
      const rowSettings = {
        ...{ workload: workload.name, threads, scratch },
        ...{ runs, budget, warmUp },
        rowSeconds: row.isLarge ? Math.max(rowSeconds, largeRowSeconds) : rowSeconds,
      };
      const outcomes = await measureRow(row, contenders, rowSettings, sessions);
      const line = lineOf(workload, row, threads);
      for (const [contender, outcome] of outcomes) onLine({ ...line, contender, outcome });
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

export async function runWorkload(
  workload: Workload,
  settings: SuiteSettings,
  onLine: OnLine,
): Promise<void> {
  const about = { kind: "workload", workload: workload.name, title: workload.title } as const;
  let prepared: Prepared;
  try {
    prepared = await workload.prepare(settings.cache, settings.size, settings.tpchScale);
  } catch (failure) {
    if (!(failure instanceof WorkloadUnavailable)) throw failure;
    onLine({ ...about, data: "", starts: {}, skipped: failure.message });
    return;
  }
  if (!prepared.rows.some((row) => settings.wanted(`${workload.name}/${row.name}`))) return;
  warmPageCache(prepared.files);
  const sessions = new OpenSessions({
    workload: workload.name,
    pin: corePin(),
    environment: settings.environment,
    setup: prepared.setup ?? {},
  });
  try {
    await runRows(workload, prepared, settings, sessions, onLine);
  } finally {
    await sessions.close();
  }
  onLine({ ...about, data: prepared.data, starts: sessions.starts });
}
