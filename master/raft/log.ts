// The log in memory: a durable part, a tail still being saved, and marks of what is committed.

import { assert } from "../../proto/errors.ts";
import { type Entry, entryBytes, type Snapshot } from "./entry.ts";
import type { Membership } from "./membership.ts";
import { decodeMembership } from "./membership-codec.ts";
import type { PlantedBug } from "./planted-bugs.ts";

/** A save under way: once done, the log is durable up to `provesIndex`. */
interface Save {
  readonly sequence: number;
  provesIndex: number;
}

/** A membership and the entry that brought it; the first of all has no entry in the log. */
export interface PlacedMembership {
  readonly index: number;
  readonly membership: Membership;
}

export interface RaftLog {
  /** The entry just before the first one kept; 0 and 0 at the beginning of time. */
  baseIndex: number;
  baseTerm: number;
  entries: Entry[];
  /** Last entry handed out to be saved. */
  takenIndex: number;
  /** Last entry known to be durable here. */
  stableIndex: number;
  commitIndex: number;
  /** Last entry handed out to be applied, and last one that was. */
  applyingIndex: number;
  appliedIndex: number;
  /** The newest snapshot: what a follower gets that is too far behind. */
  snapshot: Snapshot | undefined;
  /** A snapshot received from a leader and not yet handed out to be saved. */
  unsavedSnapshot: Snapshot | undefined;
  /** Saves under way, oldest first. */
  saves: Save[];
  nextSequence: number;
  /**
   * What the log says about membership, oldest first. The last one is in effect, committed or not.
   * The first is the one at the snapshot.
   */
  memberships: PlacedMembership[];
  readonly plantedBug: PlantedBug | undefined;
}

export function newLog(
  snapshot: Snapshot | undefined,
  entries: readonly Entry[],
  commit: number,
  atStart: Membership = noMembers,
  plantedBug: PlantedBug | undefined = undefined,
): RaftLog {
  const baseIndex = snapshot?.index ?? 0;
  const lastIndex = baseIndex + entries.length;
  assert(commit <= lastIndex, `recovered commit ${commit} lies beyond the last entry ${lastIndex}`);
  const first = { index: baseIndex, membership: snapshot?.membership ?? atStart };
  return {
    baseIndex,
    baseTerm: snapshot?.term ?? 0,
    entries: [...entries],
    takenIndex: lastIndex,
    stableIndex: lastIndex,
    commitIndex: Math.max(commit, baseIndex),
    applyingIndex: baseIndex,
    appliedIndex: baseIndex,
    snapshot: snapshot && { ...snapshot, membership: first.membership },
    unsavedSnapshot: undefined,
    saves: [],
    nextSequence: 1,
    memberships: [first, ...entries.flatMap(placedMembership)],
    plantedBug,
  };
}

const noMembers: Membership = { voters: [], votersOutgoing: [], learners: [] };

function placedMembership(entry: Entry): readonly PlacedMembership[] {
  if (entry.kind !== "config") return [];
  return [{ index: entry.index, membership: decodeMembership(entry.data) }];
}

/** The membership in effect: the last one in the log. */
export function lastMembership(log: RaftLog): PlacedMembership {
  return log.memberships.at(-1)!;
}

/** The membership that was in effect at an index not below the snapshot. */
export function membershipAt(log: RaftLog, index: number): PlacedMembership {
  if (log.plantedBug === "snapshotKeepsUncommittedMembership") return lastMembership(log);
  const placed = log.memberships.findLast((one) => one.index <= index);
  assert(placed !== undefined, `the membership at ${index} is forgotten: the log begins later`);
  return placed;
}

export function lastIndexOf(log: RaftLog): number {
  return log.baseIndex + log.entries.length;
}

/**
 * The term at an index, or undefined where the log does not reach (compacted, or not there yet).
 */
export function termAt(log: RaftLog, index: number): number | undefined {
  if (index === log.baseIndex) return log.baseTerm;
  return log.entries[index - log.baseIndex - 1]?.term;
}

export function lastTermOf(log: RaftLog): number {
  return log.entries.at(-1)?.term ?? log.baseTerm;
}

/** Is a log that ends with (lastTerm, lastIndex) at least as complete as this one? */
export function isUpToDate(log: RaftLog, lastIndex: number, lastTerm: number): boolean {
  const ownTerm = lastTermOf(log);
  return lastTerm > ownTerm || (lastTerm === ownTerm && lastIndex >= lastIndexOf(log));
}

/** Entries from `fromIndex` on, within both bounds, but at least one where there is one. */
export function sliceLog(
  log: RaftLog,
  fromIndex: number,
  entriesMax: number,
  bytesMax: number,
): readonly Entry[] {
  const start = fromIndex - log.baseIndex - 1;
  assert(start >= 0, `entry ${fromIndex} was compacted: the log begins after ${log.baseIndex}`);
  const endMax = Math.min(log.entries.length, start + entriesMax);
  let bytes = 0;
  let end = start;
  while (end < endMax) {
    bytes += log.entries[end]!.data.length;
    if (bytes > bytesMax && end > start) break;
    end++;
  }
  return log.entries.slice(start, end);
}

/** Adds an entry at the end; a membership that it carries is in effect from now on. */
export function appendOwn(log: RaftLog, entry: Entry): void {
  const expected = lastIndexOf(log) + 1;
  assert(entry.index === expected, `own entry ${entry.index} does not follow ${expected - 1}`);
  log.entries.push(entry);
  log.memberships.push(...placedMembership(entry));
}

