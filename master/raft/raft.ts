// The face of the Raft core: make one, feed it ticks, messages and proposals, take what is ready.

import { assert, EngineError, unreachable } from "../../proto/errors.ts";
import type { MasterId } from "../../proto/ids.ts";
import type { RandomStream } from "../../proto/ports/random.ts";
import {
  handleVoteReply,
  handleVoteRequest,
  refuseOldCandidate,
  startPreVote,
  startVote,
  tickElection,
} from "./candidate.ts";
import { checkMessage } from "./check-message.ts";
import type { RaftConfig } from "./config.ts";
import type { Entry, HardState, Snapshot } from "./entry.ts";
import { refuseOldLeader, stepFromLeader } from "./follower.ts";
import {
  type ProposeResult,
  proposeOnLeader,
  stepLeader,
  tickLeader,
  transferOnLeader,
} from "./leader.ts";
import { lastTermOf, newLog } from "./log.ts";
import { type Members, type MembershipChange, membershipOf } from "./membership.ts";
import { type ChangeResult, changeOnLeader } from "./membership-change.ts";
import type { Message } from "./messages.ts";
import type { Voters } from "./quorum.ts";
import { type ReadResult, readOnLeader } from "./reads.ts";
import type { SnapshotCheck } from "./snapshot-assembly.ts";
import { becomeFollower, hearsFromLeader, type Raft, resetElectionTimer } from "./state.ts";

export interface RaftStart {
  readonly id: MasterId;
  /** Who votes until the log or a snapshot says otherwise. A master that is to be added is none. */
  readonly voters: Voters;
  /** What is known of them, until the log or a snapshot says otherwise. */
  readonly members?: Members | undefined;
  readonly config: RaftConfig;
  readonly random: RandomStream;
  /** As recovered from disk. The state machine has been restored from the snapshot already. */
  readonly hardState: HardState;
  readonly snapshot: Snapshot | undefined;
  readonly entries: readonly Entry[];
  /** For each snapshot that a leader begins to send: throws for what the state machine could not restore. */
  readonly openSnapshotCheck?: (() => SnapshotCheck) | undefined;
}

const unchecked: SnapshotCheck = { take: () => {}, finish: () => {} };

export function createRaft(start: RaftStart): Raft {
  const { id, voters, config, random, hardState } = start;
  assert(config.electionTicksMax > config.electionTicksMin, "election timeouts need a range");
  assert(config.electionTicksMin > config.heartbeatTicks, "a timeout must outlast a heartbeat");
  const log = newLog(
    start.snapshot,
    start.entries,
    hardState.commit,
    membershipOf(voters, start.members),
    config.plantedBug,
  );
  assert(
    lastTermOf(log) <= hardState.term,
    `recovered term ${hardState.term} is older than the last entry's term ${lastTermOf(log)}`,
  );
  const raft: Raft = {
    id,
    config,
    random,
    log,
    term: hardState.term,
    votedFor: hardState.votedFor,
    leader: undefined,
    role: { kind: "follower" },
    electionElapsedTicks: 0,
    electionTimeoutTicks: config.electionTicksMax,
    saveTicks: 0,
    takenHardState: hardState,
    takenStatus: undefined,
    takenMembership: undefined,
    openSnapshotCheck: start.openSnapshotCheck ?? ((): SnapshotCheck => unchecked),
    assembly: undefined,
    messagesBeforeSync: [],
    messagesAfterSync: [],
    readOutcomes: [],
  };
  resetElectionTimer(raft);
  return raft;
}

/** One tick of time passed. */
export function tick(raft: Raft): void {
  raft.saveTicks = raft.log.saves.length === 0 ? 0 : raft.saveTicks + 1;
  if (raft.role.kind === "leader") tickLeader(raft, raft.role);
  else tickElection(raft);
}

/** Campaigns now instead of after a timeout. A single master leads when this returns. */
export function campaign(raft: Raft): void {
  startPreVote(raft);
}

