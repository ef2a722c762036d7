// The state as text and back: what a snapshot holds, and what replicas compare.

import { EngineError } from "../../proto/errors.ts";
import { snapshotPieceItems } from "../../proto/limits/raft.ts";
import { digestText } from "../../proto/plan/digest.ts";
import type { LeaseBug } from "./planted-bugs.ts";
import { createSnapshotDecoder } from "./snapshot-decoder.ts";
import { type SnapshotRecord, snapshotVersion } from "./snapshot-records.ts";
import { rowOfTask } from "./snapshot-tasks.ts";
import type { ActionState, ClusterState, JobState, TaskState } from "./state.ts";

/** Makes whole lines of text when called. */
export type SnapshotText = () => string;

interface Lines {
  /** Made into text at once: it may change in place. */
  now(record: SnapshotRecord): void;
  /** Made into text later: nothing in it may change in place. */
  later(record: SnapshotRecord): void;
  /** Likewise. */
  tasks(stageAt: number, tasks: readonly TaskState[]): void;
}

/**
 * The state in pieces of a few milliseconds each. They may be made later, one by one, while the state goes on
 * changing: what changes in place is copied here, and all else is only replaced.
 */
export function snapshotPieces(state: ClusterState): readonly SnapshotText[] {
  const pieces: SnapshotText[] = [];
  let gathered: string[] = [];
  let records = 0;
  const textOf = (record: SnapshotRecord): string => `${JSON.stringify(record)}\n`;
  const flush = (): void => {
    if (gathered.length === 0) return;
    const text = gathered.join("");
    gathered = [];
    pieces.push(() => text);
  };
  const later = (make: () => SnapshotRecord): void => {
    records++;
    flush();
    pieces.push(() => textOf(make()));
  };
  const lines: Lines = {
    now: (record) => {
      records++;
      gathered.push(textOf(record));
    },
    later: (record) => later(() => record),
    tasks: (stageAt, tasks) =>
      later(() => ({ kind: "tasks", stageAt, items: tasks.map(rowOfTask) })),
  };
  putCluster(lines, state);
  for (const job of state.jobs.values()) putJob(lines, job);
  lines.now({ kind: "end", records });
  flush();
  return pieces;
}

function putCluster(lines: Lines, state: ClusterState): void {
  const { appliedIndex, tick, tickTerm } = state;
  lines.now({ kind: "state", version: snapshotVersion, appliedIndex, tick, tickTerm });
  const workers = [...state.workers.values()].map(({ leases: _, ...worker }) => worker);
  for (const items of slicesOf(workers)) lines.now({ kind: "workers", items });
  for (const items of slicesOf([...state.locks])) lines.now({ kind: "locks", items });
  for (const items of slicesOf([...state.endedClaims])) lines.now({ kind: "endedClaims", items });
  for (const items of slicesOf([...state.sweeps])) lines.now({ kind: "sweeps", items });
  // Each may have megabytes.
  for (const [sha256, bundle] of state.bundles) {
    lines.later({ kind: "bundle", item: [sha256, { ...bundle }] });
  }
}

function putJob(lines: Lines, { open: _, actions, kept, ...job }: JobState): void {
  lines.now({ kind: "job", job });
  for (const [name, tasks] of kept) {
    if (tasks.length === 0) lines.now({ kind: "kept", name, items: [] });
    for (const items of slicesOf(tasks)) lines.later({ kind: "kept", name, items });
  }
  for (const action of actions.values()) putAction(lines, action);
}

function putAction(lines: Lines, { phase, ...fields }: ActionState): void {
  if (phase.kind !== "running") {
    lines.later({ kind: "action", action: { ...fields, phase } });
    return;
  }
  const { stages } = phase;
  lines.now({ kind: "action", action: { ...fields, phase: { ...phase, stages: stages.length } } });
  for (const {
    plan,
    retries,
    reruns,
    rows,
    bytes,
    runnableTick,
    partitionBytes,
    starts,
    tasks,
  } of stages) {
    const counts = { retries, reruns, rows, bytes, runnableTick };
    const sums = partitionBytes === undefined ? undefined : [...partitionBytes];
    lines.later({
      kind: "stage",
      stage: { ...counts, partitionBytes: sums, starts, plan },
      tasks: tasks.length,
    });
  }
  for (const [stageAt, { tasks }] of stages.entries()) {
    for (const items of slicesOf(tasks)) lines.tasks(stageAt, items);
  }
}

/** Copies: the list may change, its items do not. */
function slicesOf<Item>(items: readonly Item[]): readonly (readonly Item[])[] {
  const count = Math.ceil(items.length / snapshotPieceItems);
  return Array.from({ length: count }, (_, at) =>
    items.slice(at * snapshotPieceItems, (at + 1) * snapshotPieceItems),
  );
}

/** Canonical: equal states give equal text. */
export function encodeSnapshot(state: ClusterState): string {
  return snapshotPieces(state)
    .map((piece) => piece())
    .join("");
}

/** Equal on replicas that applied the same entries. */
export function digest(state: ClusterState): string {
  return digestText(encodeSnapshot(state));
}

/** The whole at once. `plantedBug`: for tests only. */
export function decodeSnapshot(text: string, plantedBug?: LeaseBug): ClusterState {
  const decoder = createSnapshotDecoder(plantedBug);
  const lines = text.split("\n");
  const rest = lines.pop();
  for (const line of lines) decoder.take(line);
  if (rest !== "") throw new EngineError("LOG_CORRUPT", "a scheduler snapshot ends within a line");
  return decoder.finish();
}
