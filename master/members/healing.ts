// A master whose log or snapshot is damaged: it gives up its vote, then learns all of it anew.

import { EngineError, toEngineError } from "../../proto/errors.ts";
import type { MasterId } from "../../proto/ids.ts";
import { healingSearchMsMax } from "../../proto/limits/raft.ts";
import type { Clock } from "../../proto/ports/clock.ts";
import type { Disk } from "../../proto/ports/disk.ts";
import type { Log } from "../../proto/ports/log.ts";
import type { RpcClient } from "../../proto/ports/rpc.ts";
import { createLeaderClient } from "../../proto/wire/leader-client.ts";
import { masterApi } from "../../proto/wire/methods.ts";
import type { RaftStorage } from "../storage/raft-storage.ts";
import { sequenceOf, walFolder } from "../storage/segment.ts";
import { snapshotFolder } from "../storage/snapshot-files.ts";
import { type Identity, writeIdentity } from "./identity.ts";

export interface HealingPorts {
  readonly disk: Disk;
  readonly rpc: RpcClient;
  readonly clock: Clock;
  readonly log: Log;
  /** Of other masters that the operator named, beside those that the folder knows. */
  readonly named: readonly string[];
  newKey(): string;
  /** Log and snapshot in this folder. */
  open(): Promise<RaftStorage>;
}

export interface OpenedData {
  readonly identity: Identity;
  readonly storage: RaftStorage;
}

/*
 * A key names a data folder, and what one promised under its key binds that key for ever. So:
 *   1. a new key is chosen and noted (`nextKey`), so that asking again asks for the same;
 *   2. the leader takes the vote from the old key, then puts the new one in its place, as a learner;
 *   3. the folder takes the new key, and what is left of the log is moved aside;
 *   4. the master starts with nothing, learns, and is given the vote again like any other learner.
 * Until 2 is decided nothing but the note has changed on this disk, and it does not run. A crash leaves
 * it before or behind one of these steps.
 */

/**
 * The log in this folder, or an empty one where it was damaged and the cluster goes on without it.
 * `mayHeal` false: damage is refused. Rejects, with nothing changed, where it cannot be healed.
 */
export async function openOrHeal(
  identity: Identity,
  mayHeal: boolean,
  ports: HealingPorts,
): Promise<OpenedData> {
  const { disk } = ports;
  const cleared = await clearDamage(identity, disk);
  try {
    await checkLogThere(cleared, disk);
    return await openMarked(cleared, ports);
  } catch (thrown) {
    if (!mayHeal || !(thrown instanceof EngineError) || thrown.code !== "LOG_CORRUPT") throw thrown;
    return await openMarked(await heal(cleared, thrown, ports), ports);
  }
}

/** An empty folder of a log is a new master's: under an old key it would vote twice in one term. */
async function checkLogThere({ hasLog, masterId }: Identity, disk: Disk): Promise<void> {
  if (!hasLog || (await disk.list(walFolder)).some((name) => sequenceOf(name) !== undefined))
    return;
  throw new EngineError(
    "LOG_CORRUPT",
    `the log of master ${masterId} is gone: ${walFolder} has no segment, and with it went the votes ` +
      "that this master gave",
    { file: walFolder },
  );
}

/** The log, once the folder says that it has one: before anything is promised. */
export async function openMarked(
  identity: Identity,
  { disk, open }: Pick<HealingPorts, "disk" | "open">,
): Promise<OpenedData> {
  const storage = await open();
  const marked = { ...identity, hasLog: true };
  if (!identity.hasLog) await writeIdentity(disk, marked);
  return { identity: marked, storage };
}

/** Resolves once the folder is empty and has its new key. Rejects, and changes nothing, where it cannot be. */
export async function heal(
  identity: Identity,
  damage: EngineError,
  ports: HealingPorts,
): Promise<Identity> {
  const { disk, log } = ports;
  const { masterId, key } = identity;
  const masters = [...new Set([...othersOf(identity), ...ports.named])];
  if (masters.length === 0) throw incurable(damage, "it knows of no other master of its cluster");
  const nextKey = identity.nextKey ?? ports.newKey();
  await writeIdentity(disk, { ...identity, nextKey });
  log.warn("log damaged: asking the others to let this master begin anew", {
    ...{ master: masterId, masters: masters.join(), damage: damage.message },
  });
  try {
    await askLeader(identity, nextKey, masters, ports);
  } catch (thrown) {
    const refusal = toEngineError(thrown);
    if (refusal.code !== "MASTER_REMOVED") throw incurable(damage, refusal.message, refusal);
    await writeIdentity(disk, { ...identity, isRemoved: true });
    throw refusal;
  }
  log.warn("begins anew, and keeps the damaged log", { master: masterId, key, nextKey });
  const founders = new Map<MasterId, string>();
  const next = { ...identity, key: nextKey, nextKey, founders, hasLog: false };
  await writeIdentity(disk, next);
  return await clearDamage(next, disk);
}

function othersOf({ masterId, founders, known }: Identity): readonly string[] {
  const places = new Map([...founders, ...known]);
  places.delete(masterId);
  return [...places.values()];
}

async function askLeader(
  { clusterId, masterId, key }: Identity,
  nextKey: string,
  masters: readonly string[],
  { rpc, clock }: HealingPorts,
): Promise<void> {
  const leader = createLeaderClient({ rpc, clock, masters, searchMsMax: healingSearchMsMax });
  try {
    await leader.call(masterApi.renew, { clusterId, masterId, key, nextKey });
  } finally {
    leader.close();
  }
}

/** Where damaged files are kept to be looked at: those of the last time only. */
export const damagedFolder = "damaged";

/** Moves aside what is left of a log that the cluster no longer counts on; nothing where there is none. */
export async function clearDamage(identity: Identity, disk: Disk): Promise<Identity> {
  const { key, nextKey } = identity;
  if (nextKey !== key) return identity;
  const prefix = `${key}.`;
  for (const name of await disk.list(damagedFolder)) {
    if (!name.startsWith(prefix)) await disk.remove(`${damagedFolder}/${name}`);
  }
  for (const folder of [walFolder, snapshotFolder]) {
    for (const name of await disk.list(folder)) {
      await disk.move(`${folder}/${name}`, `${damagedFolder}/${prefix}${name}`);
    }
  }
  const healed = { ...identity, nextKey: undefined };
  await writeIdentity(disk, healed);
  return healed;
}

function incurable(damage: EngineError, why: string, cause?: EngineError): EngineError {
  return new EngineError(
    "LOG_CORRUPT",
    `${damage.message}. It could not begin anew by itself: ${why}. Nothing was changed on its disk. ` +
      "Start it again when a majority of the masters answers without it; if there is none and never " +
      "will be, put back a copy of the whole data folder, or found a new cluster in an empty one",
    damage.details,
    cause,
  );
}
