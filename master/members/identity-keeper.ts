// Keeps identity.json true while the master runs: where the others are, and whether it was removed.

import type { MasterId } from "../../proto/ids.ts";
import type { Disk } from "../../proto/ports/disk.ts";
import type { Members } from "../raft/membership.ts";
import { type Identity, writeIdentity } from "./identity.ts";

export interface IdentityKeeper {
  /** Of a membership that was committed: remembered for when the log cannot tell any more. */
  note(members: Members): void;
  /** A removed master must not come back with what it has: it would be a member of old. */
  remove(): Promise<void>;
  /** When all that was noted is durable, or failed. */
  settled(): Promise<void>;
}

export function keepIdentity(
  disk: Disk,
  first: Identity,
  onFailure: (failure: unknown) => void,
): IdentityKeeper {
  let identity = first;
  let writes: Promise<void> = Promise.resolve();

  function write(change: Partial<Identity>): Promise<void> {
    identity = { ...identity, ...change };
    const next = identity;
    const written = writes.then(() => writeIdentity(disk, next));
    writes = written.catch(onFailure);
    return written;
  }

  return {
    note: (members) => {
      const known = new Map([...members].map(([id, { address }]) => [id, address] as const));
      // Its failure is told by way of `writes`.
      if (!isSame(identity.known, known)) write({ known }).catch(() => undefined);
    },
    remove: () => write({ isRemoved: true }),
    settled: () => writes,
  };
}

function isSame(one: ReadonlyMap<MasterId, string>, other: ReadonlyMap<MasterId, string>): boolean {
  return one.size === other.size && [...one].every(([id, place]) => other.get(id) === place);
}
