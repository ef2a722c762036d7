// Who takes part: voters, those being left during a change, learners; and how that changes.

import { EngineError, unreachable } from "../../proto/errors.ts";
import { asMasterId, type MasterId } from "../../proto/ids.ts";
import { mastersMax } from "../../proto/limits.ts";
import { allVoters, type Voters } from "./quorum.ts";

export interface Membership {
  readonly voters: readonly MasterId[];
  /** The voters being left; empty unless a change is under way. While not, both sets must agree. */
  readonly votersOutgoing: readonly MasterId[];
  /** They get the log and never count. One that still votes in the outgoing set counts there. */
  readonly learners: readonly MasterId[];
}

export type MembershipChange =
  | { readonly kind: "addLearner"; readonly id: MasterId }
  /** Of a learner: its promotion. */
  | { readonly kind: "addVoter"; readonly id: MasterId }
  /** Of a voter: from now on it only learns. */
  | { readonly kind: "demote"; readonly id: MasterId }
  | { readonly kind: "remove"; readonly id: MasterId }
  | { readonly kind: "replace"; readonly removed: MasterId; readonly added: MasterId };

export function membershipOf(voters: Voters): Membership {
  return { voters: voters.incoming, votersOutgoing: voters.outgoing, learners: [] };
}

export function votersOf(membership: Membership): Voters {
  return { incoming: membership.voters, outgoing: membership.votersOutgoing };
}

/** Everyone who gets the log, each once, in a fixed order. */
export function allMembers(membership: Membership): readonly MasterId[] {
  const voters = allVoters(votersOf(membership));
  return [...voters, ...membership.learners.filter((id) => !voters.includes(id))];
}

export function isJoint(membership: Membership): boolean {
  return membership.votersOutgoing.length > 0;
}

export function isSameMembership(left: Membership, right: Membership): boolean {
  const isSame = (some: readonly MasterId[], others: readonly MasterId[]): boolean =>
    some.length === others.length && some.every((id) => others.includes(id));
  return (
    isSame(left.voters, right.voters) &&
    isSame(left.votersOutgoing, right.votersOutgoing) &&
    isSame(left.learners, right.learners)
  );
}

/** What a change leads to in the end. Refuses what would leave nobody to vote. */
export function changedMembership(before: Membership, change: MembershipChange): Membership {
  const after = applyChange(before, change);
  if (after.voters.length === 0) {
    throw new EngineError(
      "USAGE",
      `${before.voters.join(", ")} is the only voter: without it the cluster could decide nothing ` +
        "any more; add another voter first",
    );
  }
  const count = allMembers(after).length;
  if (count > mastersMax) {
    throw new EngineError(
      "LIMIT_EXCEEDED",
      `a cluster has at most ${mastersMax} masters, and this change would make it ${count}; ` +
        "remove one first",
    );
  }
  return after;
}

function applyChange(before: Membership, change: MembershipChange): Membership {
  const { voters, learners } = before;
  switch (change.kind) {
    case "addLearner":
      return settled(voters, voters.includes(change.id) ? learners : added(learners, change.id));
    case "addVoter":
      return settled(added(voters, change.id), without(learners, change.id));
    case "demote":
      if (!voters.includes(change.id)) {
        throw new EngineError("USAGE", `${change.id} does not vote, so it cannot be demoted`);
      }
      return settled(without(voters, change.id), added(learners, change.id));
    case "remove":
      return settled(without(voters, change.id), without(learners, change.id));
    case "replace": {
      if (!voters.includes(change.removed) && !voters.includes(change.added)) {
        throw new EngineError("USAGE", `${change.removed} does not vote: nothing to replace`);
      }
      const kept = without(voters, change.removed);
      return settled(added(kept, change.added), without(learners, change.added));
    }
    default:
      return unreachable(change);
  }
}

function settled(voters: readonly MasterId[], learners: readonly MasterId[]): Membership {
  return { voters, votersOutgoing: [], learners };
}

function added(ids: readonly MasterId[], id: MasterId): readonly MasterId[] {
  return ids.includes(id) ? ids : [...ids, id];
}

function without(ids: readonly MasterId[], id: MasterId): readonly MasterId[] {
  return ids.filter((one) => one !== id);
}

/** The first step of a change: where voters differ, old and new have to agree for a while. */
export function entered(before: Membership, after: Membership): Membership {
  const isSame = isSameMembership({ ...before, learners: [] }, { ...after, learners: [] });
  return isSame ? after : { ...after, votersOutgoing: before.voters };
}

/** The second step: the new voters alone. */
export function left(membership: Membership): Membership {
  return { ...membership, votersOutgoing: [] };
}

/** As the data of an entry: ASCII, the same bytes for the same membership. */
export function encodeMembership(membership: Membership): Uint8Array {
  const { voters, votersOutgoing, learners } = membership;
  const text = JSON.stringify([voters, votersOutgoing, learners]).replace(
    /[^ -~]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

/** Throws MESSAGE_INVALID for bytes that no correct master would have written. */
export function decodeMembership(bytes: Uint8Array): Membership {
  const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  const parsed = parse(text);
  const lists = Array.isArray(parsed) ? parsed.map(idsOf) : [];
  const [voters, votersOutgoing, learners] = lists;
  if (!voters || !votersOutgoing || !learners || lists.length !== 3) {
    throw new EngineError(
      "MESSAGE_INVALID",
      `a membership of ${bytes.length} bytes makes no sense; check that all masters run the same ` +
        "version",
    );
  }
  return { voters, votersOutgoing, learners };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Undefined for anything but a list of different names. */
function idsOf(value: unknown): readonly MasterId[] | undefined {
  if (!Array.isArray(value) || value.length > 2 * mastersMax) return undefined;
  const ids: MasterId[] = [];
  for (const id of value) {
    if (typeof id !== "string" || id === "" || ids.includes(asMasterId(id))) return undefined;
    ids.push(asMasterId(id));
  }
  return ids;
}
