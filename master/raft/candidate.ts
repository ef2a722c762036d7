// Elections: asking for votes (first in pretence, then in earnest) and giving them.

import { unreachable } from "../../proto/errors.ts";
import { becomeLeader } from "./leader.ts";
import { isUpToDate, lastIndexOf, lastTermOf } from "./log.ts";
import { votersOf } from "./membership.ts";
import type { PreVote, PreVoteReply, Vote, VoteReply } from "./messages.ts";
import { allVoters, isVoter, voteResult } from "./quorum.ts";
import {
  becomeFollower,
  currentVoters,
  isDiskStalled,
  type Raft,
  resetElectionTimer,
  send,
} from "./state.ts";

/** One tick of a node that does not lead. */
export function tickElection(raft: Raft): void {
  raft.electionElapsedTicks++;
  // Its candidacy could not be made durable, so nobody would hear of it.
  if (isDiskStalled(raft)) return;
  const voters = allVoters(currentVoters(raft));
  const isAlone = voters.length === 1 && voters[0] === raft.id;
  if (isAlone || raft.electionElapsedTicks >= raft.electionTimeoutTicks) startPreVote(raft);
}

/**
 * Voters may, and so may one that the last entries of its log remove while they are not committed: it
 * may be the only one that has them, so that nobody else can win (Ongaro's thesis, 4.2.2). Its own vote
 * does not count then.
 */
function mayStand(raft: Raft): boolean {
  if (isVoter(currentVoters(raft), raft.id)) return true;
  const { memberships, commitIndex } = raft.log;
  const [before, last] = memberships.slice(-2);
  if (before === undefined || last === undefined || last.index <= commitIndex) return false;
  return isVoter(votersOf(before.membership), raft.id);
}

/**
 * Asks whether an election could be won before disturbing anyone: a node that was cut off would
 * otherwise come back with a high term and depose a healthy leader.
 */
export function startPreVote(raft: Raft): void {
  if (!mayStand(raft) || raft.role.kind === "leader") return;
  raft.role = { kind: "preCandidate", votes: new Map([[raft.id, true]]) };
  raft.leader = undefined;
  resetElectionTimer(raft);
  if (concludeElection(raft)) return;
  const { id: from, log } = raft;
  const term = raft.term + 1;
  for (const to of allVoters(currentVoters(raft))) {
    if (to === from) continue;
    const [lastIndex, lastTerm] = [lastIndexOf(log), lastTermOf(log)];
    send(raft, { kind: "preVote", from, to, term, lastIndex, lastTerm });
  }
}

/** The election itself. `force`: the leader asked for it. */
export function startVote(raft: Raft, force: boolean): void {
  if (!mayStand(raft) || raft.role.kind === "leader") return;
  raft.term += 1;
  raft.votedFor = raft.id;
  raft.role = { kind: "candidate", votes: new Map([[raft.id, true]]) };
  raft.leader = undefined;
  resetElectionTimer(raft);
  if (concludeElection(raft)) return;
  const { id: from, term, log } = raft;
  for (const to of allVoters(currentVoters(raft))) {
    if (to === from) continue;
    const [lastIndex, lastTerm] = [lastIndexOf(log), lastTermOf(log)];
    send(raft, { kind: "vote", from, to, term, lastIndex, lastTerm, force });
  }
}

/** Moves on when the votes decide it. False while they do not. */
function concludeElection(raft: Raft): boolean {
  const role = raft.role;
  if (role.kind !== "preCandidate" && role.kind !== "candidate") return false;
  const result = voteResult(currentVoters(raft), role.votes);
  switch (result) {
    case "pending":
      return false;
    case "lost":
      becomeFollower(raft, raft.term, undefined);
      return true;
    case "won":
      if (role.kind === "preCandidate") startVote(raft, false);
      else becomeLeader(raft);
      return true;
    default:
      unreachable(result);
  }
}

export function handleVoteReply(raft: Raft, message: PreVoteReply | VoteReply): void {
  const role = raft.role;
  if (message.kind === "preVoteReply") {
    if (role.kind !== "preCandidate") return;
    // A grant is for the next term; an older one belongs to an earlier question.
    if (message.granted && message.term !== raft.term + 1) return;
  } else if (role.kind !== "candidate") {
    return;
  }
  if (!isVoter(currentVoters(raft), message.from) || role.votes.has(message.from)) return;
  role.votes.set(message.from, message.granted);
  concludeElection(raft);
}

/** Answers a request whose term is ours, or, for a pre-vote, possibly higher. */
export function handleVoteRequest(raft: Raft, message: PreVote | Vote): void {
  const from = raft.id;
  const to = message.from;
  const mayVote =
    raft.votedFor === to ||
    (raft.votedFor === undefined && raft.leader === undefined) ||
    (message.kind === "preVote" && message.term > raft.term);
  const granted = mayVote && isUpToDate(raft.log, message.lastIndex, message.lastTerm);
  if (message.kind === "preVote") {
    const term = granted ? message.term : raft.term;
    send(raft, { kind: "preVoteReply", from, to, term, granted });
    return;
  }
  if (granted) {
    raft.votedFor = to;
    raft.electionElapsedTicks = 0;
  }
  send(raft, { kind: "voteReply", from, to, term: raft.term, granted });
}

/** To a candidate of an old term: our term is the answer. */
export function refuseOldCandidate(raft: Raft, message: PreVote | Vote): void {
  const reply = { from: raft.id, to: message.from, term: raft.term, granted: false } as const;
  if (message.kind === "preVote") send(raft, { kind: "preVoteReply", ...reply });
  else send(raft, { kind: "voteReply", ...reply });
}
