// A master that comes back to a million tasks: from the start of its process to its first answer.

import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { writeIdentity } from "../../master/members/identity.ts";
import { encodeSnapshot } from "../../master/scheduler/snapshot.ts";
import { openRaftStorage } from "../../master/storage/raft-storage.ts";
import { asClusterId, asMasterId } from "../../proto/ids.ts";
import { openDisk } from "../../proto/io/disk.ts";
import { raftSnapshotEveryBytes } from "../../proto/limits/raft.ts";
import { clientApi } from "../../proto/wire/methods.ts";
import { startLocalCluster } from "../cluster/local-cluster.ts";
import { connectLeader } from "./api-calls.ts";
import { loadScheduler } from "./scheduler-load.ts";
import type { Figure } from "./statistics.ts";

/** A snapshot of the tasks, half of them done, and as long a log behind it as there can be. */
async function writeDataFolder(folder: string, tasks: number): Promise<number> {
  mkdirSync(folder, { recursive: true });
  const load = loadScheduler(tasks);
  load.finish(load.grant(Math.floor(tasks / 2)));
  const index = load.state.appliedIndex;
  const snapshot = { index, term: 1, bytes: new TextEncoder().encode(encodeSnapshot(load.state)) };
  load.record();
  let logBytes = 0;
  let counted = 0;
  while (logBytes < raftSnapshotEveryBytes * 0.9) {
    const leased = load.grant(1024);
    if (leased.length === 0) break;
    load.finish(leased);
    for (const command of load.recorded?.slice(counted) ?? []) logBytes += command.length;
    counted = load.recorded?.length ?? 0;
  }
  const disk = await openDisk(folder);
  const [clusterId, masterId] = [asClusterId("restarted"), asMasterId("master-1")];
  // Its address is only told to others, of whom there are none.
  const founders = new Map([[masterId, "127.0.0.1:0"]]);
  const places = { founders, known: founders, isRemoved: false, nextKey: undefined, hasLog: true };
  await writeIdentity(disk, { clusterId, masterId, key: "", ...places });
  const storage = await openRaftStorage(disk, clusterId);
  const entries = (load.recorded ?? []).map((data, i) => {
    return { index: index + 1 + i, term: 1, kind: "command", data } as const;
  });
  const commit = index + entries.length;
  const hardState = { term: 1, votedFor: masterId, commit };
  await storage.save({ hardState: { ...hardState, commit: index }, snapshot, entries: [] });
  await storage.save({ hardState, entries });
  await storage.close();
  await disk.close();
  return snapshot.bytes.length;
}

export async function measureRestart(
  folder: string,
  program: string,
  tasks: number,
  runs: number,
): Promise<Figure[]> {
  const snapshotBytes = await writeDataFolder(join(folder, "master-1"), tasks);
  const tookMs: number[] = [];
  for (let run = 0; run < runs; run++) {
    const startedMs = performance.now();
    const shape = { masters: 1, workers: 0, threads: 1, folder, program };
    const cluster = await startLocalCluster(shape);
    const client = connectLeader(cluster.masters, cluster.token);
    await client.call(clientApi.clusterStatus, {});
    tookMs.push(performance.now() - startedMs);
    client.close();
    await cluster.stop();
  }
  rmSync(folder, { recursive: true, force: true });
  const measure = `restart with ${tasks} tasks`;
  return [
    {
      measure,
      what: "process start to first answer",
      unit: "ms",
      values: tookMs,
      aim: { kind: "most", value: 5000 },
    },
    { measure, what: "snapshot", unit: "MB", values: [snapshotBytes / 1e6] },
  ];
}
