// What a leader knows about one follower's log, and how much it may send without an answer.

import type { Snapshot } from "./entry.ts";

export type ProgressState =
  /** Where the logs agree is unknown: one message at a time. */
  | { readonly kind: "probe"; waiting: boolean }
  /** They agree at `match`: messages flow without waiting, up to a bound. */
  | { readonly kind: "replicate"; readonly inflight: number[] }
  /** A snapshot is on its way, piece by piece: nothing else until it is answered or given up. */
  | SnapshotState;

export interface SnapshotState {
  readonly kind: "snapshot";
  /** The same to the end, even if there is a newer one meanwhile. */
  readonly snapshot: Snapshot;
  /** How many bytes of it the follower has, and whether the piece after them is under way. */
  offset: number;
  waiting: boolean;
  waitedTicks: number;
}

export interface Progress {
  /** The follower's log agrees with ours, durably, up to here. */
  match: number;
  /** The first entry of the next message. */
  next: number;
  state: ProgressState;
  /** Has it been heard from since the last check of the quorum? */
  recentlyActive: boolean;
  /** Has it answered a heartbeat since then? That shows, too, that our address can be reached. */
  reachesUs: boolean;
  /** Ticks since it was heard from; undefined before the first time. */
  silentTicks: number | undefined;
  /** The commit index it was last told of by an append. */
  commitSent: number;
  /** The latest round of reads for which it confirmed us as leader. */
  readRoundConfirmed: number;
  /**
   * `match` at the previous answer to a heartbeat: no movement since means that something was lost.
   */
  matchAtHeartbeat: number;
}

export function newProgress(next: number): Progress {
  return {
    match: 0,
    next,
    state: { kind: "probe", waiting: false },
    recentlyActive: false,
    reachesUs: false,
    silentTicks: undefined,
    commitSent: 0,
    readRoundConfirmed: 0,
    matchAtHeartbeat: -1,
  };
}

export function isPaused(progress: Progress, inflightMax: number): boolean {
  const state = progress.state;
  if (state.kind === "probe") return state.waiting;
  if (state.kind === "snapshot") return state.waiting;
  return state.inflight.length >= inflightMax;
}

export function becomeProbe(progress: Progress): void {
  progress.next = progress.match + 1;
  progress.state = { kind: "probe", waiting: false };
}

function becomeReplicate(progress: Progress): void {
  progress.next = progress.match + 1;
  progress.state = { kind: "replicate", inflight: [] };
}

/** The follower has this much of a snapshot: more than before, or less if it had to begin anew. */
export function noteSnapshotBytes(progress: Progress, index: number, offset: number): void {
  const state = progress.state;
  if (state.kind !== "snapshot" || state.snapshot.index !== index) return;
  if (offset === state.offset || offset > state.snapshot.bytes.length) return;
  state.offset = offset;
  state.waiting = false;
  state.waitedTicks = 0;
}

/** One tick without an answer. A piece that was surely lost is sent again. */
export function tickSnapshot(progress: Progress, retryTicks: number): void {
  const state = progress.state;
  if (state.kind !== "snapshot" || ++state.waitedTicks < retryTicks) return;
  if (state.offset === 0) return becomeProbe(progress);
  state.waiting = false;
  state.waitedTicks = 0;
}

/** Notes that entries up to `lastIndex` were sent; an empty message is noted only while probing. */
export function noteSent(progress: Progress, lastIndex: number, entryCount: number): void {
  const state = progress.state;
  if (state.kind === "probe") {
    state.waiting = true;
  } else if (state.kind === "replicate" && entryCount > 0) {
    progress.next = lastIndex + 1;
    state.inflight.push(lastIndex);
  }
}

/** The follower agrees up to `index`. Says whether that was news. */
export function noteAccepted(progress: Progress, index: number): boolean {
  const isNews = index > progress.match;
  if (isNews) progress.match = index;
  progress.next = Math.max(progress.next, index + 1);
  const state = progress.state;
  if (state.kind === "replicate") {
    while (state.inflight.length > 0 && state.inflight[0]! <= index) state.inflight.shift();
  } else if (state.kind === "probe" || progress.match >= state.snapshot.index) {
    becomeReplicate(progress);
  }
  return isNews;
}

/**
 * The follower refused `rejectedIndex`, and cannot agree above `hintIndex`. False: a stale refusal.
 */
export function noteRejected(
  progress: Progress,
  rejectedIndex: number,
  hintIndex: number,
): boolean {
  const state = progress.state;
  if (state.kind === "snapshot") return false;
  if (state.kind === "replicate") {
    if (rejectedIndex <= progress.match) return false;
    becomeProbe(progress);
    return true;
  }
  if (progress.next - 1 !== rejectedIndex) return false;
  progress.next = Math.max(Math.min(rejectedIndex, hintIndex + 1), progress.match + 1);
  state.waiting = false;
  return true;
}
