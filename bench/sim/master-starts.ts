// How a simulated master begins: with the identity on its disk, and by healing where its log is damaged.

import {
  type HealingPorts,
  heal,
  type OpenedData,
  openMarked,
  openOrHeal,
} from "../../master/members/healing.ts";
import { type Identity, readIdentity, writeIdentity } from "../../master/members/identity.ts";
import { EngineError } from "../../proto/errors.ts";
import { asMasterId, type ClusterId, type MasterId } from "../../proto/ids.ts";
import { type Clock, sleep } from "../../proto/ports/clock.ts";
import type { Disk } from "../../proto/ports/disk.ts";
import type { MastersView } from "../../proto/wire/views.ts";
import type { Life, Network } from "./network.ts";

export interface StartPorts {
  readonly registry: {
    /** Of the data folders of masters that joined or began anew. */
    readonly keys: ReadonlyMap<string, string>;
    /** Masters that ask the others to let them begin anew. */
    readonly healings: Map<string, Life>;
    /** Masters whose disk rotted, until they vote again. */
    readonly damaged: Set<string>;
  };
  readonly clusterId: ClusterId;
  readonly founders: ReadonlyMap<MasterId, string>;
  readonly pace: number;
  readonly clock: Clock;
  readonly network: Network;
  readonly failures: unknown[];
  count(what: string): void;
  startLater(name: string): void;
  list(): Promise<MastersView>;
}

type Begin = (data: OpenedData) => void;

export function createStarts(ports: StartPorts) {
  const { network, count, failures, clock, pace, founders, clusterId } = ports;
  const { keys, healings, damaged } = ports.registry;

  /** What its disk says of it: written at its first start. */
  async function identityOf(name: string, disk: Disk): Promise<Identity> {
    const known = await readIdentity(disk);
    if (known !== undefined) return known;
    const key = keys.get(name);
    const its = key === undefined ? { key: "", founders } : { key, founders: new Map() };
    const masterId = asMasterId(name);
    const untroubled = { isRemoved: false, nextKey: undefined, hasLog: false };
    const fresh = { ...its, ...untroubled, clusterId, masterId, known: founders };
    await writeIdentity(disk, fresh);
    return fresh;
  }

  /** False: it was removed, and its disk says so. Begins at once, after healing, or is tried again. */
  async function open(name: string, life: Life, healing: HealingPorts, begin: Begin) {
    try {
      const identity = await identityOf(name, healing.disk);
      if (identity.isRemoved) {
        network.leave(name);
        return false;
      }
      begin(await openOrHeal(identity, false, healing));
    } catch (thrown) {
      if (!(thrown instanceof EngineError)) throw thrown;
      if (thrown.code === "LOG_CORRUPT") void healMaster(name, life, thrown, healing, begin);
      else endStart(name, thrown);
    }
    return true;
  }

  /** It takes as long as the others take to agree, and may be killed like any process. */
  async function healMaster(
    name: string,
    life: Life,
    damage: EngineError,
    healing: HealingPorts,
    begin: Begin,
  ): Promise<void> {
    count("refusedToVote");
    healings.set(name, life);
    try {
      const identity = await heal(await identityOf(name, healing.disk), damage, healing);
      const data = await openMarked(identity, healing);
      if (healings.get(name) !== life) return;
      healings.delete(name);
      begin(data);
    } catch (thrown) {
      if (healings.get(name) !== life) return;
      healings.delete(name);
      if (thrown instanceof EngineError) endStart(name, thrown);
      else failures.push(thrown);
    }
  }

  /** Of a start that came to nothing: somebody tries again. */
  function endStart(name: string, failure: EngineError): void {
    network.leave(name);
    const { code: why } = failure;
    if (why === "MASTER_REMOVED") {
      count("endedAsRemoved");
      damaged.delete(name);
      return;
    }
    const isOfDisk = why === "DISK_FULL" || why === "DISK_FAILED";
    if (isOfDisk) count("endedByDisk");
    else if (why !== "LOG_CORRUPT") failures.push(failure);
    ports.startLater(name);
  }

  /** It is well again when it votes under the key that it has now. */
  async function seeHealed(name: string, key: string): Promise<void> {
    while (damaged.has(name)) {
      await sleep(clock, 1000 * pace);
      const view = await ports.list().catch(() => undefined);
      if (view === undefined) continue;
      const found = view.masters.find(({ masterId }) => masterId === name);
      const isWell = found?.role !== "learner" && found?.key === key;
      if (found === undefined || isWell) damaged.delete(name);
    }
  }

  return { open, seeHealed };
}
