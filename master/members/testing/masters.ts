// Whole masters on virtual wires, disks and time, each with the identity that its disk tells of.

import { createHash } from "node:crypto";
import { asClusterId, asMasterId } from "../../../proto/ids.ts";
import { silentLog } from "../../../proto/ports/log.ts";
import { randomStream } from "../../../proto/ports/random.ts";
import type { RpcServer } from "../../../proto/ports/rpc.ts";
import { fakeClock } from "../../../proto/testing/fake-clock.ts";
import { type MemoryDisk, memoryDisk } from "../../../proto/testing/memory-disk.ts";
import { createMemoryStore } from "../../../proto/testing/memory-store.ts";
import { createLeaderClient } from "../../../proto/wire/leader-client.ts";
import { createLocalRpc } from "../../../proto/wire/local-rpc.ts";
import { clientApi, masterApi } from "../../../proto/wire/methods.ts";
import type { MastersView } from "../../../proto/wire/views.ts";
import { createMasterNode, type MasterNode } from "../../node.ts";
import { openRaftStorage } from "../../storage/raft-storage.ts";
import { openOrHeal } from "../healing.ts";
import { type Identity, readIdentity, writeIdentity } from "../identity.ts";
import { keepIdentity } from "../identity-keeper.ts";

const sha256Hex = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const code = new TextEncoder().encode("export {}");
const sha256 = sha256Hex(code);

export interface Started {
  /** Founders of its cluster; none for one that joins. */
  readonly founders?: readonly string[];
  readonly cluster?: string;
  /** Of its data folder, when it joins. */
  readonly key?: string;
  readonly address?: string;
  /** By default it may begin anew when its log is damaged. */
  readonly heals?: boolean;
}

/** Masters by name, each at `NAME:1` unless said otherwise; a client that was told of `known`. */
export function createWorld(known: readonly string[]) {
  const clock = fakeClock();
  let keys = 0;
  const rpc = createLocalRpc(clock);
  const disks = new Map<string, MemoryDisk>();
  const running = new Map<string, { node: MasterNode; server: RpcServer }>();
  const ends = new Map<string, unknown>();
  const masters = known.map((name) => `${name}:1`);
  const leader = createLeaderClient({ rpc: rpc.client({ role: "node" }), clock, masters });

  /** What the disk says of it holds, as with `openIdentity`. */
  async function identityOf(name: string, disk: MemoryDisk, how: Started): Promise<Identity> {
    const { founders: names = [], cluster = "one", key = "" } = how;
    const founders = new Map(names.map((id) => [asMasterId(id), `${id}:1`]));
    const first = { clusterId: asClusterId(cluster), masterId: asMasterId(name), key, founders };
    const untroubled = { isRemoved: false, nextKey: undefined, hasLog: false };
    const fresh = { ...first, ...untroubled, known: founders };
    const identity = (await readIdentity(disk)) ?? fresh;
    if (identity === fresh) await writeIdentity(disk, fresh);
    return identity;
  }

  async function start(name: string, how: Started): Promise<void> {
    const { address = `${name}:1`, heals = true } = how;
    const disk = disks.get(name) ?? memoryDisk();
    disks.set(name, disk);
    const found = await identityOf(name, disk, how);
    const client = rpc.client({ role: "node" });
    const { identity, storage } = await openOrHeal(found, heals, {
      ...{ disk, rpc: client, clock, log: silentLog, named: [] },
      open: () => openRaftStorage(disk, found.clusterId),
      newKey: () => `key-${++keys}-of-${name}`,
    });
    const { clusterId, masterId, key } = identity;
    const keeper = keepIdentity(disk, identity, (failure) => ends.set(name, failure));
    const node = createMasterNode(
      { masterId, clusterId, peers: identity.founders, key },
      {
        ...{ storage, rpc: client, onMembers: keeper.note },
        ...{ clock, random: randomStream(3).child(name), store: createMemoryStore() },
        probeStore: async () => {},
        ...{ log: silentLog, sha256Hex },
        onFatal: (failure) => ends.set(name, failure),
      },
    );
    running.set(name, { node, server: rpc.serve(address, node.bindings) });
    node.start();
  }

  async function stop(name: string): Promise<void> {
    const one = running.get(name);
    running.delete(name);
    await one?.server.close();
    await one?.node.stop();
  }

  async function during<Value>(promise: Promise<Value>): Promise<Value> {
    let isOver = false;
    const end = (): void => {
      isOver = true;
    };
    promise.then(end, end);
    for (let turn = 0; turn < 4000 && !isOver; turn++) await clock.advanceAsync(25);
    return promise;
  }

  async function list(): Promise<MastersView> {
    const { mastersJson } = await during(leader.call(masterApi.list, {}));
    return JSON.parse(mastersJson) as MastersView;
  }

  /** As the operator's command does. */
  async function add(masterId: string, replaces = "", address = `${masterId}:1`): Promise<void> {
    await during(leader.call(masterApi.add, { masterId, address, replaces }));
    for (let look = 0; look < 400; look++) {
      const { masters: all } = await list();
      const isGone = all.every((one) => one.masterId !== replaces);
      if (isGone && all.some((one) => one.masterId === masterId && one.role !== "learner")) return;
      await clock.advanceAsync(50);
    }
    throw new Error(`${masterId} never voted`);
  }

  const remove = (masterId: string, force = false) =>
    during(leader.call(masterApi.remove, { masterId, force }));
  const transfer = (masterId: string) => during(leader.call(masterApi.transfer, { masterId }));
  const put = () => during(leader.call(clientApi.putBundle, { sha256, code }));
  const settle = (ms: number) => clock.advanceAsync(ms);

  return {
    ...{ clock, rpc, running, ends, disks, start, stop, during, list, add, remove, transfer, put },
    ...{ settle, leader },
  };
}

export type World = ReturnType<typeof createWorld>;

export async function threeMasters(): Promise<World> {
  const world = createWorld(["a", "b", "c"]);
  for (const name of ["a", "b", "c"]) await world.start(name, { founders: ["a", "b", "c"] });
  await world.put();
  return world;
}

export function names(view: MastersView): string[] {
  return view.masters.map(({ masterId }) => masterId).sort((one, two) => (one < two ? -1 : 1));
}