export function propose(raft: Raft, data: Uint8Array): ProposeResult {
  if (data.length > raft.config.entryBytesMax) {
    throw new EngineError(
      "LIMIT_EXCEEDED",
      `a command of ${data.length} bytes exceeds the bound of ${raft.config.entryBytesMax} for ` +
        "one log entry; send less at once",
      { limitBytes: raft.config.entryBytesMax, peakBytes: data.length },
    );
  }
  if (raft.role.kind !== "leader") return { kind: "notLeader", leader: raft.leader };
  return proposeOnLeader(raft, raft.role, data);
}

/** Asks for a linearizable read; the answer comes in `Ready.reads` under the same context. */
export function readIndex(raft: Raft, context: number): ReadResult {
  if (raft.role.kind !== "leader") return { kind: "notLeader", leader: raft.leader };
  return readOnLeader(raft, raft.role, context);
}

/** Begins to hand leadership to `to`. False when this is not possible now. */
export function transferLeadership(raft: Raft, to: MasterId): boolean {
  return raft.role.kind === "leader" && transferOnLeader(raft, raft.role, to);
}

/**
 * Begins a change of membership. Throws USAGE for one that must not be; the outcome of one that was
 * begun comes in `Ready.membership`.
 */
export function changeMembership(raft: Raft, change: MembershipChange): ChangeResult {
  if (raft.role.kind !== "leader") return { kind: "notLeader", leader: raft.leader };
  return changeOnLeader(raft, raft.role, change);
}

/** Takes in a message from another master. Throws MESSAGE_INVALID, and nothing has changed. */
export function step(raft: Raft, message: Message): void {
  assert(message.to === raft.id, `message for ${message.to} reached ${raft.id}`);
  checkMessage(raft, message);
  if (message.term > raft.term && !meetNewerTerm(raft, message)) return;
  if (message.term < raft.term) refuseOldTerm(raft, message);
  else stepSameTerm(raft, message);
}

/** Adopts a newer term where that is right. False: the message is to be ignored. */
function meetNewerTerm(raft: Raft, message: Message): boolean {
  switch (message.kind) {
    case "preVote":
      return !hearsFromLeader(raft);
    case "vote":
      // A node that was removed or cut off must not depose a leader that others hear.
      if (hearsFromLeader(raft) && !message.force) return false;
      becomeFollower(raft, message.term, undefined);
      return true;
    case "preVoteReply":
      if (!message.granted) becomeFollower(raft, message.term, undefined);
      return true;
    case "append":
    case "heartbeat":
    case "installSnapshot":
      becomeFollower(raft, message.term, message.from);
      return true;
    case "voteReply":
    case "appendReply":
    case "heartbeatReply":
    case "installSnapshotReply":
    case "timeoutNow":
      becomeFollower(raft, message.term, undefined);
      return true;
    default:
      return unreachable(message);
  }
}

function refuseOldTerm(raft: Raft, message: Message): void {
  switch (message.kind) {
    case "preVote":
    case "vote":
      refuseOldCandidate(raft, message);
      return;
    case "append":
    case "heartbeat":
    case "installSnapshot":
      refuseOldLeader(raft, message);
      return;
    case "preVoteReply":
    case "voteReply":
    case "appendReply":
    case "heartbeatReply":
    case "installSnapshotReply":
    case "timeoutNow":
      return;
    default:
      unreachable(message);
  }
}

function stepSameTerm(raft: Raft, message: Message): void {
  switch (message.kind) {
    case "preVote":
    case "vote":
      handleVoteRequest(raft, message);
      return;
    case "preVoteReply":
    case "voteReply":
      handleVoteReply(raft, message);
      return;
    case "append":
    case "heartbeat":
    case "installSnapshot":
      assert(raft.role.kind !== "leader", `${message.from} leads term ${raft.term} as well`);
      stepFromLeader(raft, message);
      return;
    case "appendReply":
    case "heartbeatReply":
    case "installSnapshotReply":
      if (raft.role.kind === "leader") stepLeader(raft, raft.role, message);
      return;
    case "timeoutNow":
      if (raft.role.kind === "follower" && raft.leader === message.from) startVote(raft, true);
      return;
    default:
      unreachable(message);
  }
}
