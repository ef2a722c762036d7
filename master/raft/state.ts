// The whole state of one Raft core, and the few things that every role does with it.

import { unreachable } from "../../proto/errors.ts";
import type { MasterId } from "../../proto/ids.ts";
import type { RandomStream } from "../../proto/ports/random.ts";
import type { RaftConfig } from "./config.ts";
import type { HardState } from "./entry.ts";
import { lastMembership, type PlacedMembership, type RaftLog } from "./log.ts";
import { votersOf } from "./membership.ts";
import type { Message } from "./messages.ts";
import type { Progress } from "./progress.ts";
import { allVoters, type Voters } from "./quorum.ts";
import type { SnapshotAssembly, SnapshotCheck } from "./snapshot-assembly.ts";

export interface LeaderRole {
  readonly kind: "leader";
  /** Every other member, and who is being removed until that is committed. */
  readonly progress: Map<MasterId, Progress>;
  heartbeatElapsedTicks: number;
  uncommittedBytes: number;
  /** The last round of reads that was begun, and the reads not yet confirmed, oldest first. */
  readRound: number;
  reads: PendingRead[];
  transfer: { readonly to: MasterId; elapsedTicks: number; sent: boolean } | undefined;
}

export interface PendingRead {
  readonly context: number;
  /** The round that confirms it and the commit index it needs; undefined until the round begins. */
  started: { readonly round: number; readonly index: number } | undefined;
}

export type Role =
  | { readonly kind: "follower" }
  | { readonly kind: "preCandidate"; readonly votes: Map<MasterId, boolean> }
  | { readonly kind: "candidate"; readonly votes: Map<MasterId, boolean> }
  | LeaderRole;

/**
 * `ready`: once `index` is applied the read is linearizable. `lost`: ask again, maybe elsewhere.
 */
export type ReadOutcome =
  | { readonly kind: "ready"; readonly context: number; readonly index: number }
  | { readonly kind: "lost"; readonly context: number };

export interface Status {
  readonly role: Role["kind"];
  readonly term: number;
  readonly leader: MasterId | undefined;
}

/** The membership in effect, and whether the entry that brought it is committed. */
export interface MembershipStatus extends PlacedMembership {
  readonly isCommitted: boolean;
}

export interface Raft {
  readonly id: MasterId;
  readonly config: RaftConfig;
  readonly random: RandomStream;
  readonly log: RaftLog;
  term: number;
  votedFor: MasterId | undefined;
  leader: MasterId | undefined;
  role: Role;
  /**
   * On a leader: ticks since it last checked its quorum. Else: since a leader or candidate counted.
   */
  electionElapsedTicks: number;
  electionTimeoutTicks: number;
  /** Ticks since a save under way last ended: the disk of a master may hang without failing. */
  saveTicks: number;
  /** What the driver was last told, so that it is told of changes only. */
  takenHardState: HardState;
  takenStatus: Status | undefined;
  takenMembership: MembershipStatus | undefined;
  readonly openSnapshotCheck: () => SnapshotCheck;
  /** The pieces so far of a snapshot that a leader is sending. */
  assembly: SnapshotAssembly | undefined;
  messagesBeforeSync: Message[];
  messagesAfterSync: Message[];
  readOutcomes: ReadOutcome[];
}

/**
 * Queues a message. What claims something about our durable state (our vote, our log) must wait for
 * the disk. A candidacy waits too: sent before its term is durable, it could be made twice in one
 * term with two different logs. The rest claims nothing that a crash could make false.
 */
export function send(raft: Raft, message: Message): void {
  switch (message.kind) {
    case "vote":
    case "voteReply":
    case "appendReply":
    case "installSnapshotReply":
      if (raft.config.plantedBug === "repliesBeforeSync") raft.messagesBeforeSync.push(message);
      else raft.messagesAfterSync.push(message);
      return;
    case "preVote":
    case "preVoteReply":
    case "append":
    case "heartbeat":
    case "heartbeatReply":
    case "installSnapshot":
    case "timeoutNow":
      raft.messagesBeforeSync.push(message);
      return;
    default:
      unreachable(message);
  }
}

/** Whose votes and durable logs count now. */
export function currentVoters(raft: Raft): Voters {
  const voters = votersOf(lastMembership(raft.log).membership);
  if (raft.config.plantedBug !== "jointCountsTogether") return voters;
  return { incoming: allVoters(voters), outgoing: [] };
}

export function membershipStatusOf(raft: Raft): MembershipStatus {
  const placed = lastMembership(raft.log);
  return { ...placed, isCommitted: placed.index <= raft.log.commitIndex };
}

/** Starts the wait for an election anew, with a new random length. */
export function resetElectionTimer(raft: Raft): void {
  const { electionTicksMin, electionTicksMax } = raft.config;
  raft.electionElapsedTicks = 0;
  raft.electionTimeoutTicks =
    electionTicksMin + raft.random.below(electionTicksMax - electionTicksMin);
}

export function becomeFollower(raft: Raft, term: number, leader: MasterId | undefined): void {
  if (term > raft.term) {
    raft.term = term;
    raft.votedFor = undefined;
    raft.assembly = undefined;
  }
  if (raft.role.kind === "leader") {
    for (const read of raft.role.reads) {
      raft.readOutcomes.push({ kind: "lost", context: read.context });
    }
  }
  raft.role = { kind: "follower" };
  raft.leader = leader;
  resetElectionTimer(raft);
}

/** A leader was heard from so lately that it is surely not gone: no time for an election. */
export function hearsFromLeader(raft: Raft): boolean {
  if (raft.config.plantedBug === "removedServerDisrupts") return false;
  return raft.leader !== undefined && raft.electionElapsedTicks < raft.config.electionTicksMin;
}

/**
 * The disk does not answer: such a master acknowledges nothing, so it must not stand in the way of
 * others. It still follows, and what it was given is acknowledged if the disk comes back.
 */
export function isDiskStalled(raft: Raft): boolean {
  return raft.saveTicks >= raft.config.saveTicksMax;
}

export function statusOf(raft: Raft): Status {
  return { role: raft.role.kind, term: raft.term, leader: raft.leader };
}
