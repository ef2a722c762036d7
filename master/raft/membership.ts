// Who takes part: voters, those being left during a change, learners; and how that changes.

import { EngineError, unreachable } from "../../proto/errors.ts";
import type { MasterId } from "../../proto/ids.ts";
import { mastersMax } from "../../proto/limits/raft.ts";
import { allVoters, type Voters } from "./quorum.ts";

export interface Membership {
  readonly voters: readonly MasterId[];
  /** The voters being left; empty unless a change is under way. While not, both sets must agree. */
  readonly votersOutgoing: readonly MasterId[];
  /** They get the log and never count. One that still votes in the outgoing set counts there. */
  readonly learners: readonly MasterId[];
  /** What is known of the members beside their votes; the core carries it and never looks. */
  readonly members?: Members | undefined;
}

export type Members = ReadonlyMap<MasterId, MemberRecord>;

export interface MemberRecord {
  /** Where masters, workers and clients reach it, `host:port`. */
  readonly address: string;
  /** Names the data folder of this member; empty for a founder until a leader has heard it. */
  readonly key: string;
  /** Of a learner: the voter that leaves when it is promoted; empty for none. */
  readonly replaces: string;
}

export type MembershipChange =
  | { readonly kind: "addLearner"; readonly id: MasterId; readonly record?: MemberRecord }
  /** Of a learner: its promotion. */
  | { readonly kind: "addVoter"; readonly id: MasterId }
  /** Of a voter: from now on it only learns. */
  | { readonly kind: "demote"; readonly id: MasterId }
  /** Of a learner: from now on another data folder is meant, with nothing in it. */
  | { readonly kind: "rekey"; readonly id: MasterId; readonly key: string }
  /** Of members without a key: which data folders they have turned out to have. */
  | { readonly kind: "recordKeys"; readonly keys: ReadonlyMap<MasterId, string> }
  | { readonly kind: "remove"; readonly id: MasterId }
  | { readonly kind: "replace"; readonly removed: MasterId; readonly added: MasterId };

export function membershipOf(voters: Voters, members?: Members): Membership {
  return { voters: voters.incoming, votersOutgoing: voters.outgoing, learners: [], members };
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

/** Empty where nothing is known of it, or not yet. */
export function keyOf(membership: Membership, id: MasterId): string {
  return membership.members?.get(id)?.key ?? "";
}

/** Of one whose data folder is another one now, nothing is known any more. */
export function isRekeyed(before: Membership, after: Membership, id: MasterId): boolean {
  return keyOf(before, id) !== keyOf(after, id);
}

/** Those of the records whose ids are members. */
function recordsOf(membership: Membership, members: Members | undefined): Members | undefined {
  if (members === undefined) return undefined;
  const ids = allMembers(membership);
  return new Map([...members].filter(([id]) => ids.includes(id)));
}

/** What a change leads to in the end. Refuses what would leave nobody to vote. */
export function changedMembership(before: Membership, change: MembershipChange): Membership {
  const after = withRecords(before, applyChange(before, change), change);
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

function recordOf({ members }: Membership, id: MasterId): MemberRecord {
  return members?.get(id) ?? { address: "", key: "", replaces: "" };
}

function withRecords(before: Membership, after: Membership, change: MembershipChange): Membership {
  if (change.kind === "recordKeys") {
    const records = [...change.keys].filter(([id]) => keyOf(before, id) === "");
    const known = records.map(([id, key]) => [id, { ...recordOf(before, id), key }] as const);
    return { ...after, members: recordsOf(after, new Map([...(before.members ?? []), ...known])) };
  }
  if (change.kind === "rekey") {
    const { id, key } = change;
    const record = { ...recordOf(before, id), key };
    return { ...after, members: new Map([...(before.members ?? []), [id, record]]) };
  }
  if (change.kind !== "addLearner" || change.record === undefined) {
    return { ...after, members: recordsOf(after, before.members) };
  }
  // One that is a member keeps its record: another one under its id would not be it.
  if (allMembers(before).includes(change.id)) return { ...after, members: before.members };
  return { ...after, members: new Map([...(before.members ?? []), [change.id, change.record]]) };
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
    case "rekey":
      if (!learners.includes(change.id)) {
        throw new EngineError(
          "USAGE",
          `${change.id} is no learner: only one without a vote may lose its log`,
        );
      }
      return settled(voters, learners);
    case "recordKeys":
      return settled(voters, learners);
    case "remove":
      return settled(without(voters, change.id), without(learners, change.id));
    case "replace": {
      // A learner may be replaced too: a voter that lost its log is one until it has caught up.
      if (![...voters, ...learners].includes(change.removed) && !voters.includes(change.added)) {
        throw new EngineError("USAGE", `${change.removed} is no member: nothing to replace`);
      }
      const kept = added(without(voters, change.removed), change.added);
      return settled(kept, without(without(learners, change.added), change.removed));
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
  if (isSame) return after;
  const known = new Map([...(before.members ?? []), ...(after.members ?? [])]);
  const joint = { ...after, votersOutgoing: before.voters };
  return { ...joint, members: before.members && recordsOf(joint, known) };
}

/** The second step: the new voters alone. */
export function left(membership: Membership): Membership {
  const after = { ...membership, votersOutgoing: [] };
  return { ...after, members: recordsOf(after, membership.members) };
}
