// From the records of the write-ahead log to the state that a Raft core starts from.

import { assert, unreachable } from "../../proto/errors.ts";
import { type Entry, emptyHardState, type HardState, type Snapshot } from "../raft/entry.ts";
import type { WalRecord } from "./record.ts";
import { corrupt } from "./segment.ts";

export interface Replayed {
  hardState: HardState;
  /** The entry just before `entries`; its term is undefined where the log no longer says. */
  baseIndex: number;
  baseTerm: number | undefined;
  entries: Entry[];
}

export function newReplay(): Replayed {
  return { hardState: emptyHardState, baseIndex: 0, baseTerm: 0, entries: [] };
}

export function lastOf(state: Replayed): { index: number; term: number | undefined } {
  return state.entries.at(-1) ?? { index: state.baseIndex, term: state.baseTerm };
}

/** `isFirst`: the first record of all that is left of the log. */
export function replay(
  state: Replayed,
  record: WalRecord,
  isFirst: boolean,
  path: string,
  offset: number,
): void {
  switch (record.type) {
    case "segment":
      if (isFirst) {
        state.baseIndex = record.lastIndex;
        state.baseTerm = record.lastTerm;
      } else if (record.lastIndex !== lastOf(state).index) {
        const last = lastOf(state).index;
        throw corrupt(path, offset, `it continues after ${record.lastIndex}, the log ends ${last}`);
      }
      return;
    case "entry":
      replayEntry(state, record.entry, path, offset);
      return;
    case "hardState":
      state.hardState = record.hardState;
      return;
    case "reset":
      state.baseIndex = record.index;
      state.baseTerm = record.term;
      state.entries = [];
      return;
    case "mark":
      return;
    default:
      unreachable(record);
  }
}

function replayEntry(state: Replayed, entry: Entry, path: string, offset: number): void {
  const last = lastOf(state).index;
  if (entry.index > last + 1) {
    throw corrupt(path, offset, `entry ${entry.index} follows entry ${last}`);
  }
  if (entry.index <= state.baseIndex) {
    // Rewritten below what the first segment left remembers: a snapshot covers that part.
    state.baseIndex = entry.index - 1;
    state.baseTerm = undefined;
    state.entries = [];
  }
  state.entries.length = entry.index - state.baseIndex - 1;
  state.entries.push(entry);
}

export interface Recovered {
  readonly hardState: HardState;
  readonly snapshot: Snapshot | undefined;
  /** Those after the snapshot. */
  readonly entries: readonly Entry[];
}

export interface Combined {
  readonly recovered: Recovered;
  /** The snapshot is not part of this log, which therefore has to begin anew after it. */
  readonly needsReset: boolean;
}

/** Puts log and snapshot together. `mayLackEnd`: the last batch may be there in part only. */
export function combine(
  state: Replayed,
  snapshot: Snapshot | undefined,
  path: string,
  mayLackEnd: boolean,
): Combined {
  const snapshotIndex = snapshot?.index ?? 0;
  if (snapshotIndex < state.baseIndex) {
    const found = snapshot === undefined ? "there is none" : `the newest is of ${snapshotIndex}`;
    const wanted = `a snapshot of entry ${state.baseIndex} or later`;
    throw corrupt(path, 0, `the log needs ${wanted}, but ${found}`);
  }
  const last = lastOf(state).index;
  const term = termOf(state, snapshotIndex);
  const belongs = snapshot === undefined || (last >= snapshotIndex && term === snapshot.term);
  const entries = belongs ? state.entries.slice(snapshotIndex - state.baseIndex) : [];
  const hardState = reconcile(state.hardState, snapshot, snapshotIndex + entries.length, {
    path,
    mayLackEnd: mayLackEnd || !belongs,
  });
  return { recovered: { hardState, snapshot, entries }, needsReset: !belongs };
}

function termOf(state: Replayed, index: number): number | undefined {
  if (index === state.baseIndex) return state.baseTerm;
  return state.entries[index - state.baseIndex - 1]?.term;
}

/**
 * A crash may leave a snapshot without the hard state that came with it, or a tail short of commit.
 */
function reconcile(
  saved: HardState,
  snapshot: Snapshot | undefined,
  lastIndex: number,
  log: { readonly path: string; readonly mayLackEnd: boolean },
): HardState {
  if (saved.commit > lastIndex && !log.mayLackEnd) {
    throw corrupt(log.path, 0, `entry ${saved.commit} was committed, the log ends ${lastIndex}`);
  }
  const commit = Math.max(Math.min(saved.commit, lastIndex), snapshot?.index ?? 0);
  assert(commit <= lastIndex, `commit ${commit} lies beyond ${lastIndex}`);
  if (snapshot === undefined || snapshot.term <= saved.term) return { ...saved, commit };
  return { term: snapshot.term, votedFor: undefined, commit };
}
