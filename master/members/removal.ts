// How a master learns that it was removed: from its own log, or from the leader that it would depose.

import { EngineError } from "../../proto/errors.ts";
import type { MasterId } from "../../proto/ids.ts";
import { lastMembership } from "../raft/log.ts";
import type { Membership } from "../raft/membership.ts";
import type { Message } from "../raft/messages.ts";
import type { MembershipStatus, Raft } from "../raft/state.ts";

/** A master and its data folder: another folder under the same id is another master. */
export interface Identified {
  readonly id: MasterId;
  readonly key: string;
}

/** A founder's folder has no key; nor has the record of one of which nothing is known. */
export function isMember(membership: Membership, { id, key }: Identified): boolean {
  const { voters, votersOutgoing, learners } = membership;
  const isNamed = [voters, votersOutgoing, learners].some((ids) => ids.includes(id));
  return isNamed && (membership.members?.get(id)?.key ?? "") === key;
}

/**
 * Told of each membership, says whether this master was removed. Only what is committed counts: a
 * change that was taken back made it neither a member nor removed. While it catches up, a master
 * that was added anew reads of earlier ones under its id, which had other folders.
 */
export function watchRemoval(raft: Raft, self: Identified): (now: MembershipStatus) => boolean {
  const { memberships, commitIndex } = raft.log;
  let wasMember = memberships.some(
    ({ index, membership }) => index <= commitIndex && isMember(membership, self),
  );
  return ({ isCommitted, membership }) => {
    if (!isCommitted) return false;
    const isOne = isMember(membership, self);
    const wasRemoved = wasMember && !isOne;
    wasMember = isOne;
    return wasRemoved;
  };
}

/**
 * Whether this leader knows for sure that a candidate was removed. Someone whom a later leader
 * added has seen that leader's term, and asks for one beyond it.
 */
export function isRemoved(raft: Raft, candidate: Identified, message: Message): boolean {
  if (message.kind !== "preVote" || raft.role.kind !== "leader") return false;
  const { index, membership } = lastMembership(raft.log);
  if (index > raft.log.commitIndex || message.term > raft.term + 1) return false;
  return !isMember(membership, candidate);
}

export function removedError(id: MasterId): EngineError {
  return new EngineError(
    "MASTER_REMOVED",
    `master ${id} was removed from its cluster: stop it for good, or empty its data folder, start ` +
      "it with --join, and add it again with millrace master add",
  );
}
