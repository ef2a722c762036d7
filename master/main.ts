// Composition root of a master: real disk, network, store and clock around one node.

import { EngineError } from "../proto/errors.ts";
import { asMasterId, type MasterId } from "../proto/ids.ts";
import { realClock } from "../proto/io/clock.ts";
import { openDisk } from "../proto/io/disk.ts";
import { createGrpcClient } from "../proto/io/grpc-client.ts";
import { serveRpc } from "../proto/io/grpc-server.ts";
import { realRandom } from "../proto/io/seed.ts";
import { sha256Hex } from "../proto/io/sha256.ts";
import type { S3Options } from "../proto/io/store-options.ts";
import { createStoreProbe } from "../proto/io/store-probe.ts";
import { createStores } from "../proto/io/stores.ts";
import { createAuthenticator, knownToken } from "../proto/io/tokens.ts";
import { sleep } from "../proto/ports/clock.ts";
import type { Log } from "../proto/ports/log.ts";
import type { RpcBinding, RpcClient } from "../proto/ports/rpc.ts";
import type { RecoveryView } from "../proto/wire/views.ts";
import { openOrHeal } from "./members/healing.ts";
import { type Beginning, openIdentity } from "./members/identity.ts";
import { keepIdentity } from "./members/identity-keeper.ts";
import { findCluster } from "./members/join.ts";
import { readSurvivor, viewSurvivor, writeRecovered } from "./members/recovery.ts";
import { createMasterNode } from "./node.ts";
import { openRaftStorage } from "./storage/raft-storage.ts";

export interface MasterMainOptions {
  readonly id: string;
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  /** The founders with their addresses, this one included; empty for a single master. */
  readonly peers: ReadonlyMap<string, string>;
  /** Of a master with an empty data folder that is to join a cluster: addresses of its masters. */
  readonly join?: readonly string[];
  readonly dataFolder: string;
  /** False where the data folder goes with this process: its log is then written and not synced. */
  readonly isDurable?: boolean;
  readonly clientToken: string;
  readonly nodeToken: string;
  /** Whether it may begin anew from the others when its log is damaged; by default it may. */
  readonly heal?: boolean;
  readonly s3?: S3Options;
  readonly log: Log;
  /** Told when nothing may be promised any more; the caller ends the process. */
  readonly onFatal: (failure: unknown) => void;
}

export interface RunningMaster {
  /** `host:port` as bound. */
  readonly address: string;
  readonly bindings: readonly RpcBinding[];
  stop(): Promise<void>;
}

/** As others reach it, who learn of it from this master. */
function ownAddress({ id, host, port }: MasterMainOptions): string {
  if (host !== "0.0.0.0" && host !== "::") return `${host}:${port}`;
  throw new EngineError(
    "USAGE",
    `${host} is no address that others could reach ${id} at: name one with --peers ${id}=HOST:${port}`,
  );
}

/** The founders as the command line names them: without any, this master alone. */
function foundersOf(options: MasterMainOptions): Map<MasterId, string> {
  const founders = new Map<MasterId, string>();
  for (const [id, address] of options.peers) founders.set(asMasterId(id), address);
  if (founders.size === 0) founders.set(asMasterId(options.id), ownAddress(options));
  if (!founders.has(asMasterId(options.id))) {
    throw new EngineError(
      "USAGE",
      `master ${options.id} is not among its peers ${[...founders.keys()].join(", ")}; ` +
        "name every master of the cluster, this one included",
    );
  }
  return founders;
}

/** Addresses of others by the command line. */
function othersNamed({ id, peers, join = [] }: MasterMainOptions): readonly string[] {
  return [...[...peers].filter(([peer]) => peer !== id).map(([, address]) => address), ...join];
}

const newKey = (): string => realRandom().nextHex128();

function beginningOf(options: MasterMainOptions, rpc: RpcClient): Beginning {
  const { join = [] } = options;
  if (join.length === 0) return { kind: "found", founders: () => foundersOf(options), newKey };
  return { kind: "join", clusterId: () => findCluster(rpc, realClock, join), newKey };
}

/** Recovers the state from disk and serves until stopped. Rejects with the disk's or the port's error. */
export async function startMaster(options: MasterMainOptions): Promise<RunningMaster> {
  const { log } = options;
  const masterId = asMasterId(options.id);
  const { isDurable = true } = options;
  const disk = await openDisk(options.dataFolder, { isDurable });
  const rpc = createGrpcClient({ token: options.nodeToken });
  try {
    const beginning = beginningOf(options, rpc);
    const found = await openIdentity(disk, masterId, beginning, sha256Hex);
    const { identity, storage } = await openOrHeal(found, options.heal ?? true, {
      ...{ disk, rpc, log, clock: realClock, newKey, named: othersNamed(options) },
      open: () => {
        return openRaftStorage(disk, found.clusterId, { pause: () => sleep(realClock, 0) });
      },
    });
    const { clusterId, key, founders } = identity;
    const keeper = keepIdentity(disk, identity, (failure) => void endBy(failure));
    const store = createStores(options.s3 === undefined ? {} : { s3: options.s3 });
    const node = createMasterNode(
      { masterId, clusterId, key, peers: founders },
      {
        storage,
        rpc,
        clock: realClock,
        random: realRandom(),
        store,
        probeStore: createStoreProbe(store),
        log,
        sha256Hex,
        onMembers: keeper.note,
        onFatal: (failure) => void endBy(failure),
      },
    );
    /** A removed master must not come back with what it has: it would be a member of old. */
    async function endBy(failure: unknown): Promise<void> {
      const isRemoved = failure instanceof EngineError && failure.code === "MASTER_REMOVED";
      if (isRemoved) await keeper.remove().catch(options.onFatal);
      options.onFatal(failure);
    }
    const server = await serveRpc({
      host: options.host,
      port: options.port,
      bindings: node.bindings,
      authenticate: createAuthenticator([
        knownToken(options.clientToken, "client"),
        knownToken(options.nodeToken, "node"),
      ]),
      onInternalError: (error, path) => log.error("defect", { path, message: error.message }),
    });
    node.start();
    log.info("serving", { master: options.id, address: server.address, clusterId });
    if (storage.recovered.hardState.term === 0 && key !== "" && identity.known.size === 0) {
      log.info(`waiting to be added: millrace master add ${masterId} ${server.address}`, {});
    }
    return {
      address: server.address,
      bindings: node.bindings,
      stop: async () => {
        await node.stop();
        await server.close();
        await keeper.settled();
        rpc.close();
        await disk.close();
      },
    };
  } catch (failure) {
    rpc.close();
    await disk.close();
    throw failure;
  }
}

export interface MasterRecoveryOptions {
  /** The data folder of a master that is left; nothing in it changes. */
  readonly from: string;
  /** The folder to write; without it, only what is there is told. */
  readonly to?: string | undefined;
  /** Where the others reach it from now on, if not where they did. */
  readonly address?: string | undefined;
}

/** What a master has of a lost cluster, and a new cluster of it alone. Rejects while a process holds either folder. */
export async function recoverMaster(options: MasterRecoveryOptions): Promise<RecoveryView> {
  const { from, to, address } = options;
  const source = await openDisk(from);
  try {
    const survivor = await readSurvivor(source);
    const moved = address === undefined ? survivor : { ...survivor, address };
    if (to === undefined) return viewSurvivor(moved);
    const target = await openDisk(to);
    try {
      const recovered = await writeRecovered(target, moved, { clock: realClock, newKey });
      return { ...viewSurvivor(moved), recoveredClusterId: recovered };
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}
