// Who asked for a change of membership or of leader, and waits for its outcome.

import { EngineError, unreachable } from "../proto/errors.ts";
import type { MasterId } from "../proto/ids.ts";
import { isJoint, type Membership, type MembershipChange } from "./raft/membership.ts";
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
  /** Resolves when `to` leads. Rejects with UNAVAILABLE when it does not in time. */
  transfer(to: MasterId): Promise<void>;
  note(ready: Ready): void;
  /** After each tick: a transfer may have been given up. */
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
  let changing: (Waiting<Membership> & { readonly index: number }) | undefined;
  let transferring: (Waiting<void> & { readonly to: MasterId }) | undefined;

  const notLeader = (): EngineError => ports.notLeader(raft.leader);

  function endChange(ready: Ready): void {
    if (changing === undefined) return;
    const { index, resolve, reject } = changing;
    const known = ready.membership;
    const isOver = known?.isCommitted && known.index >= index && !isJoint(known.membership);
    if (isOver) resolve(known.membership);
    else if (ready.status !== undefined && ready.status.role !== "leader") reject(notLeader());
    else return;
    changing = undefined;
  }

  function endTransfer(): void {
    if (transferring === undefined) return;
    const { to, resolve, reject } = transferring;
    const isPending = raft.role.kind === "leader" && raft.role.transfer !== undefined;
    if (raft.leader === to) resolve();
    else if (isPending || raft.leader === undefined) return;
    else reject(unavailable(`${to} did not take over from ${raft.id} in time; try again`));
    transferring = undefined;
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
        changing = { index, resolve, reject };
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
      endChange(ready);
      if (ready.status !== undefined) endTransfer();
    },
    noteTick: endTransfer,
    close: (failure) => {
      closed = failure;
      changing?.reject(failure);
      transferring?.reject(failure);
      changing = undefined;
      transferring = undefined;
    },
  };
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
