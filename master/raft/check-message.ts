// What no correct master would send: refused before it has changed anything here.

import { EngineError, unreachable } from "../../proto/errors.ts";
import { raftTermsAheadMax } from "../../proto/limits/raft.ts";
import { lastIndexOf, termAt } from "./log.ts";
import { decodeMembership } from "./membership-codec.ts";
import type {
  Append,
  AppendReply,
  Heartbeat,
  HeartbeatReply,
  InstallSnapshot,
  InstallSnapshotReply,
  Message,
} from "./messages.ts";
import type { LeaderRole, Raft } from "./state.ts";

/**
 * Throws MESSAGE_INVALID for a message that contradicts itself, or what is certain here: what is
 * committed, who leads this term, what was sent and asked. A master that lies without contradicting
 * either cannot be found out by one that it talks to.
 */
export function checkMessage(raft: Raft, message: Message): void {
  const { term } = message;
  if (message.from === raft.id) refuse(message, "it has the name of who received it");
  if (term - raft.term > raftTermsAheadMax) refuse(message, `here it is term ${raft.term}`);
  switch (message.kind) {
    case "preVote":
    case "vote": {
      const { lastIndex, lastTerm } = message;
      if (lastTerm >= term || !isPlace(lastIndex, lastTerm)) {
        refuse(
          message,
          `a candidate of it cannot have a log that ends at ${lastIndex}/${lastTerm}`,
        );
      }
      return;
    }
    case "append":
      checkEntries(message);
      checkLeader(raft, message);
      if (term >= raft.term) checkCommitted(raft, message);
      return;
    case "heartbeat":
      checkLeader(raft, message);
      return;
    case "installSnapshot":
      checkPiece(message);
      checkLeader(raft, message);
      if (term >= raft.term) checkSnapshotPlace(raft, message);
      return;
    case "appendReply":
    case "heartbeatReply":
    case "installSnapshotReply":
      if (term === raft.term && raft.role.kind === "leader") checkAnswer(raft, raft.role, message);
      return;
    case "preVoteReply":
    case "voteReply":
    case "timeoutNow":
      return;
    default:
      unreachable(message);
  }
}

function refuse(message: Message, what: string): never {
  throw new EngineError(
    "MESSAGE_INVALID",
    `${message.kind} of master ${message.from} in term ${message.term}: ${what}; check that all ` +
      "masters run the same version, and that no two have the same id",
  );
}

/** The beginning of time has index 0 and term 0; nothing else has one of them. */
function isPlace(index: number, term: number): boolean {
  return (index === 0) === (term === 0);
}

function checkEntries(message: Append): void {
  const { prevIndex, prevTerm } = message;
  if (!isPlace(prevIndex, prevTerm) || prevTerm > message.term) {
    refuse(message, `nothing can follow entry ${prevIndex}/${prevTerm}`);
  }
  let term = Math.max(prevTerm, 1);
  for (let at = 0; at < message.entries.length; at++) {
    const entry = message.entries[at]!;
    const isNext = entry.index === prevIndex + 1 + at;
    if (!isNext || entry.term < term || entry.term > message.term) {
      refuse(message, `entry ${at} after ${prevIndex}/${prevTerm} is ${entry.index}/${entry.term}`);
    }
    if (entry.kind === "config" && decodeMembership(entry.data).voters.length === 0) {
      refuse(message, `after entry ${entry.index} nobody would vote`);
    }
    term = entry.term;
  }
}

/** A term has one leader, and who leads it knows. */
function checkLeader(raft: Raft, message: Append | Heartbeat | InstallSnapshot): void {
  if (message.term === 0) refuse(message, "nobody leads it");
  if (message.term !== raft.term) return;
  const leader = raft.role.kind === "leader" ? raft.id : raft.leader;
  if (leader !== undefined && leader !== message.from) refuse(message, `${leader} leads it`);
}

/** A leader has every committed entry, so whatever it says of one has to agree. */
function checkCommitted(raft: Raft, message: Append): void {
  const { log } = raft;
  const check = (index: number, term: number): void => {
    if (index > log.commitIndex) return;
    const here = termAt(log, index);
    if (here === undefined || here === term) return;
    refuse(message, `it has entry ${index}/${term}, and committed is ${index}/${here}`);
  };
  check(message.prevIndex, message.prevTerm);
  for (const { index, term } of message.entries) check(index, term);
}

function checkPiece(message: InstallSnapshot): void {
  const { snapshotIndex: index, snapshotTerm: term, bytes, done } = message;
  if (index === 0 || term === 0 || term > message.term) {
    refuse(message, `there can be no snapshot of entry ${index}/${term}`);
  }
  if (bytes.length === 0 && !done) refuse(message, `a piece of snapshot ${index} is empty`);
  const { voters } = message.membership;
  if (voters.length === 0) refuse(message, `by snapshot ${index} there are no masters at all`);
}

function checkSnapshotPlace(raft: Raft, message: InstallSnapshot): void {
  const { log } = raft;
  const { snapshotIndex: index, snapshotTerm: term } = message;
  const known = termAt(log, Math.min(index, log.commitIndex));
  const fits = index > log.commitIndex ? term >= (known ?? 0) : term === (known ?? term);
  if (!fits) refuse(message, `snapshot ${index}/${term} contradicts what is committed: ${known}`);
}

function checkAnswer(
  raft: Raft,
  role: LeaderRole,
  message: AppendReply | HeartbeatReply | InstallSnapshotReply,
): void {
  const progress = role.progress.get(message.from);
  if (progress === undefined) return;
  if (message.kind === "heartbeatReply") {
    const { readRound } = message;
    if (readRound <= role.readRound) return;
    refuse(message, `it answers round ${readRound} of reads, and ${role.readRound} was the last`);
  }
  const last = lastIndexOf(raft.log);
  if (message.index > last) refuse(message, `it speaks of entry ${message.index} of ${last}`);
  if (message.kind === "appendReply") return;
  const { state } = progress;
  if (state.kind !== "snapshot" || state.snapshot.index !== message.snapshotIndex) return;
  const size = state.snapshot.bytes.length;
  if (message.offset > size) {
    refuse(message, `it has ${message.offset} bytes of a snapshot of ${size}`);
  }
}
