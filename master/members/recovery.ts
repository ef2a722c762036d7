// A cluster that lost its majority for good goes on from what one master has: in a new data folder, as a cluster of its
// own with that master alone. Nothing of the old folder is changed, so that any number of survivors can be looked at.

import { EngineError } from "../../proto/errors.ts";
import { asClusterId, type ClusterId } from "../../proto/ids.ts";
import { recoveredIndexesSkipped } from "../../proto/limits/raft.ts";
import type { Clock } from "../../proto/ports/clock.ts";
import type { Disk } from "../../proto/ports/disk.ts";
import type { RecoveryView } from "../../proto/wire/views.ts";
import { createMachine, type Machine } from "../machine.ts";
import { lastIndexOf, lastMembership, lastTermOf, newLog, type RaftLog } from "../raft/log.ts";
import { allMembers, membershipOf } from "../raft/membership.ts";
import { simpleVoters } from "../raft/quorum.ts";
import { joinPieces } from "../snapshot-pieces.ts";
import { openRaftStorage } from "../storage/raft-storage.ts";
import type { Recovered } from "../storage/replay.ts";
import { walFolder } from "../storage/segment.ts";
import { snapshotFolder } from "../storage/snapshot-files.ts";
import { type Identity, readIdentity, writeIdentity } from "./identity.ts";
import { isMember, removedError } from "./removal.ts";

export interface Survivor {
  readonly identity: Identity;
  readonly log: RaftLog;
  /** In which it voted last, or later. */
  readonly term: number;
  /** With every entry of the log applied: whether the last ones were committed, nobody is left to say. */
  readonly machine: Machine;
  readonly address: string;
}

/** What a master's data folder has to go on with. Rejects where that is nothing, or not to be trusted. */
export async function readSurvivor(disk: Disk): Promise<Survivor> {
  const identity = await readIdentity(disk);
  if (identity === undefined) {
    const text = "this folder is no master's: give --data the data folder of a master that is left";
    throw new EngineError("USAGE", text);
  }
  const { masterId, clusterId, key, founders } = identity;
  if (identity.isRemoved) throw removedError(masterId);
  if (identity.nextKey !== undefined) {
    throw new EngineError(
      "LOG_CORRUPT",
      `the log of master ${masterId} is damaged, and it was giving it up: recover another master, or ` +
        "put back a copy of the whole data folder",
    );
  }
  const storage = await openRaftStorage(disk, clusterId);
  await storage.close();
  const { recovered } = storage;
  const records = [...founders].map(([id, address]) => {
    return [id, { address, key: "", replaces: "" }] as const;
  });
  const atStart = membershipOf(simpleVoters([...founders.keys()]), new Map(records));
  const log = newLog(recovered.snapshot, recovered.entries, recovered.hardState.commit, atStart);
  if (lastIndexOf(log) === 0) {
    const text = `master ${masterId} has an empty log: there is nothing that it could go on with`;
    throw new EngineError("USAGE", text);
  }
  const { membership } = lastMembership(log);
  if (!isMember(membership, { id: masterId, key })) throw removedError(masterId);
  const address = membership.members?.get(masterId)?.address ?? founders.get(masterId) ?? "";
  const term = Math.max(recovered.hardState.term, lastTermOf(log));
  return { identity, log, term, machine: replayed(recovered), address };
}

function replayed({ snapshot, entries }: Recovered): Machine {
  const machine = createMachine();
  if (snapshot !== undefined) machine.restore(snapshot.bytes);
  for (const { kind, index, data } of entries) if (kind === "command") machine.apply(index, data);
  return machine;
}

export function viewSurvivor({ identity, log, machine, address }: Survivor): RecoveryView {
  const { masterId, clusterId } = identity;
  const { jobs, live } = machine.state;
  return {
    ...{ masterId, clusterId, address },
    masters: allMembers(lastMembership(log).membership),
    ...{ lastIndex: lastIndexOf(log), lastTerm: lastTermOf(log), commitIndex: log.commitIndex },
    ...{ jobsRunning: live.size, jobsEnded: jobs.size - live.size },
  };
}

export interface RecoveryPorts {
  readonly clock: Clock;
  newKey(): string;
}

/**
 * Writes the folder that goes on: the survivor's state as a snapshot, far behind its last entry, so that no fencing token
 * is handed out twice. The cluster is a new one, so that masters of the old one which come back are refused.
 */
export async function writeRecovered(
  disk: Disk,
  { identity, log, term, machine, address }: Survivor,
  { clock, newKey }: RecoveryPorts,
): Promise<ClusterId> {
  await checkEmpty(disk);
  const { masterId } = identity;
  const clusterId = asClusterId(`cluster-${newKey().slice(0, 16)}`);
  const key = newKey();
  const members = new Map([[masterId, { address, key, replaces: "" }]]);
  const membership = membershipOf(simpleVoters([masterId]), members);
  const index = lastIndexOf(log) + recoveredIndexesSkipped;
  const bytes = await joinPieces(machine.snapshot(), clock);
  const storage = await openRaftStorage(disk, clusterId);
  const hardState = { term, votedFor: undefined, commit: index };
  await storage.save({ hardState, snapshot: { index, term, bytes, membership }, entries: [] });
  await storage.close();
  // The last, since it is what makes the folder a master's: one that is half written is nobody's.
  const places = { founders: new Map(), known: new Map([[masterId, address]]) };
  const standing = { isRemoved: false, nextKey: undefined, hasLog: true };
  await writeIdentity(disk, { clusterId, masterId, key, ...places, ...standing });
  return clusterId;
}

async function checkEmpty(disk: Disk): Promise<void> {
  const identity = await readIdentity(disk);
  const found = [...(await disk.list(walFolder)), ...(await disk.list(snapshotFolder))];
  if (identity === undefined && found.length === 0) return;
  const what =
    identity === undefined
      ? "what an interrupted recovery left"
      : `the data of master ${identity.masterId} of cluster ${identity.clusterId}`;
  throw new EngineError(
    "USAGE",
    `the folder to write holds ${what}: empty it, or name another one`,
  );
}
