// A follower: takes over what the leader of its term sends, and says how far it got.

import { unreachable } from "../../proto/errors.ts";
import {
  appendFromLeader,
  commitTo,
  highestPossibleAgreement,
  lastIndexOf,
  restoreSnapshot,
  termAt,
} from "./log.ts";
import type { Append, AppendReply, Heartbeat, InstallSnapshot } from "./messages.ts";
import { addPiece, assemblyFor } from "./snapshot-assembly.ts";
import { becomeFollower, type Raft, send } from "./state.ts";

/** Any message of the current term that only a leader sends. */
export function stepFromLeader(raft: Raft, message: Append | Heartbeat | InstallSnapshot): void {
  if (raft.role.kind === "follower") {
    raft.leader = message.from;
    raft.electionElapsedTicks = 0;
  } else {
    becomeFollower(raft, message.term, message.from);
  }
  switch (message.kind) {
    case "append":
      handleAppend(raft, message);
      return;
    case "heartbeat":
      handleHeartbeat(raft, message);
      return;
    case "installSnapshot":
      handleInstallSnapshot(raft, message);
      return;
    default:
      unreachable(message);
  }
}

/** To a leader whose term is over: it steps down when it sees ours. */
export function refuseOldLeader(raft: Raft, message: Append | Heartbeat | InstallSnapshot): void {
  replyToAppend(raft, message, { rejected: true, index: 0, hintIndex: 0, hintTerm: 0 });
}

function replyToAppend(
  raft: Raft,
  message: { readonly from: Append["from"] },
  answer: Pick<AppendReply, "rejected" | "index" | "hintIndex" | "hintTerm">,
): void {
  send(raft, { kind: "appendReply", from: raft.id, to: message.from, term: raft.term, ...answer });
}

function handleAppend(raft: Raft, message: Append): void {
  const log = raft.log;
  const isKnown = message.prevIndex < log.commitIndex;
  if (!isKnown && termAt(log, message.prevIndex) !== message.prevTerm) {
    rejectAppend(raft, message);
    return;
  }
  // What is committed agrees with any leader, so an old message adds only what lies beyond.
  appendFromLeader(
    log,
    message.entries.filter((entry) => entry.index > log.commitIndex),
  );
  const agreed = Math.max(log.commitIndex, message.prevIndex + message.entries.length);
  commitTo(log, Math.min(message.commit, agreed));
  replyToAppend(raft, message, { rejected: false, index: agreed, hintIndex: 0, hintTerm: 0 });
}

function rejectAppend(raft: Raft, message: Append): void {
  const log = raft.log;
  const hintIndex = highestPossibleAgreement(
    log,
    Math.min(message.prevIndex, lastIndexOf(log)),
    message.prevTerm,
  );
  const hintTerm = termAt(log, hintIndex) ?? 0;
  replyToAppend(raft, message, { rejected: true, index: message.prevIndex, hintIndex, hintTerm });
}

function handleHeartbeat(raft: Raft, message: Heartbeat): void {
  // The leader names no more than what it knows we have; a restart cannot have lost that.
  commitTo(raft.log, Math.min(message.commit, lastIndexOf(raft.log)));
  const { id: from, term } = raft;
  const { readRound } = message;
  send(raft, { kind: "heartbeatReply", from, to: message.from, term, readRound });
}

function handleInstallSnapshot(raft: Raft, message: InstallSnapshot): void {
  const log = raft.log;
  const { snapshotIndex, snapshotTerm } = message;
  if (snapshotIndex > log.commitIndex) {
    if (termAt(log, snapshotIndex) === snapshotTerm) commitTo(log, snapshotIndex);
    else takePiece(raft, message);
  }
  const offset = raft.assembly?.bytes ?? 0;
  if (raft.assembly !== undefined && raft.assembly.snapshotIndex <= log.commitIndex) {
    raft.assembly = undefined;
  }
  const [from, to] = [raft.id, message.from];
  const reply = { from, to, term: raft.term, index: log.commitIndex, snapshotIndex, offset };
  send(raft, { kind: "installSnapshotReply", ...reply });
}

function takePiece(raft: Raft, message: InstallSnapshot): void {
  const { plantedBug, snapshotBytesMax } = raft.config;
  const mixes = plantedBug === "snapshotPiecesMixed";
  raft.assembly = assemblyFor(raft.assembly, message, raft.openSnapshotCheck, mixes);
  try {
    const snapshot = addPiece(raft.assembly, message, snapshotBytesMax);
    if (snapshot === undefined) return;
    restoreSnapshot(raft.log, snapshot);
  } catch (thrown) {
    raft.assembly = undefined;
    throw thrown;
  }
}
