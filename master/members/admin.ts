// Changes of the masters as an operator asks for them: checked, begun on the leader, waited for.

import { EngineError } from "../../proto/errors.ts";
import type { ClusterId } from "../../proto/ids.ts";
import { raftElectionTicksMin, raftTickMs } from "../../proto/limits/raft.ts";
import type { Clock } from "../../proto/ports/clock.ts";
import type { RpcClient } from "../../proto/ports/rpc.ts";
import type { MastersView, MasterView } from "../../proto/wire/views.ts";
import type { MasterAdmin } from "../api/masters.ts";
import { riskOf, silenceOf } from "../membership-requests.ts";
import { lastIndexOf, lastMembership, membershipAt } from "../raft/log.ts";
import { memberStatuses } from "../raft/member-status.ts";
import { allMembers, type Membership } from "../raft/membership.ts";
import type { Raft } from "../raft/state.ts";
import type { Replica } from "../replica.ts";
import { admit } from "./admission.ts";
import { committedMembership } from "./committed-membership.ts";
import { renewMember } from "./renewal.ts";

export interface AdminPorts {
  readonly clusterId: ClusterId;
  readonly raft: Raft;
  readonly replica: Pick<
    Replica<unknown>,
    "changeMembership" | "transferLeadership" | "readBarrier" | "notLeader"
  >;
  readonly rpc: RpcClient;
  readonly clock: Clock;
}

export function createMasterAdmin(ports: AdminPorts): MasterAdmin {
  const { clusterId, raft, replica, rpc, clock } = ports;

  function needLeader(): void {
    if (raft.role.kind !== "leader") throw replica.notLeader();
  }

  /** A new leader has not heard from everyone yet: it looks twice before it refuses. */
  async function check(objection: () => EngineError | undefined): Promise<void> {
    if (objection() === undefined) return;
    const waitMs = raftElectionTicksMin * raftTickMs;
    await new Promise<void>((resolve) => clock.after(waitMs, resolve));
    needLeader();
    const left = objection();
    if (left !== undefined) throw left;
  }

  /**
   * By it is said that nothing is left to do. Where a change is not committed yet, whoever asks again
   * because the first answer was lost would be told that it is done, and it may be taken back.
   */
  async function currentMembership(): Promise<Membership> {
    needLeader();
    await replica.readBarrier();
    return committedMembership({ raft, replica });
  }

  const view = (): MastersView => viewMasters(clusterId, raft);
  return {
    view,
    list: async () => {
      await replica.readBarrier();
      return view();
    },
    add: async (applicant) => {
      const membership = await currentMembership();
      const change = await admit(clusterId, membership, applicant, rpc);
      if (change !== undefined) await replica.changeMembership(change);
    },
    remove: async (id, force) => {
      const membership = await currentMembership();
      if (!allMembers(membership).includes(id)) return;
      const change = { kind: "remove", id } as const;
      // Removing a learner takes nobody's vote.
      if (!force && membership.voters.includes(id)) await check(() => riskOf(raft, change));
      await replica.changeMembership(change);
    },
    renew: (master) => renewMember({ clusterId, raft, replica, clock }, master),
    transfer: async (to) => {
      needLeader();
      const { voters } = lastMembership(raft.log).membership;
      if (!voters.includes(to)) {
        const text = `${to} is no voting master of this cluster; ${voters.join(", ")} are`;
        throw new EngineError("USAGE", text);
      }
      await check(() => silenceOf(raft, to));
      await replica.transferLeadership(to);
    },
  };
}

function viewMasters(clusterId: ClusterId, raft: Raft): MastersView {
  const { membership } = membershipAt(raft.log, raft.log.commitIndex);
  const last = lastIndexOf(raft.log);
  const masters = memberStatuses(raft, membership).map(
    ({ id, role, matchIndex = 0, isHeard }): MasterView => {
      const record = membership.members?.get(id);
      return {
        ...{
          masterId: id,
          address: record?.address ?? "",
          key: record?.key ?? "",
          role,
          matchIndex,
        },
        ...{ lagEntries: last - matchIndex, isHeard: isHeard ?? false },
        ...(role === "learner" && record?.replaces ? { replaces: record.replaces } : {}),
      };
    },
  );
  return { clusterId, leader: raft.leader ?? "", term: raft.term, masters };
}
