// Everything that masters say to each other about the log.

import { unreachable } from "../../proto/errors.ts";
import type { MasterId } from "../../proto/ids.ts";
import type { Entry } from "./entry.ts";
import type { Membership } from "./membership.ts";

interface Envelope {
  readonly from: MasterId;
  readonly to: MasterId;
  readonly term: number;
}

/** "Would you vote for me?" Its `term` is the one it would campaign in; nobody adopts that term. */
export interface PreVote extends Envelope {
  readonly kind: "preVote";
  readonly lastIndex: number;
  readonly lastTerm: number;
}

/** When granted, `term` is the term asked for; when refused, it is the term of who refuses. */
export interface PreVoteReply extends Envelope {
  readonly kind: "preVoteReply";
  readonly granted: boolean;
}

export interface Vote extends Envelope {
  readonly kind: "vote";
  readonly lastIndex: number;
  readonly lastTerm: number;
  /** The leader itself asked for this election, so hearing from it is no reason to refuse. */
  readonly force: boolean;
}

export interface VoteReply extends Envelope {
  readonly kind: "voteReply";
  readonly granted: boolean;
}

/** Entries that follow (prevIndex, prevTerm). Without entries it probes, or tells of a commit. */
export interface Append extends Envelope {
  readonly kind: "append";
  readonly prevIndex: number;
  readonly prevTerm: number;
  readonly entries: readonly Entry[];
  readonly commit: number;
}

export interface AppendReply extends Envelope {
  readonly kind: "appendReply";
  readonly rejected: boolean;
  /** Accepted: the log agrees, durably, up to here. Rejected: the `prevIndex` that did not fit. */
  readonly index: number;
  /** Rejected: the sender's log cannot agree with the leader's above this index ... */
  readonly hintIndex: number;
  /** ... where it has this term. */
  readonly hintTerm: number;
}

export interface Heartbeat extends Envelope {
  readonly kind: "heartbeat";
  readonly commit: number;
  /** The latest round of reads that waits for a quorum to confirm this leader. */
  readonly readRound: number;
}

export interface HeartbeatReply extends Envelope {
  readonly kind: "heartbeatReply";
  readonly readRound: number;
}

/** Bytes [offset, offset + bytes.length) of a snapshot; `done` with the last of them. */
export interface InstallSnapshot extends Envelope {
  readonly kind: "installSnapshot";
  readonly snapshotIndex: number;
  readonly snapshotTerm: number;
  readonly membership: Membership;
  readonly offset: number;
  readonly done: boolean;
  readonly bytes: Uint8Array;
}

/** The log agrees with the leader's, durably, up to `index`. */
export interface InstallSnapshotReply extends Envelope {
  readonly kind: "installSnapshotReply";
  readonly index: number;
  /** The snapshot that this is about, and how many bytes of it are here: where to go on. */
  readonly snapshotIndex: number;
  readonly offset: number;
}

/** "Campaign at once": how a leader hands over. */
export interface TimeoutNow extends Envelope {
  readonly kind: "timeoutNow";
}

export type Message =
  | PreVote
  | PreVoteReply
  | Vote
  | VoteReply
  | Append
  | AppendReply
  | Heartbeat
  | HeartbeatReply
  | InstallSnapshot
  | InstallSnapshotReply
  | TimeoutNow;

export type MessageKind = Message["kind"];

/** Whether it answers a message of another master, and promises nothing beside. */
export function isAnswer(kind: MessageKind): boolean {
  switch (kind) {
    case "preVoteReply":
    case "voteReply":
    case "appendReply":
    case "heartbeatReply":
    case "installSnapshotReply":
      return true;
    case "preVote":
    case "vote":
    case "append":
    case "heartbeat":
    case "installSnapshot":
    case "timeoutNow":
      return false;
    default:
      return unreachable(kind);
  }
}

/**
 * Whether an answer may come back on the connection that the question left by. One that keeps a leader
 * may not: it is sent to the leader's address, so that a leader whom nobody can reach any more, though
 * it still reaches all, is no longer heard as one, and cannot be elected either.
 */
export function mayTravelBack(kind: MessageKind): boolean {
  return kind === "appendReply" || kind === "installSnapshotReply";
}

/** Whether whoever receives it sends, in any case, an answer that may travel back. */
export function isAnsweredBack(kind: MessageKind): boolean {
  return kind === "append" || kind === "installSnapshot";
}
