// How a master learns that it was removed: from its own log, from the leader that it would depose, or
// by asking, since nobody talks to one that is no member.

import { EngineError } from "../../proto/errors.ts";
import type { MasterId } from "../../proto/ids.ts";
import { identifyTimeoutMs, removedGraceMs } from "../../proto/limits/raft.ts";
import type { Clock, Timer } from "../../proto/ports/clock.ts";
import type { RpcClient } from "../../proto/ports/rpc.ts";
import { masterApi } from "../../proto/wire/methods.ts";
import type { MastersView } from "../../proto/wire/views.ts";
import { lastIndexOf, lastMembership } from "../raft/log.ts";
import { allMembers, keyOf, type Membership } from "../raft/membership.ts";
import { isAnswer, type Message } from "../raft/messages.ts";
import type { MembershipStatus, Raft } from "../raft/state.ts";
import { type Identified, isEmptiedFounder, isFolderOf, isFounderKey } from "./founders.ts";

export function isMember(membership: Membership, { id, key }: Identified): boolean {
  return allMembers(membership).includes(id) && isFolderOf(keyOf(membership, id), key);
}

/**
 * Whether an answer comes from another data folder than the member's. What that one agrees to must not
 * be counted as agreed by the other: it does not know what the other promised.
 */
export function isForeignAnswer(raft: Raft, from: Identified, message: Message): boolean {
  const { membership } = lastMembership(raft.log);
  if (!isAnswer(message.kind) || !allMembers(membership).includes(from.id)) return false;
  return !isFolderOf(keyOf(membership, from.id), from.key);
}

/** As far as its log tells. Entries of an addition that was taken back do not make it one. */
export function wasMemberOnce({ log }: Raft, self: Identified): boolean {
  return log.memberships.some(
    ({ index, membership }) => index <= log.commitIndex && isMember(membership, self),
  );
}

export type Standing =
  /** Or not one yet. */
  | "member"
  /** Its log names it no more, but for all it knows that may still be taken back. */
  | "doubtful"
  | "removed";

/**
 * Told of each membership, says how this master stands. Only what is committed counts: a change that
 * was taken back made it neither a member nor removed. While it catches up, a master that was added
 * anew reads of earlier ones under its id, which had other folders.
 */
export function watchStanding(raft: Raft, self: Identified): (now: MembershipStatus) => Standing {
  let wasMember = wasMemberOnce(raft, self);
  return ({ isCommitted, membership }) => {
    const isOne = isMember(membership, self);
    // A founder that begins, or one whose folder was emptied: the leader knows, once there is one.
    if (isOne && isFounderKey(self.key) && self.key !== "" && lastIndexOf(raft.log) === 0) {
      return "doubtful";
    }
    // Of several that were committed at once, only the last one is told.
    wasMember ||= wasMemberOnce(raft, self);
    if (isOne || !wasMember) return "member";
    return isCommitted ? "removed" : "doubtful";
  };
}

/**
 * Whether this master knows for sure that a candidate was removed. Of an emptied founder any master does, or
 * two of them could found the cluster again while the one that is left has no majority. Else only a leader
 * does: someone whom a later leader added has seen that leader's term, and asks for one beyond it.
 */
export function isRemoved(raft: Raft, candidate: Identified, message: Message): boolean {
  if (message.kind !== "preVote") return false;
  const { index, membership } = lastMembership(raft.log);
  if (message.lastIndex === 0 && isEmptiedFounder(membership, candidate)) return true;
  if (raft.role.kind !== "leader") return false;
  if (index > raft.log.commitIndex || message.term > raft.term + 1) return false;
  return !isMember(membership, candidate);
}

export function removedError(id: MasterId): EngineError {
  return new EngineError(
    "MASTER_REMOVED",
    `master ${id} was removed from its cluster, or its data folder is not the one that the cluster knows it by: ` +
      "stop it for good and put another one in its place with millrace master replace; or remove it, empty its data " +
      "folder, start it with --join, and add it again with millrace master add",
  );
}

export interface RemovalPorts {
  readonly rpc: RpcClient;
  readonly clock: Clock;
  /** Where masters may answer that are or were members. */
  addresses(): readonly string[];
  onRemoved(): void;
}

/** Told of each membership, ends this master when it was removed, and asks while it is in doubt. */
export function followStanding(raft: Raft, self: Identified, ports: RemovalPorts) {
  const standingAt = watchStanding(raft, self);
  const question = createRemovalQuestion(self, ports);
  return {
    note: (now: MembershipStatus): void => {
      const standing = standingAt(now);
      if (standing === "doubtful") question.ask();
      else question.stop();
      // What is under way goes out first: the others have to hear of it, and who asked, too.
      if (standing === "removed") ports.clock.after(removedGraceMs, ports.onRemoved);
    },
    stop: question.stop,
  };
}

/** Between two questions whether it is a member still. */
const askPauseMs = 2000;

/** Asks the leader, by way of the others, until it knows or is stopped. */
export function createRemovalQuestion(
  self: Identified,
  ports: RemovalPorts,
): { ask(): void; stop(): void } {
  let timer: Timer | undefined;

  async function askAll(): Promise<void> {
    for (const address of ports.addresses()) {
      try {
        const timeoutMs = identifyTimeoutMs;
        const { mastersJson } = await ports.rpc.call(address, masterApi.list, {}, { timeoutMs });
        const { masters } = JSON.parse(mastersJson) as MastersView;
        const isOne = masters.some(
          ({ masterId, key }) => masterId === self.id && isFolderOf(key, self.key),
        );
        if (!isOne && timer !== undefined) ports.onRemoved();
        return;
      } catch {
        // It does not lead, or is away: the next one is asked, and all of them again.
      }
    }
  }

  function ask(): void {
    timer?.cancel();
    timer = ports.clock.after(askPauseMs, () => void askAll().then(() => timer && ask()));
  }

  return {
    ask,
    stop: () => {
      timer?.cancel();
      timer = undefined;
    },
  };
}
