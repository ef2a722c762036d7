// Three whole masters in one process on virtual wires, disks and time: elect, replicate, fail over, restart.

import { createHash } from "node:crypto";
import { afterEach, describe, expect, test } from "vitest";
import { EngineError } from "../proto/errors.ts";
import { asClusterId, asMasterId } from "../proto/ids.ts";
import { silentLog } from "../proto/ports/log.ts";
import { randomStream } from "../proto/ports/random.ts";
import type { RpcServer } from "../proto/ports/rpc.ts";
import { type FakeClock, fakeClock } from "../proto/testing/fake-clock.ts";
import { type MemoryDisk, memoryDisk } from "../proto/testing/memory-disk.ts";
import { createMemoryStore } from "../proto/testing/memory-store.ts";
import { createLeaderClient } from "../proto/wire/leader-client.ts";
import { createLocalRpc } from "../proto/wire/local-rpc.ts";
import { clientApi, workerApi } from "../proto/wire/methods.ts";
import type { ClusterView, JobView } from "../proto/wire/views.ts";
import { createMasterNode, type MasterNode } from "./node.ts";
import { openRaftStorage } from "./storage/raft-storage.ts";

const names = ["a", "b", "c"] as const;
type Name = (typeof names)[number];
const clusterId = asClusterId("test");
const peers = new Map(names.map((name) => [asMasterId(name), name as string]));
const code = new TextEncoder().encode("export {}");
const sha256 = createHash("sha256").update(code).digest("hex");

interface Running {
  readonly node: MasterNode;
  readonly server: RpcServer;
}

/** Everything about one cluster; `clock` moves it. */
function createCluster(seed: number) {
  const clock: FakeClock = fakeClock();
  const rpc = createLocalRpc(clock);
  const disks = new Map<Name, MemoryDisk>(names.map((name) => [name, memoryDisk()]));
  const running = new Map<Name, Running>();

  async function start(name: Name): Promise<void> {
    const disk = disks.get(name);
    if (disk === undefined) throw new Error(`no disk for ${name}`);
    const node = createMasterNode(
      { masterId: asMasterId(name), clusterId, peers },
      {
        storage: await openRaftStorage(disk, clusterId),
        rpc: rpc.client({ role: "node" }),
        clock,
        random: randomStream(seed).child(name),
        store: createMemoryStore(),
        probeStore: async () => {},
        log: silentLog,
        sha256Hex: (bytes) => createHash("sha256").update(bytes).digest("hex"),
        onFatal: (failure) => {
          throw failure;
        },
      },
    );
    running.set(name, { node, server: rpc.serve(name, node.bindings) });
    node.start();
  }

  async function stop(name: Name): Promise<void> {
    const one = running.get(name);
    running.delete(name);
    await one?.server.close();
    await one?.node.stop();
  }

  const leader = createLeaderClient({ rpc: rpc.client({ role: "node" }), clock, masters: names });

  /** Lets virtual time pass until the promise has an answer. */
  async function during<Value>(promise: Promise<Value>): Promise<Value> {
    let ended = false;
    const end = (): void => {
      ended = true;
    };
    promise.then(end, end);
    for (let turn = 0; turn < 2000 && !ended; turn++) await clock.advanceAsync(25);
    return promise;
  }

  return { clock, start, stop, running, leader, during };
}

function submission(jobId: string) {
  return {
    jobId,
    name: "job",
    paramsJson: "{}",
    bundleSha256: sha256,
    seed: 1,
    submittedWallMs: 0,
    workingFolder: "/",
    detached: true,
  };
}

let cluster = createCluster(1);
afterEach(async () => {
  for (const name of names) await cluster.stop(name);
});

describe("three masters", () => {
  test("elect one leader, replicate a job, and keep it over the leader's death and a restart", async () => {
    cluster = createCluster(7);
    const { leader, during } = cluster;
    for (const name of names) await cluster.start(name);
    await during(leader.call(clientApi.putBundle, { sha256, code }));
    await during(leader.call(clientApi.submit, submission("job-1")));
    const status = await during(leader.call(clientApi.clusterStatus, {}));
    const view = JSON.parse(status.statusJson) as ClusterView;
    const first = view.leader as Name;
    expect(names).toContain(first);

    await cluster.stop(first);
    const ask = { jobId: "job-1", knownRevision: 0, waitMs: 0 };
    const reply = await during(leader.call(clientApi.getJob, ask));
    expect(JSON.parse(reply.jobJson) as JobView).toMatchObject({
      jobId: "job-1",
      state: "running",
    });
    await during(leader.call(clientApi.submit, submission("job-2")));

    await cluster.start(first);
    const second = (
      JSON.parse((await during(leader.call(clientApi.clusterStatus, {}))).statusJson) as ClusterView
    ).leader as Name;
    expect(second).not.toBe(first);
    await cluster.clock.advanceAsync(2000);
    await cluster.stop(second);
    const jobs = await during(leader.call(clientApi.listJobs, { limit: 10 }));
    const ids = jobs.jobJson.map((json) => (JSON.parse(json) as JobView).jobId).sort();
    expect(ids).toEqual(["job-1", "job-2"]);
  });

  test("without a majority nothing is acknowledged; with one again, everything goes on", async () => {
    cluster = createCluster(3);
    const { leader, during } = cluster;
    for (const name of names) await cluster.start(name);
    await during(leader.call(clientApi.putBundle, { sha256, code }));
    await cluster.stop("a");
    await cluster.stop("b");
    await expect(during(leader.call(clientApi.submit, submission("job-3")))).rejects.toThrow(
      EngineError,
    );
    await cluster.start("a");
    await during(leader.call(clientApi.submit, submission("job-3")));
    const jobs = await during(leader.call(clientApi.listJobs, { limit: 10 }));
    expect(jobs.jobJson).toHaveLength(1);
  });

  test("a worker that does not renew is given up after its lease, and not before", async () => {
    cluster = createCluster(5);
    const { leader, during, clock } = cluster;
    for (const name of names) await cluster.start(name);
    const worker = { workerId: "w", incarnation: "i1" };
    const registration = {
      ...worker,
      dataAddress: "127.0.0.1:1",
      slots: 1,
      weight: 1,
      replaces: "",
    };
    await during(leader.call(workerApi.register, registration));
    const renewal = { ...worker, tasks: [], drivers: [], heldJobs: [] };
    await clock.advanceAsync(4000);
    expect(await during(leader.call(workerApi.renew, renewal))).toMatchObject({ known: true });
    await clock.advanceAsync(6000);
    expect(await during(leader.call(workerApi.renew, renewal))).toMatchObject({ known: false });
  });
});
