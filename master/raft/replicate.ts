// What a leader sends: appends as far as each follower's window allows, snapshots, heartbeats.

import { assert } from "../../proto/errors.ts";
import type { MasterId } from "../../proto/ids.ts";
import type { Entry } from "./entry.ts";
import { lastIndexOf, sliceLog, termAt } from "./log.ts";
import { becomeProbe, isPaused, noteSent, type Progress, type SnapshotState } from "./progress.ts";
import { type LeaderRole, type Raft, send } from "./state.ts";

/**
 * Sends to everyone what they lack. Done once per Ready, so proposals of one turn share a message.
 */
export function replicate(raft: Raft, role: LeaderRole): void {
  for (const [to, progress] of role.progress) replicateTo(raft, to, progress);
}

function replicateTo(raft: Raft, to: MasterId, progress: Progress): void {
  const { log, config } = raft;
  while (!isPaused(progress, config.inflightMessagesMax)) {
    if (progress.state.kind === "snapshot") {
      sendPiece(raft, to, progress, progress.state);
      return;
    }
    const isProbe = progress.state.kind === "probe";
    const hasCommitNews = config.tellsCommitsAtOnce && progress.commitSent < log.commitIndex;
    const hasNews = progress.next <= lastIndexOf(log) || hasCommitNews || isProbe;
    if (!hasNews) return;
    const prevTerm = termAt(log, progress.next - 1);
    if (prevTerm === undefined) {
      beginSnapshot(raft, to, progress);
      return;
    }
    const { appendEntriesMax, appendBytesMax, probeBytesMax } = config;
    const bytesMax = isProbe ? Math.min(probeBytesMax, appendBytesMax) : appendBytesMax;
    const entries = sliceLog(log, progress.next, appendEntriesMax, bytesMax);
    // An entry that is too large for a probe waits until the probe was answered.
    const isTooLarge = isProbe && entries.length === 1 && entries[0]!.data.length > probeBytesMax;
    sendAppend(raft, to, progress, prevTerm, isTooLarge ? [] : entries);
  }
}

function sendAppend(
  raft: Raft,
  to: MasterId,
  progress: Progress,
  prevTerm: number,
  entries: readonly Entry[],
): void {
  const { id: from, term } = raft;
  const prevIndex = progress.next - 1;
  const commit = raft.log.commitIndex;
  send(raft, { kind: "append", from, to, term, prevIndex, prevTerm, entries, commit });
  progress.commitSent = commit;
  noteSent(progress, prevIndex + entries.length, entries.length);
}

/** To whom that was not told of the last commit yet, at once instead of with what comes next. */
export function tellCommit(raft: Raft, role: LeaderRole): void {
  for (const [to, progress] of role.progress) {
    if (progress.state.kind !== "replicate") continue;
    if (progress.commitSent < raft.log.commitIndex) sendEmptyAppend(raft, to, progress);
  }
}

/** Asks where a follower stands that should have answered by now, even if its window is full. */
export function sendEmptyAppend(raft: Raft, to: MasterId, progress: Progress): void {
  const prevTerm = termAt(raft.log, progress.next - 1);
  // Compacted while the follower was silent: from the start, which may mean a snapshot.
  if (prevTerm === undefined) becomeProbe(progress);
  else sendAppend(raft, to, progress, prevTerm, []);
}

function beginSnapshot(raft: Raft, to: MasterId, progress: Progress): void {
  const snapshot = raft.log.snapshot;
  assert(
    snapshot !== undefined && snapshot.index >= raft.log.baseIndex,
    `the log begins after ${raft.log.baseIndex} but no snapshot covers what went before`,
  );
  const state: SnapshotState = {
    kind: "snapshot",
    snapshot,
    ...{ offset: 0, waiting: false, waitedTicks: 0 },
  };
  // Whoever is silent would only be sent megabytes in vain: first it has to answer a heartbeat.
  if (!progress.recentlyActive) return;
  progress.state = state;
  sendPiece(raft, to, progress, state);
}

/** The next piece of a snapshot; the one after it leaves when this one has been answered. */
function sendPiece(raft: Raft, to: MasterId, progress: Progress, state: SnapshotState): void {
  if (!progress.recentlyActive) return;
  const { id: from, term } = raft;
  const { snapshot, offset } = state;
  const { membership } = snapshot;
  assert(membership !== undefined, `snapshot ${snapshot.index} does not say who is a member`);
  const end = Math.min(offset + raft.config.snapshotChunkBytesMax, snapshot.bytes.length);
  send(raft, {
    kind: "installSnapshot",
    from,
    to,
    term,
    snapshotIndex: snapshot.index,
    snapshotTerm: snapshot.term,
    membership,
    offset,
    done: end === snapshot.bytes.length,
    bytes: snapshot.bytes.subarray(offset, end),
  });
  state.waiting = true;
}

export function sendHeartbeats(raft: Raft, role: LeaderRole): void {
  const { id: from, term } = raft;
  role.heartbeatElapsedTicks = 0;
  for (const [to, progress] of role.progress) {
    // Never more than the follower is known to have: it may not have the same entry beyond.
    const commit = Math.min(progress.match, raft.log.commitIndex);
    const readRound = role.readRound;
    send(raft, { kind: "heartbeat", from, to, term, commit, readRound });
  }
}
