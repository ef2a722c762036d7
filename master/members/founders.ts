// Which data folder each founder has. A cluster begins before its masters have heard of each other, so that the first
// leaders note it as they hear them: from then on a founder whose folder was emptied is a stranger, whose vote counts
// for nothing, since it does not know what the lost folder promised.

import { EngineError } from "../../proto/errors.ts";
import type { MasterId } from "../../proto/ids.ts";
import { lastMembership } from "../raft/log.ts";
import { allMembers, keyOf, type Membership } from "../raft/membership.ts";
import type { Raft } from "../raft/state.ts";
import type { Replica } from "../replica.ts";

/** A master and its data folder: another folder under the same id is another master. */
export interface Identified {
  readonly id: MasterId;
  readonly key: string;
}

const prefix = "founder-";

export function founderKey(random: string): string {
  return `${prefix}${random}`;
}

/** Those of the first versions had none, and stay without. */
export function isFounderKey(key: string): boolean {
  return key === "" || key.startsWith(prefix);
}

/** Whether the member is meant: of a founder that was not heard yet, any founder's folder is. */
export function isFolderOf(known: string, key: string): boolean {
  return known === key || (known === "" && isFounderKey(key));
}

/** Where another folder is known for the id: a founder's key is noted once, so that no later leader knows better. */
export function isEmptiedFounder(membership: Membership, { id, key }: Identified): boolean {
  const known = keyOf(membership, id);
  return key !== "" && isFounderKey(key) && known !== "" && known !== key;
}

export interface FounderKeys {
  hear(master: Identified): void;
  /** On a leader: notes those that were heard and are not known, if nothing else changes the membership. */
  record(): void;
}

export interface FounderPorts {
  readonly raft: Raft;
  readonly replica: Pick<Replica<unknown>, "changeMembership">;
  readonly self: Identified;
}

export function followFounders({ raft, replica, self }: FounderPorts): FounderKeys {
  const heard = new Map<MasterId, string>([[self.id, self.key]]);
  let isRecording = false;

  function unknown(membership: Membership): ReadonlyMap<MasterId, string> {
    const ids = allMembers(membership).filter((id) => keyOf(membership, id) === "");
    return new Map(
      ids.flatMap((id) => {
        const key = heard.get(id) ?? "";
        return key !== "" && isFounderKey(key) ? [[id, key] as const] : [];
      }),
    );
  }

  function record(): void {
    if (isRecording || raft.role.kind !== "leader") return;
    const { index, membership } = lastMembership(raft.log);
    const keys = unknown(membership);
    if (keys.size === 0 || index > raft.log.commitIndex) return;
    isRecording = true;
    replica
      .changeMembership({ kind: "recordKeys", keys })
      .catch((thrown) => {
        // Another change is under way, or another one leads by now: what is heard next asks again.
        if (!(thrown instanceof EngineError)) throw thrown;
      })
      .finally(() => {
        isRecording = false;
      });
  }

  return {
    hear: ({ id, key }) => {
      // The first one: a second folder of the same founder is the one that must not pass for it.
      if (key !== "" && !heard.has(id)) heard.set(id, key);
      record();
    },
    record,
  };
}
