// Majorities. While membership changes there are two electorates, and both must agree.

import type { MasterId } from "../../proto/ids.ts";

export interface Voters {
  readonly incoming: readonly MasterId[];
  /** The electorate being left; empty unless a change of membership is under way. */
  readonly outgoing: readonly MasterId[];
}

export type VoteResult = "won" | "lost" | "pending";

export function simpleVoters(ids: readonly MasterId[]): Voters {
  return { incoming: [...ids], outgoing: [] };
}

export function majority(count: number): number {
  return Math.floor(count / 2) + 1;
}

export function isVoter(voters: Voters, id: MasterId): boolean {
  return voters.incoming.includes(id) || voters.outgoing.includes(id);
}

/** Everyone who votes, each once, in a fixed order. */
export function allVoters(voters: Voters): readonly MasterId[] {
  const onlyOutgoing = voters.outgoing.filter((id) => !voters.incoming.includes(id));
  return [...voters.incoming, ...onlyOutgoing];
}

/** Counts instead of sorting: this runs at every answer of a peer, and the members are few. */
function reachedByMajority(ids: readonly MasterId[], reached: (id: MasterId) => number): number {
  const needed = majority(ids.length);
  let most = 0;
  for (const id of ids) {
    const value = reached(id);
    if (value <= most) continue;
    let count = 0;
    for (const other of ids) if (reached(other) >= value) count++;
    if (count >= needed) most = value;
  }
  return most;
}

/** The largest value that a quorum has reached: of matched indexes, what may be committed. */
export function reachedByQuorum(voters: Voters, reached: (id: MasterId) => number): number {
  const incoming = reachedByMajority(voters.incoming, reached);
  if (voters.outgoing.length === 0) return incoming;
  return Math.min(incoming, reachedByMajority(voters.outgoing, reached));
}

export function hasQuorum(voters: Voters, holds: (id: MasterId) => boolean): boolean {
  return reachedByQuorum(voters, (id) => (holds(id) ? 1 : 0)) === 1;
}

/** How an election stands when these answers are in. */
export function voteResult(voters: Voters, votes: ReadonlyMap<MasterId, boolean>): VoteResult {
  if (hasQuorum(voters, (id) => votes.get(id) === true)) return "won";
  // Could it still be won if everyone who is silent said yes?
  return hasQuorum(voters, (id) => votes.get(id) !== false) ? "pending" : "lost";
}
