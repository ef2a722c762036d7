// What a leader can tell of each member: its part, how far its log agrees, whether it was heard from.

import type { MasterId } from "../../proto/ids.ts";
import { lastIndexOf } from "./log.ts";
import { allMembers, type Membership } from "./membership.ts";
import { majority } from "./quorum.ts";
import type { Raft } from "./state.ts";

export interface MemberStatus {
  readonly id: MasterId;
  /** `leaving`: it votes until the change under way is over. */
  readonly role: "leader" | "voter" | "learner" | "leaving";
  /** Its log agrees with the leader's up to here; undefined on a master that does not lead. */
  readonly matchIndex: number | undefined;
  /** Heard from within an election timeout; undefined on a master that does not lead. */
  readonly isHeard: boolean | undefined;
}

export function memberStatuses(raft: Raft, membership: Membership): readonly MemberStatus[] {
  return allMembers(membership).map((id) => {
    return { id, role: roleOf(raft, membership, id), ...progressOf(raft, id) };
  });
}

function roleOf(raft: Raft, membership: Membership, id: MasterId): MemberStatus["role"] {
  if (raft.leader === id) return "leader";
  if (membership.voters.includes(id)) return "voter";
  return membership.learners.includes(id) ? "learner" : "leaving";
}

function progressOf(raft: Raft, id: MasterId): Pick<MemberStatus, "matchIndex" | "isHeard"> {
  if (raft.role.kind !== "leader") return { matchIndex: undefined, isHeard: undefined };
  if (id === raft.id) return { matchIndex: lastIndexOf(raft.log), isHeard: true };
  const progress = raft.role.progress.get(id);
  return { matchIndex: progress?.match ?? 0, isHeard: isHeard(raft, id) };
}

export function isHeard(raft: Raft, id: MasterId): boolean {
  if (id === raft.id) return true;
  const silent = raft.role.kind === "leader" ? raft.role.progress.get(id)?.silentTicks : undefined;
  return silent !== undefined && silent <= raft.config.electionTicksMin;
}

/** Of these voters: how many this leader hears, and how many it needs to decide anything. */
export function quorumHealth(
  raft: Raft,
  voters: readonly MasterId[],
): { readonly heard: number; readonly needed: number } {
  const heard = voters.filter((id) => isHeard(raft, id)).length;
  return { heard, needed: majority(voters.length) };
}
