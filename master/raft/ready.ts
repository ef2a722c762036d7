// What the core wants done, handed to its driver; and the driver's word that it was.

import { assert } from "../../proto/errors.ts";
import type { Entry, HardState, Snapshot } from "./entry.ts";
import { maybeCommit } from "./leader.ts";
import {
  compactLog,
  lastIndexOf,
  lastMembership,
  lastTermOf,
  membershipAt,
  type RaftLog,
  takeCommitted,
  termAt,
} from "./log.ts";
import type { Message } from "./messages.ts";
import { startReadRound } from "./reads.ts";
import { replicate } from "./replicate.ts";
import {
  type MembershipStatus,
  membershipStatusOf,
  type Raft,
  type ReadOutcome,
  type Status,
  statusOf,
} from "./state.ts";

/** Names one save. Given back to `persisted` once the save is durable. */
export interface SaveTicket {
  readonly sequence: number;
  readonly lastIndex: number;
  readonly lastTerm: number;
}

export interface Ready {
  /** Present exactly when there is something to save: `hardState`, `snapshot` or `entries`. */
  readonly ticket: SaveTicket | undefined;
  readonly hardState: HardState | undefined;
  /** Replaces the whole log and state machine; saved before `entries`. */
  readonly snapshot: Snapshot | undefined;
  /** To append; an entry replaces the saved one of the same index and all that followed it. */
  readonly entries: readonly Entry[];
  /** May leave at once. */
  readonly messagesBeforeSync: readonly Message[];
  /** May leave only when this save and every earlier one is durable. */
  readonly messagesAfterSync: readonly Message[];
  /** Committed and durable here: to be applied, in order, after any earlier snapshot. */
  readonly committed: readonly Entry[];
  readonly reads: readonly ReadOutcome[];
  /** Present when role, term or leader changed. */
  readonly status: Status | undefined;
  /** Present when membership changed, was changed back, or became committed. */
  readonly membership: MembershipStatus | undefined;
}

type ToSave = Pick<Ready, "ticket" | "hardState" | "snapshot" | "entries" | "messagesAfterSync">;

const nothingToSave: ToSave = {
  ticket: undefined,
  hardState: undefined,
  snapshot: undefined,
  entries: [],
  messagesAfterSync: [],
};

/** Everything there is to do now, or undefined. Each thing is handed out once. */
export function takeReady(raft: Raft): Ready | undefined {
  if (raft.role.kind === "leader") {
    startReadRound(raft, raft.role);
    replicate(raft, raft.role);
  }
  const isSaveAllowed = raft.log.saves.length < raft.config.savesInflightMax;
  const toSave = isSaveAllowed ? takeToSave(raft) : nothingToSave;
  const messagesBeforeSync = raft.messagesBeforeSync;
  raft.messagesBeforeSync = [];
  const reads = raft.readOutcomes;
  raft.readOutcomes = [];
  const committed = takeCommitted(raft.log, raft.config.appendEntriesMax);
  const status = takeStatus(raft);
  const membership = takeMembership(raft);
  const isEmpty =
    toSave.ticket === undefined &&
    messagesBeforeSync.length + toSave.messagesAfterSync.length === 0 &&
    committed.length + reads.length === 0 &&
    status === undefined &&
    membership === undefined;
  if (isEmpty) return undefined;
  // Field by field: copying by spreading took most of the time of this function.
  return {
    ticket: toSave.ticket,
    hardState: toSave.hardState,
    snapshot: toSave.snapshot,
    entries: toSave.entries,
    messagesBeforeSync,
    messagesAfterSync: toSave.messagesAfterSync,
    committed,
    reads,
    status,
    membership,
  };
}

function takeMembership(raft: Raft): MembershipStatus | undefined {
  const before = raft.takenMembership;
  const { membership, index } = lastMembership(raft.log);
  const isCommitted = index <= raft.log.commitIndex;
  if (membership === before?.membership && isCommitted === before.isCommitted) return undefined;
  raft.takenMembership = membershipStatusOf(raft);
  return raft.takenMembership;
}

function takeStatus(raft: Raft): Status | undefined {
  const { role, term, leader, takenStatus: before } = raft;
  if (role.kind === before?.role && term === before.term && leader === before.leader) {
    return undefined;
  }
  raft.takenStatus = statusOf(raft);
  return raft.takenStatus;
}

