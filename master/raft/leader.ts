// A leader: replicates its log, counts what a quorum has, and steps down when it hears from none.

import { assert } from "../../proto/errors.ts";
import type { MasterId } from "../../proto/ids.ts";
import { type Entry, entryBytes, noBytes } from "./entry.ts";
import {
  appendOwn,
  commitTo,
  highestPossibleAgreement,
  lastIndexOf,
  lastMembership,
  lastTermOf,
  termAt,
} from "./log.ts";
import { allMembers } from "./membership.ts";
import { continueChange } from "./membership-change.ts";
import type { AppendReply, HeartbeatReply, InstallSnapshotReply } from "./messages.ts";
import {
  newProgress,
  noteAccepted,
  noteRejected,
  noteSnapshotBytes,
  type Progress,
  tickSnapshot,
} from "./progress.ts";
import { hasQuorum, reachedByQuorum } from "./quorum.ts";
import { confirmReads } from "./reads.ts";
import { sendEmptyAppend, sendHeartbeats } from "./replicate.ts";
import {
  becomeFollower,
  currentVoters,
  isDiskStalled,
  type LeaderRole,
  type Raft,
} from "./state.ts";
import { stepTransfer, tickTransfer } from "./transfer.ts";

export function becomeLeader(raft: Raft): void {
  const next = lastIndexOf(raft.log) + 1;
  // Entries of earlier terms are committed only together with one of this term (see maybeCommit).
  appendOwn(raft.log, { index: next, term: raft.term, kind: "noop", data: noBytes });
  const others = allMembers(lastMembership(raft.log).membership).filter((id) => id !== raft.id);
  // Whose vote arrived has just reached us.
  const votes = raft.role.kind === "candidate" ? raft.role.votes : undefined;
  const progressOf = (id: MasterId): Progress => {
    return { ...newProgress(next), reachesUs: votes?.has(id) === true };
  };
  raft.role = {
    kind: "leader",
    progress: new Map(others.map((id) => [id, progressOf(id)])),
    heartbeatElapsedTicks: 0,
    uncommittedBytes: uncommittedBytesOf(raft),
    readRound: 0,
    reads: [],
    transfer: undefined,
  };
  raft.leader = raft.id;
  raft.electionElapsedTicks = 0;
}

function uncommittedBytesOf(raft: Raft): number {
  const firstUncommitted = raft.log.commitIndex - raft.log.baseIndex;
  let bytes = 0;
  for (const entry of raft.log.entries.slice(firstUncommitted)) bytes += entryBytes(entry);
  return bytes;
}

export function tickLeader(raft: Raft, role: LeaderRole): void {
  if (isDiskStalled(raft)) {
    becomeFollower(raft, raft.term, undefined);
    return;
  }
  const { snapshotRetryTicks } = raft.config;
  for (const progress of role.progress.values()) {
    tickSnapshot(progress, snapshotRetryTicks);
    if (progress.silentTicks !== undefined) progress.silentTicks++;
  }
  tickTransfer(raft, role);
  raft.electionElapsedTicks++;
  if (raft.electionElapsedTicks >= raft.config.electionTicksMin) {
    raft.electionElapsedTicks = 0;
    if (!checkQuorum(raft, role)) {
      becomeFollower(raft, raft.term, undefined);
      return;
    }
  }
  role.heartbeatElapsedTicks++;
  if (role.heartbeatElapsedTicks >= raft.config.heartbeatTicks) sendHeartbeats(raft, role);
}

/**
 * Did a quorum reach us lately? If not, another leader may exist, and nobody should wait for us.
 */
function checkQuorum(raft: Raft, role: LeaderRole): boolean {
  const isActive = (id: MasterId): boolean =>
    id === raft.id || role.progress.get(id)?.reachesUs === true;
  const active = hasQuorum(currentVoters(raft), isActive);
  for (const progress of role.progress.values()) {
    progress.recentlyActive = false;
    progress.reachesUs = false;
  }
  return active;
}

/**
 * Commits what a quorum has durably. Only an entry of this term is counted: an older one on a
 * quorum can still be overwritten by a leader that never saw it (Raft paper, figure 8).
 */
