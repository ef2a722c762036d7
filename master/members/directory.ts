// Where the other masters are reached: by the membership in effect, else where they were last heard of.

import type { MasterId } from "../../proto/ids.ts";
import { peersRememberedMax } from "../../proto/limits/raft.ts";
import type { Members } from "../raft/membership.ts";

export interface Directory {
  addressOf(id: MasterId): string | undefined;
  /** Of everyone remembered, the latest first. */
  addresses(): readonly string[];
  /** Whoever leaves is remembered: it still has to hear of that. */
  note(members: Members | undefined): void;
  /** A master that the membership here does not name yet said where it is. */
  hear(id: MasterId, address: string): void;
}

export function createDirectory(current: () => Members | undefined): Directory {
  /** Oldest first. */
  const remembered = new Map<MasterId, string>();

  function remember(id: MasterId, address: string): void {
    remembered.delete(id);
    remembered.set(id, address);
    for (const oldest of remembered.keys()) {
      if (remembered.size <= peersRememberedMax) return;
      remembered.delete(oldest);
    }
  }

  return {
    addressOf: (id) => current()?.get(id)?.address ?? remembered.get(id),
    addresses: () => [...remembered.values()].reverse(),
    note: (members) => {
      for (const [id, { address }] of members ?? []) remember(id, address);
    },
    hear: (id, address) => {
      if (address !== "" && remembered.get(id) !== address) remember(id, address);
    },
  };
}
