// Who asked for a change of membership or of leader, and waits for its outcome; and the promotion of
// those who have caught up, which nobody has to ask for.

import { EngineError, unreachable } from "../proto/errors.ts";
import type { MasterId } from "../proto/ids.ts";
import { lastMembership } from "./raft/log.ts";
import { isHeard, quorumHealth } from "./raft/member-status.ts";
import {
  allMembers,
  changedMembership,
  isJoint,
  type Membership,
  type MembershipChange,
} from "./raft/membership.ts";
import type { ChangeResult } from "./raft/membership-change.ts";
import { changeMembership, transferLeadership } from "./raft/raft.ts";
import type { Ready } from "./raft/ready.ts";
import { membershipStatusOf, type Raft } from "./raft/state.ts";

export interface MembershipRequests {
  /**
   * Resolves when the change is committed and over. Rejects with USAGE for one that must not be,
   * and with NOT_LEADER or UNAVAILABLE where asking again may help: repeated, it changes nothing.
   */
  change(change: MembershipChange): Promise<Membership>;
  /**
   * Resolves when `to` leads. Rejects with TRANSFER_FAILED when it does not in time: nothing is decided
   * while one hands over, so to ask again and again would hold up everybody.
   */
  transfer(to: MasterId): Promise<void>;
  note(ready: Ready): void;
  /** After each tick: a transfer may have been given up, and a learner may have caught up. */
  noteTick(): void;
  /** Ends what waits, and all that is asked for later, with this failure. */
  close(failure: EngineError): void;
}

interface Waiting<Value> {
  resolve(value: Value): void;
  reject(failure: EngineError): void;
}

export interface MembershipPorts {
  readonly raft: Raft;
  readonly notLeader: (leader: MasterId | undefined) => EngineError;
  /** Runs something in the core, where a broken invariant ends this process. */
  readonly inCore: <Value>(run: () => Value) => Value;
  readonly pump: () => void;
}

export function createMembershipRequests(ports: MembershipPorts): MembershipRequests {
  const { raft, inCore, pump } = ports;
  let closed: EngineError | undefined;
  let changing: readonly (Waiting<Membership> & { readonly index: number })[] = [];
  let transferring: (Waiting<void> & { readonly to: MasterId }) | undefined;

  const notLeader = (): EngineError => ports.notLeader(raft.leader);

  function endChanges(ready: Ready): void {
    if (changing.length === 0) return;
    const known = ready.membership;
    const isSettled = known?.isCommitted === true && !isJoint(known.membership);
    const isLost = ready.status !== undefined && ready.status.role !== "leader";
    changing = changing.filter(({ index, resolve, reject }) => {
      if (isSettled && known.index >= index) resolve(known.membership);
      else if (isLost) reject(notLeader());
      else return true;
      return false;
    });
  }

  function endTransfer(): void {
    if (transferring === undefined) return;
    const { to, resolve, reject } = transferring;
    const isPending = raft.role.kind === "leader" && raft.role.transfer !== undefined;
    if (raft.leader === to) resolve();
    else if (isPending || raft.leader === undefined) return;
    else reject(transferFailed(`${to} did not take over from ${raft.id} in time`));
    transferring = undefined;
  }

  /** Of those that an operator added: as soon as one would not hold up what is to be decided. */
  function promoteLearners(): void {
    if (raft.role.kind !== "leader") return;
    const { membership } = lastMembership(raft.log);
    for (const learner of membership.learners) {
      const change = promotionOf(membership, learner);
      if (change === undefined || riskOf(raft, change) !== undefined) continue;
      const result = inCore(() => changeMembership(raft, change));
      if (result.kind === "accepted") return pump();
    }
  }

  return {
    change: async (change) => {
      if (closed !== undefined) throw closed;
      const result = inCore(() => changeMembership(raft, change));
      pump();
      if (result.kind === "unchanged") return membershipStatusOf(raft).membership;
      if (result.kind !== "accepted") throw refusal(raft, result, notLeader);
      const { index } = result;
      return new Promise((resolve, reject) => {
        changing = [...changing, { index, resolve, reject }];
      });
    },
    transfer: async (to) => {
      if (closed !== undefined) throw closed;
      if (raft.role.kind !== "leader") throw notLeader();
      if (raft.id === to) return;
      if (!inCore(() => transferLeadership(raft, to))) {
        throw unavailable(`${to} cannot lead now: it has to vote, and one hands over at a time`);
      }
      pump();
      await new Promise<void>((resolve, reject) => {
        transferring = { to, resolve, reject };
      });
    },
    note: (ready) => {
      endChanges(ready);
      if (ready.status !== undefined) endTransfer();
    },
    noteTick: () => {
      endTransfer();
      promoteLearners();
    },
    close: (failure) => {
      closed = failure;
      for (const { reject } of changing) reject(failure);
      transferring?.reject(failure);
      changing = [];
      transferring = undefined;
    },
  };
}

/** What was intended for a learner when it was added. Undefined where nobody said. */
function promotionOf(membership: Membership, id: MasterId): MembershipChange | undefined {
  const record = membership.members?.get(id);
  if (record === undefined) return undefined;
  const removed = allMembers(membership).find((member) => member === record.replaces);
  return removed === undefined ? { kind: "addVoter", id } : { kind: "replace", removed, added: id };
}

/** Why a change would leave too few voters that this leader hears; undefined when it would not. */
export function riskOf(raft: Raft, change: MembershipChange): EngineError | undefined {
  const { membership } = lastMembership(raft.log);
  const { voters } = changedMembership(membership, change);
  const { heard, needed } = quorumHealth(raft, voters);
  if (heard >= needed) return undefined;
  return new EngineError(
    "QUORUM_AT_RISK",
    `of the ${voters.length} voting masters that would be left (${voters.join(", ")}) only ${heard} ` +
      `answer, and ${needed} have to: bring the silent ones back, or replace them first`,
  );
}

/** Why leadership cannot go to this voter; undefined when it can. */
export function silenceOf(raft: Raft, to: MasterId): EngineError | undefined {
  if (isHeard(raft, to)) return undefined;
  return transferFailed(`${to} does not answer ${raft.id}, which leads on`);
}

function transferFailed(what: string): EngineError {
  const advice = "see `millrace master list`, bring it back or choose another";
  return new EngineError("TRANSFER_FAILED", `${what}: ${advice}`);
}

function unavailable(text: string): EngineError {
  return new EngineError("UNAVAILABLE", text, {});
}

type Refusal = Exclude<ChangeResult, { kind: "accepted" } | { kind: "unchanged" }>;

function refusal(raft: Raft, result: Refusal, notLeader: () => EngineError): EngineError {
  switch (result.kind) {
    case "notLeader":
      return notLeader();
    case "notReady":
      return unavailable(`${raft.id} leads since a moment ago; try again`);
    case "busy":
      return unavailable(`${raft.id} has another change or a transfer under way; try again`);
    case "learnerBehind":
      return unavailable(
        `the learner has ${result.index} of ${result.commit} log entries; try again when it has more`,
      );
    default:
      return unreachable(result);
  }
}
