// Tasks of a snapshot as rows: names of fields would be two thirds of the bytes of a state of very many tasks.

import { unreachable } from "../../proto/errors.ts";
import type { WorkerId } from "../../proto/ids.ts";
import type { DoneTask, LostTask, TaskState, TaskTrials } from "./state.ts";

/** Attempts alone where there was no trouble; else failures, deaths, fetch failures and the prior digest follow. */
type TrialsRow = number | readonly [number, number, number, number, string];

/** What few tasks have, by name. */
type DoneExtras = Pick<DoneTask, "resultJson" | "counters" | "uploads" | "origin">;
type LostExtras = Pick<LostTask, "counters">;

export type TaskRow =
  | readonly ["pending", trials: TrialsRow, dueTick: number]
  | readonly [
      "leased",
      trials: TrialsRow,
      token: number,
      workerId: WorkerId,
      renewedTick: number,
      progress: number,
      progressTick: number,
      rows: number,
      bytes: number,
    ]
  | readonly [
      "done",
      trials: TrialsRow,
      token: number,
      workerId: WorkerId,
      digest: string,
      rows: number,
      bytes: number,
      bytesOut: number,
      extras: DoneExtras,
    ]
  | readonly ["lost", trials: TrialsRow, rows: number, bytes: number, extras: LostExtras];

function rowOfTrials(task: TaskTrials): TrialsRow {
  const { attempt, failures, deaths, fetchFailures, priorDigest } = task;
  const isCalm = failures === 0 && deaths === 0 && fetchFailures === 0 && priorDigest === "";
  return isCalm ? attempt : [attempt, failures, deaths, fetchFailures, priorDigest];
}

function trialsOfRow(row: TrialsRow): TaskTrials {
  const [attempt, failures, deaths, fetchFailures, priorDigest] =
    typeof row === "number" ? ([row, 0, 0, 0, ""] as const) : row;
  return { attempt, failures, deaths, fetchFailures, priorDigest };
}

export function rowOfTask(task: TaskState): TaskRow {
  const trials = rowOfTrials(task);
  switch (task.kind) {
    case "pending":
      return [task.kind, trials, task.dueTick];
    case "leased": {
      const { token, workerId, renewedTick, progress, progressTick, rows, bytes } = task;
      return [
        task.kind,
        ...([trials, token, workerId, renewedTick, progress, progressTick, rows, bytes] as const),
      ];
    }
    case "done": {
      const { token, workerId, digest, rows, bytes, bytesOut } = task;
      const { resultJson, counters, uploads, origin } = task;
      // JSON leaves out what is undefined.
      const extras = { resultJson, counters, uploads, origin } as DoneExtras;
      return [task.kind, trials, token, workerId, digest, rows, bytes, bytesOut, extras];
    }
    case "lost": {
      const { rows, bytes, counters } = task;
      return [task.kind, trials, rows, bytes, { counters } as LostExtras];
    }
    default:
      return unreachable(task);
  }
}

/** Undefined for what is no row of a task. */
export function taskOfRow(row: TaskRow): TaskState | undefined {
  switch (row[0]) {
    case "pending": {
      const [kind, trials, dueTick] = row;
      return { kind, ...trialsOfRow(trials), dueTick };
    }
    case "leased": {
      const [kind, trials, token, workerId, renewedTick, progress, progressTick, rows, bytes] = row;
      const held = { token, workerId, renewedTick, progress, progressTick, rows, bytes };
      return { kind, ...trialsOfRow(trials), ...held };
    }
    case "done": {
      const [kind, trials, token, workerId, digest, rows, bytes, bytesOut, extras] = row;
      const output = { token, workerId, digest, rows, bytes, bytesOut };
      return { kind, ...trialsOfRow(trials), ...output, ...extras };
    }
    case "lost": {
      const [kind, trials, rows, bytes, extras] = row;
      return { kind, ...trialsOfRow(trials), rows, bytes, ...extras };
    }
    default:
      return undefined;
  }
}
