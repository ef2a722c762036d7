// The cluster that faults happen to: masters behind proxies, workers, a store behind another one.

import { join } from "node:path";
import { builtProgram, type LocalCluster, startLocalCluster } from "../cluster/local-cluster.ts";
import { type FaultProxy, startFaultProxy } from "../minio/fault-proxy.ts";
import type { Minio } from "../minio/server.ts";
import { type CutProxy, startCutProxy } from "./cut-proxy.ts";
import { type Leaders, watchLeaders } from "./leaders.ts";

export interface World {
  readonly folder: string;
  readonly cluster: LocalCluster;
  readonly masters: readonly string[];
  readonly workers: readonly string[];
  readonly network: ReadonlyMap<string, CutProxy>;
  readonly store: FaultProxy;
  /** Asks masters past their proxies. */
  readonly leaders: Leaders;
  stop(): Promise<void>;
}

export async function startWorld(folder: string, minio: Minio): Promise<World> {
  const network = new Map<string, CutProxy>();
  const direct = new Map<string, string>();
  const store = await startFaultProxy(minio.endpoint);
  const stopProxies = async (): Promise<void> => {
    await Promise.all([...network.values(), store].map((proxy) => proxy.stop()));
  };
  try {
    const cluster = await startLocalCluster({
      ...{ masters: 3, workers: 3, threads: 1, program: builtProgram() },
      folder: join(folder, "cluster"),
      minio: { ...minio, endpoint: store.endpoint },
      inFrontOf: async (name, address) => {
        const proxy = await startCutProxy(address);
        network.set(name, proxy);
        direct.set(name, address);
        return proxy.address;
      },
    });
    const leaders = watchLeaders(direct, cluster.nodeToken);
    return {
      ...{ folder: join(folder, "cluster"), cluster, network, store, leaders },
      masters: [...direct.keys()],
      workers: ["worker-1", "worker-2", "worker-3"],
      stop: async () => {
        leaders.close();
        for (const { child } of cluster.processes.values()) child.kill("SIGCONT");
        await cluster.stop();
        await stopProxies();
      },
    };
  } catch (failure) {
    await stopProxies();
    throw failure;
  }
}
