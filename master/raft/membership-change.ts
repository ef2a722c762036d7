// Changes of membership on a leader: through a joint state in which old and new voters must agree.

import { assert } from "../../proto/errors.ts";
import type { MasterId } from "../../proto/ids.ts";
import { type Entry, entryBytes } from "./entry.ts";
import { appendOwn, lastIndexOf, lastMembership, termAt } from "./log.ts";
import {
  allMembers,
  changedMembership,
  entered,
  isJoint,
  isRekeyed,
  isSameMembership,
  left,
  type Membership,
  type MembershipChange,
  votersOf,
} from "./membership.ts";
import { encodeMembership } from "./membership-codec.ts";
import { newProgress } from "./progress.ts";
import { isVoter } from "./quorum.ts";
import { replicate, tellCommit } from "./replicate.ts";
import { becomeFollower, type LeaderRole, type Raft, send } from "./state.ts";

export type ChangeResult =
  /** Begun. It is done when a membership of this index or later, not joint, is committed. */
  | { readonly kind: "accepted"; readonly index: number; readonly term: number }
  /** It is so already. */
  | { readonly kind: "unchanged" }
  | { readonly kind: "notLeader"; readonly leader: MasterId | undefined }
  /** Ask again soon: this leader has not yet committed an entry of its own term. */
  | { readonly kind: "notReady" }
  /** Ask again later: another change, or a transfer of leadership, is under way. */
  | { readonly kind: "busy" }
  /** Ask again later: this learner lacks too much of the log to be relied on. */
  | { readonly kind: "learnerBehind"; readonly index: number; readonly commit: number };

export function changeOnLeader(
  raft: Raft,
  role: LeaderRole,
  change: MembershipChange,
): ChangeResult {
  const { log, config } = raft;
  const isUnsafe = config.plantedBug === "configBeforeOwnTerm";
  // A change made by an earlier leader may be lost or not: only a commit of our own term decides.
  if (termAt(log, log.commitIndex) !== raft.term && !isUnsafe) return { kind: "notReady" };
  const { index: lastIndex, membership: before } = lastMembership(log);
  if (lastIndex > log.commitIndex || isJoint(before) || role.transfer !== undefined) {
    return { kind: "busy" };
  }
  const after = changedMembership(before, change);
  const changesKeys = allMembers(after).some((id) => isRekeyed(before, after, id));
  if (isSameMembership(before, after) && !changesKeys) return { kind: "unchanged" };
  const behind = findLearnerBehind(raft, role, before, after, lastIndex);
  if (behind !== undefined) return behind;
  // What its earlier folder had agreed to says nothing about the new one.
  if (change.kind === "rekey") role.progress.delete(change.id);
  appendMembership(raft, role, isUnsafe ? after : entered(before, after));
  return { kind: "accepted", index: lastIndexOf(log), term: raft.term };
}

/**
 * A learner becomes a voter only when it would not hold up commits for long, and never before it has
 * the entry that made it one: until then nobody may be there at all.
 */
function findLearnerBehind(
  raft: Raft,
  role: LeaderRole,
  before: Membership,
  after: Membership,
  membershipIndex: number,
): ChangeResult | undefined {
  const commit = raft.log.commitIndex;
  for (const id of after.voters) {
    if (!before.learners.includes(id)) continue;
    const index = role.progress.get(id)?.match ?? 0;
    if (index < membershipIndex || index + raft.config.appendEntriesMax < commit) {
      return { kind: "learnerBehind", index, commit };
    }
  }
  return undefined;
}

function appendMembership(raft: Raft, role: LeaderRole, membership: Membership): void {
  const index = lastIndexOf(raft.log) + 1;
  const data = encodeMembership(membership);
  const entry: Entry = { index, term: raft.term, kind: "config", data };
  appendOwn(raft.log, entry);
  role.uncommittedBytes += entryBytes(entry);
  for (const id of allMembers(membership)) {
    if (id === raft.id || role.progress.has(id)) continue;
    // Counted as heard from: whoever joins must not make this leader believe that it is cut off.
    role.progress.set(id, { ...newProgress(index), recentlyActive: true, reachesUs: true });
  }
}

/** After each move of the commit mark: takes the next step of a change that is under way. */
export function continueChange(raft: Raft, role: LeaderRole): void {
  const { index, membership } = lastMembership(raft.log);
  if (index > raft.log.commitIndex) return;
  if (isJoint(membership)) {
    appendMembership(raft, role, left(membership));
    return;
  }
  const members = allMembers(membership);
  const removed = [...role.progress.keys()].filter((id) => !members.includes(id));
  const isVoting = isVoter(votersOf(membership), raft.id);
  if (removed.length === 0 && isVoting) return;
  // A last message tells those who leave that they have left, and the others what is committed.
  replicate(raft, role);
  tellCommit(raft, role);
  for (const id of removed) role.progress.delete(id);
  if (!isVoting) retire(raft, role, membership);
}

/** A leader that was voted out names a successor that has everything, and follows. */
function retire(raft: Raft, role: LeaderRole, membership: Membership): void {
  const { id: from, term } = raft;
  const matchOf = (id: MasterId): number => role.progress.get(id)?.match ?? 0;
  const [to] = [...membership.voters].sort((one, other) => matchOf(other) - matchOf(one));
  assert(to !== undefined && to !== from, `${from} retires and nobody is left to vote`);
  if (matchOf(to) === lastIndexOf(raft.log)) send(raft, { kind: "timeoutNow", from, to, term });
  becomeFollower(raft, term, undefined);
}
