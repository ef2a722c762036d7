// Linearizable reads without a log entry: a quorum confirms that we still lead, then they run.

import { assert } from "../../proto/errors.ts";
import type { MasterId } from "../../proto/ids.ts";
import { termAt } from "./log.ts";
import { reachedByQuorum } from "./quorum.ts";
import { sendHeartbeats } from "./replicate.ts";
import { currentVoters, type LeaderRole, type Raft } from "./state.ts";

export type ReadResult =
  | { readonly kind: "accepted" }
  | { readonly kind: "notLeader"; readonly leader: MasterId | undefined }
  | { readonly kind: "overloaded" };

export function readOnLeader(raft: Raft, role: LeaderRole, context: number): ReadResult {
  if (role.reads.length >= raft.config.readsWaitingMax) return { kind: "overloaded" };
  role.reads.push({ context, started: undefined });
  return { kind: "accepted" };
}

/**
 * Begins one round for all reads that wait. A new leader knows what is committed only once an
 * entry of its own term is, so until then reads go on waiting. Rounds are numbered: an answer to
 * an earlier heartbeat, delivered late, confirms nothing about now.
 */
export function startReadRound(raft: Raft, role: LeaderRole): void {
  if (termAt(raft.log, raft.log.commitIndex) !== raft.term) return;
  if (role.reads.at(-1)?.started !== undefined || role.reads.length === 0) return;
  role.readRound++;
  const started = { round: role.readRound, index: raft.log.commitIndex };
  role.reads = role.reads.map((read) => (read.started === undefined ? { ...read, started } : read));
  sendHeartbeats(raft, role);
  confirmReads(raft, role);
}

/** Releases the reads whose round a quorum has confirmed. */
export function confirmReads(raft: Raft, role: LeaderRole): void {
  if (role.reads.length === 0) return;
  const round = reachedByQuorum(currentVoters(raft), (id) =>
    id === raft.id ? role.readRound : (role.progress.get(id)?.readRoundConfirmed ?? 0),
  );
  let released = 0;
  for (const { context, started } of role.reads) {
    if (started === undefined || started.round > round) break;
    assert(started.index <= raft.log.commitIndex, `read index ${started.index} is not committed`);
    raft.readOutcomes.push({ kind: "ready", context, index: started.index });
    released++;
  }
  role.reads.splice(0, released);
}