export function maybeCommit(raft: Raft, role: LeaderRole): void {
  const log = raft.log;
  const index = reachedByQuorum(currentVoters(raft), (id) =>
    id === raft.id ? log.stableIndex : (role.progress.get(id)?.match ?? 0),
  );
  const isOwnTerm = termAt(log, index) === raft.term;
  if (index <= log.commitIndex) return;
  if (!isOwnTerm && raft.config.plantedBug !== "commitsPriorTerms") return;
  for (const entry of log.entries.slice(log.commitIndex - log.baseIndex, index - log.baseIndex)) {
    role.uncommittedBytes -= entryBytes(entry);
  }
  assert(role.uncommittedBytes >= 0, `uncommitted bytes fell to ${role.uncommittedBytes}`);
  commitTo(log, index);
  continueChange(raft, role);
}

export function stepLeader(
  raft: Raft,
  role: LeaderRole,
  message: AppendReply | HeartbeatReply | InstallSnapshotReply,
): void {
  const progress = role.progress.get(message.from);
  if (progress === undefined) return;
  progress.recentlyActive = true;
  progress.silentTicks = 0;
  if (message.kind === "heartbeatReply") {
    // Other than the rest, it was sent to our address (see mayTravelBack).
    progress.reachesUs = true;
    handleHeartbeatReply(raft, role, progress, message);
  } else if (message.kind === "appendReply" && message.rejected) {
    handleRejection(raft, progress, message);
  } else {
    const last = lastIndexOf(raft.log);
    assert(message.index <= last, `${message.from} agrees up to ${message.index} of ${last}`);
    const isNews = noteAccepted(progress, message.index);
    if (message.kind === "installSnapshotReply") {
      noteSnapshotBytes(progress, message.snapshotIndex, message.offset);
    }
    if (isNews) maybeCommit(raft, role);
    if (raft.role === role) stepTransfer(raft, role);
  }
}

function handleRejection(raft: Raft, progress: Progress, message: AppendReply): void {
  const agreement = highestPossibleAgreement(raft.log, message.hintIndex, message.hintTerm);
  noteRejected(progress, message.index, agreement);
}

function handleHeartbeatReply(
  raft: Raft,
  role: LeaderRole,
  progress: Progress,
  message: HeartbeatReply,
): void {
  const isStaleTaken = raft.config.plantedBug === "staleReadIndex";
  const readRound = isStaleTaken ? role.readRound : message.readRound;
  progress.readRoundConfirmed = Math.max(progress.readRoundConfirmed, readRound);
  confirmReads(raft, role);
  if (progress.state.kind === "probe") {
    progress.state.waiting = false;
  } else if (progress.state.kind === "replicate" && progress.match < progress.next - 1) {
    // Nothing moved between two answers: ask where it stands, in case our messages were lost.
    if (progress.match === progress.matchAtHeartbeat) sendEmptyAppend(raft, message.from, progress);
  }
  progress.matchAtHeartbeat = progress.match;
}

export type ProposeResult =
  | { readonly kind: "accepted"; readonly index: number; readonly term: number }
  | { readonly kind: "notLeader"; readonly leader: MasterId | undefined }
  | { readonly kind: "overloaded" };

/** Appends a command. One command may exceed the bound on uncommitted bytes, but only alone. */
export function proposeOnLeader(raft: Raft, role: LeaderRole, data: Uint8Array): ProposeResult {
  assert(lastTermOf(raft.log) === raft.term, "a leader's log ends with its own term");
  const index = lastIndexOf(raft.log) + 1;
  const entry: Entry = { index, term: raft.term, kind: "command", data };
  const bytes = role.uncommittedBytes + entryBytes(entry);
  const isAlone = raft.log.commitIndex === index - 1;
  const isFull = !isAlone && bytes > raft.config.uncommittedBytesMax;
  if (isFull || role.transfer !== undefined) return { kind: "overloaded" };
  appendOwn(raft.log, entry);
  role.uncommittedBytes = bytes;
  return { kind: "accepted", index, term: raft.term };
}

/** Hands leadership to a follower once it has everything. Proposals wait meanwhile. */
export function transferOnLeader(raft: Raft, role: LeaderRole, to: MasterId): boolean {
  const isSuccessor = role.progress.has(to) && currentVoters(raft).incoming.includes(to);
  if (role.transfer !== undefined || !isSuccessor) return false;
  role.transfer = { to, elapsedTicks: 0, sent: false };
  stepTransfer(raft, role);
  return true;
}