/**
 * Drops entries from `fromIndex` on. Saves that are still under way proved those entries, and prove
 * them no longer: an equal (index, term) may come back, be acknowledged by the old save, and then
 * be overwritten on disk by the save between.
 */
function truncateFrom(log: RaftLog, fromIndex: number): void {
  assert(
    fromIndex > log.commitIndex || log.plantedBug === "shortAppendTruncates",
    `a leader's entry contradicts committed entry ${fromIndex} (commit ${log.commitIndex})`,
  );
  log.entries.length = fromIndex - log.baseIndex - 1;
  const kept = fromIndex - 1;
  log.takenIndex = Math.min(log.takenIndex, kept);
  log.stableIndex = Math.min(log.stableIndex, kept);
  if (log.plantedBug !== "membershipOutlivesTruncation") {
    log.memberships = log.memberships.filter((placed) => placed.index < fromIndex);
  }
  if (log.plantedBug === "saveProvesOverwritten") return;
  for (const save of log.saves) save.provesIndex = Math.min(save.provesIndex, kept);
}

/**
 * Takes over a leader's entries after an agreed point. Entries we have already are kept, with all
 * that follows them: a late message must never shorten the log. Only a contradiction truncates.
 */
export function appendFromLeader(log: RaftLog, entries: readonly Entry[]): void {
  for (let at = 0; at < entries.length; at++) {
    const entry = entries[at]!;
    if (termAt(log, entry.index) === entry.term) continue;
    if (entry.index <= lastIndexOf(log)) truncateFrom(log, entry.index);
    for (const added of entries.slice(at)) appendOwn(log, added);
    return;
  }
  if (log.plantedBug === "shortAppendTruncates") {
    truncateFrom(log, (entries.at(-1)?.index ?? lastIndexOf(log)) + 1);
  }
}

/**
 * The highest index up to `index` whose term is at most `term`: where two logs can agree at best.
 */
export function highestPossibleAgreement(log: RaftLog, index: number, term: number): number {
  let at = Math.min(index, lastIndexOf(log));
  for (;;) {
    const here = termAt(log, at);
    if (here === undefined || here <= term) return at;
    at--;
  }
}

/** Moves the commit mark. Says whether it moved. */
export function commitTo(log: RaftLog, index: number): boolean {
  if (index <= log.commitIndex) return false;
  const last = lastIndexOf(log);
  assert(index <= last, `commit ${index} lies beyond the last entry ${last}: entries were lost`);
  log.commitIndex = index;
  return true;
}

/** Replaces the whole log by a leader's snapshot. Nothing is durable until it has been saved. */
export function restoreSnapshot(log: RaftLog, snapshot: Snapshot): void {
  assert(
    snapshot.index > log.commitIndex,
    `snapshot ${snapshot.index} would undo commit ${log.commitIndex}`,
  );
  log.baseIndex = snapshot.index;
  log.baseTerm = snapshot.term;
  log.entries = [];
  log.commitIndex = snapshot.index;
  const membership = snapshot.membership ?? log.memberships[0]!.membership;
  log.snapshot = { ...snapshot, membership };
  log.unsavedSnapshot = log.snapshot;
  log.memberships = [{ index: snapshot.index, membership }];
  log.takenIndex = snapshot.index;
  log.stableIndex = 0;
  for (const save of log.saves) save.provesIndex = 0;
}

/** How much of the log to keep below a snapshot, for followers that lag a little. */
export interface Keep {
  readonly entriesMax: number;
  readonly bytesMax: number;
}

/** Forgets entries that the saved snapshot covers, but for the last few of them. */
export function compactLog(log: RaftLog, snapshot: Snapshot, keep: Keep): void {
  // While it was written, a leader may have sent a newer one.
  if (snapshot.index <= (log.snapshot?.index ?? 0)) return;
  const { index, term } = snapshot;
  assert(index <= log.appliedIndex, `snapshot ${index} is ahead of applied ${log.appliedIndex}`);
  assert(termAt(log, index) === term, `snapshot ${index}/${term} is of ${termAt(log, index)}`);
  log.snapshot = {
    ...snapshot,
    membership: snapshot.membership ?? membershipAt(log, index).membership,
  };
  const current = log.memberships.findLastIndex((placed) => placed.index <= index);
  log.memberships.splice(0, Math.max(0, current));
  let dropped = index - log.baseIndex;
  let keptBytes = 0;
  const droppedMin = Math.max(0, dropped - keep.entriesMax);
  while (dropped > droppedMin) {
    keptBytes += entryBytes(log.entries[dropped - 1]!);
    if (keptBytes > keep.bytesMax) break;
    dropped--;
  }
  const base = log.entries[dropped - 1];
  if (base === undefined) return;
  log.entries.splice(0, dropped);
  log.baseIndex = base.index;
  log.baseTerm = base.term;
}

/** Entries that are committed and durable here and not yet handed out; at most `entriesMax`. */
export function takeCommitted(log: RaftLog, entriesMax: number): readonly Entry[] {
  const end = Math.min(log.commitIndex, log.stableIndex, log.applyingIndex + entriesMax);
  if (end <= log.applyingIndex) return [];
  const start = log.applyingIndex - log.baseIndex;
  assert(start >= 0, `entry ${log.applyingIndex + 1} was compacted before it was applied`);
  log.applyingIndex = end;
  return log.entries.slice(start, end - log.baseIndex);
}
