// Composition root of a master: real disk, network, store and clock around one node.

import { EngineError } from "../proto/errors.ts";
import { asClusterId, asMasterId, type ClusterId, type MasterId } from "../proto/ids.ts";
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
import type { Log } from "../proto/ports/log.ts";
import type { RpcBinding } from "../proto/ports/rpc.ts";
import { createMasterNode } from "./node.ts";
import { openRaftStorage } from "./storage/raft-storage.ts";

export interface MasterMainOptions {
  readonly id: string;
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  /** Every master of the cluster with its address, this one included; empty for a single master. */
  readonly peers: ReadonlyMap<string, string>;
  readonly dataFolder: string;
  readonly clientToken: string;
  readonly nodeToken: string;
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

/** Masters that were given the same peers form the same cluster, and no other can join by mistake. */
function clusterIdOf(peers: ReadonlyMap<string, string>): ClusterId {
  const names = [...peers.keys()].sort((a, b) => (a < b ? -1 : 1));
  return asClusterId(`cluster-of-${names.join("-")}`);
}

function peersOf(options: MasterMainOptions): Map<MasterId, string> {
  const peers = new Map<MasterId, string>();
  for (const [id, address] of options.peers) peers.set(asMasterId(id), address);
  if (peers.size === 0) peers.set(asMasterId(options.id), `${options.host}:${options.port}`);
  if (!peers.has(asMasterId(options.id))) {
    throw new EngineError(
      "USAGE",
      `master ${options.id} is not among its peers ${[...peers.keys()].join(", ")}; ` +
        "name every master of the cluster, this one included",
    );
  }
  return peers;
}

/** Recovers the state from disk and serves until stopped. Rejects with the disk's or the port's error. */
export async function startMaster(options: MasterMainOptions): Promise<RunningMaster> {
  const { log } = options;
  const peers = peersOf(options);
  const clusterId = clusterIdOf(
    options.peers.size === 0 ? new Map([[options.id, ""]]) : options.peers,
  );
  const disk = await openDisk(options.dataFolder);
  const rpc = createGrpcClient({ token: options.nodeToken });
  try {
    const storage = await openRaftStorage(disk, clusterId);
    const store = createStores(options.s3 === undefined ? {} : { s3: options.s3 });
    const node = createMasterNode(
      { masterId: asMasterId(options.id), clusterId, peers },
      {
        storage,
        rpc,
        clock: realClock,
        random: realRandom(),
        store,
        probeStore: createStoreProbe(store),
        log,
        sha256Hex,
        onFatal: options.onFatal,
      },
    );
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
    return {
      address: server.address,
      bindings: node.bindings,
      stop: async () => {
        await node.stop();
        await server.close();
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