const none: readonly Entry[] = [];

function takeToSave(raft: Raft): ToSave {
  const log = raft.log;
  const snapshot = log.unsavedSnapshot;
  log.unsavedSnapshot = undefined;
  if (snapshot !== undefined) log.applyingIndex = snapshot.index;
  const hasEntries = log.takenIndex < lastIndexOf(log);
  const entries = hasEntries ? log.entries.slice(log.takenIndex - log.baseIndex) : none;
  log.takenIndex = lastIndexOf(log);
  const hardState = takeHardState(raft, snapshot !== undefined || entries.length > 0);
  const messagesAfterSync = raft.messagesAfterSync;
  raft.messagesAfterSync = [];
  const hasSave = snapshot !== undefined || entries.length > 0 || hardState !== undefined;
  const ticket = hasSave ? beginSave(log) : undefined;
  return { ticket, hardState, snapshot, entries, messagesAfterSync };
}

/** A moved commit mark alone is not worth a sync: it rides along with the next save. */
function takeHardState(raft: Raft, isSaving: boolean): HardState | undefined {
  const { term, votedFor, takenHardState: before } = raft;
  const commit = raft.log.commitIndex;
  const isUrgent = term !== before.term || votedFor !== before.votedFor;
  if (!isUrgent && !(isSaving && commit !== before.commit)) return undefined;
  const now: HardState = { term, votedFor, commit };
  if (raft.config.plantedBug === "termAndVoteApart" && now.term !== before.term) {
    raft.takenHardState = { ...now, votedFor: undefined };
    return raft.takenHardState;
  }
  raft.takenHardState = now;
  return now;
}

function beginSave(log: RaftLog): SaveTicket {
  const sequence = log.nextSequence++;
  const lastIndex = lastIndexOf(log);
  log.saves.push({ sequence, provesIndex: lastIndex });
  return { sequence, lastIndex, lastTerm: lastTermOf(log) };
}

/** The save of this ticket is durable. Saves end in the order in which they were handed out. */
export function persisted(raft: Raft, ticket: SaveTicket): void {
  const log = raft.log;
  const save = log.saves.shift();
  raft.saveTicks = 0;
  assert(
    save?.sequence === ticket.sequence,
    `save ${ticket.sequence} ended out of order: ${save?.sequence ?? "none"} was next`,
  );
  if (save.provesIndex <= log.stableIndex) return;
  if (save.provesIndex === ticket.lastIndex && save.provesIndex >= log.baseIndex) {
    const term = termAt(log, ticket.lastIndex);
    assert(
      term === ticket.lastTerm,
      `save ${ticket.sequence} proves ${ticket.lastIndex}/${ticket.lastTerm}, not ${term}`,
    );
  }
  log.stableIndex = save.provesIndex;
  if (raft.role.kind === "leader") maybeCommit(raft, raft.role);
}

/** The state machine has applied everything up to `index`. */
export function applied(raft: Raft, index: number): void {
  const { appliedIndex, applyingIndex } = raft.log;
  assert(
    index >= appliedIndex && index <= applyingIndex,
    `applied ${index} is outside [${appliedIndex}, ${applyingIndex}]`,
  );
  raft.log.appliedIndex = index;
}

/**
 * To be saved as a snapshot: what the state machine is after (index, term), all of it committed. Undefined on a
 * master that joined and has not applied its own addition: the founders stand in no entry, so it cannot say who the
 * masters were up to there, and whoever restored that snapshot would believe that there are none.
 */
export function snapshotAt(
  raft: Raft,
  applied: { readonly index: number; readonly term: number },
  bytes: Uint8Array,
): Snapshot | undefined {
  const { membership } = membershipAt(raft.log, applied.index);
  if (membership.voters.length === 0) return undefined;
  return { index: applied.index, term: applied.term, bytes, membership };
}

/** A snapshot of our own state machine is durable: the log below it may go, but for a remainder. */
export function compacted(raft: Raft, snapshot: Snapshot): void {
  compactLog(raft.log, snapshot, {
    entriesMax: raft.config.entriesKeptAfterSnapshot,
    bytesMax: raft.config.bytesKeptAfterSnapshot,
  });
}
