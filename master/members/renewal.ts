// On the leader: a member whose log is damaged loses its vote, then counts as a new master that learns.

import { EngineError } from "../../proto/errors.ts";
import type { ClusterId, MasterId } from "../../proto/ids.ts";
import { raftElectionTicksMin, raftTickMs } from "../../proto/limits/raft.ts";
import { type Clock, sleep } from "../../proto/ports/clock.ts";
import type { Renewal } from "../api/masters.ts";
import { isHeard, quorumHealth } from "../raft/member-status.ts";
import type { Membership } from "../raft/membership.ts";
import type { Raft } from "../raft/state.ts";
import type { Replica } from "../replica.ts";
import { committedMembership } from "./committed-membership.ts";
import { isMember, removedError } from "./removal.ts";

export interface RenewalPorts {
  readonly clusterId: ClusterId;
  readonly raft: Raft;
  readonly replica: Pick<Replica<unknown>, "changeMembership" | "notLeader">;
  readonly clock: Clock;
}

/**
 * In two changes, so that its old folder and its new one never count both: the first is decided by the
 * other voters, since a master with a damaged log does not run. Repeated, it goes on where it was.
 */
export async function renewMember(ports: RenewalPorts, renewal: Renewal): Promise<void> {
  const { raft, replica } = ports;
  const { id, key, nextKey } = renewal;
  checkMeant(ports, renewal);
  let membership = committedMembership(ports);
  if (isMember(membership, { id, key: nextKey })) return;
  if (!isMember(membership, { id, key })) throw removedError(id);
  if (membership.voters.includes(id)) {
    if (refusalOf(raft, membership, id) !== undefined) {
      // A new leader has not heard from everyone yet, and one that just died was heard a moment ago.
      await sleep(ports.clock, raftElectionTicksMin * raftTickMs);
      membership = committedMembership(ports);
      const refusal = refusalOf(raft, membership, id);
      if (refusal !== undefined) throw refusal;
    }
    await replica.changeMembership({ kind: "demote", id });
  }
  await replica.changeMembership({ kind: "rekey", id, key: nextKey });
}

function checkMeant({ clusterId, raft, replica }: RenewalPorts, renewal: Renewal): void {
  if (renewal.clusterId !== clusterId) {
    throw new EngineError(
      "MASTER_MISMATCH",
      `master ${renewal.id} belongs to cluster ${renewal.clusterId}, and ${raft.id} to ${clusterId}; ` +
        "check the addresses of both",
    );
  }
  if (raft.role.kind !== "leader") throw replica.notLeader();
}

function refusalOf(raft: Raft, membership: Membership, id: MasterId): EngineError | undefined {
  if (isHeard(raft, id)) {
    const what = `a master ${id} answers, so its log is not the one that is damaged`;
    return new EngineError("UNAVAILABLE", `${what}; look for a second one with this id`);
  }
  const { voters } = membership;
  const { heard, needed } = quorumHealth(raft, voters);
  if (heard >= needed) return undefined;
  return new EngineError(
    "QUORUM_AT_RISK",
    `of the ${voters.length} voting masters (${voters.join(", ")}) only ${heard} answer, and without ` +
      `${id}, whose log is damaged, ${needed} have to: bring back the silent ones`,
  );
}
