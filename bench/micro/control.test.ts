// The benchmark of the control plane, in small: every measure that needs no processes gives its figures.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createMasterNode, type MasterNode } from "../../master/node.ts";
import { openRaftStorage } from "../../master/storage/raft-storage.ts";
import { asClusterId, asMasterId } from "../../proto/ids.ts";
import { realClock } from "../../proto/io/clock.ts";
import { openDisk } from "../../proto/io/disk.ts";
import { serveRpc } from "../../proto/io/grpc-server.ts";
import { realRandom } from "../../proto/io/seed.ts";
import { sha256Hex } from "../../proto/io/sha256.ts";
import { silentLog } from "../../proto/ports/log.ts";
import type { RpcServer } from "../../proto/ports/rpc.ts";
import { createMemoryStore } from "../../proto/testing/memory-store.ts";
import { type Connection, connectLeader } from "./api-calls.ts";
import { measureProposals } from "./proposals.ts";
import { measureReplica } from "./replica-batches.ts";
import { measureScheduling } from "./scheduling.ts";
import { measureSnapshot } from "./snapshot-block.ts";
import { type Figure, gather, percentile, summarize, tableRow } from "./statistics.ts";
import { measureTaskBytes, measureTaskCost } from "./task-cost.ts";

const folder = mkdtempSync(join(tmpdir(), "millrace-bench-test-"));
let node: MasterNode;
let server: RpcServer;
let client: Connection;
let worker: Connection;

beforeAll(async () => {
  const clusterId = asClusterId("bench");
  const masterId = asMasterId("m1");
  const storage = await openRaftStorage(await openDisk(join(folder, "master")), clusterId);
  node = createMasterNode(
    { masterId, clusterId, peers: new Map([[masterId, "here"]]) },
    {
      storage,
      rpc: connectPeers(),
      clock: realClock,
      random: realRandom(),
      store: createMemoryStore(),
      probeStore: async () => {},
      log: silentLog,
      sha256Hex,
      onFatal: (failure) => {
        throw failure;
      },
    },
  );
  const authenticate = (token: string) => ({ role: token === "node" ? "node" : "client" }) as const;
  server = await serveRpc({ port: 0, bindings: node.bindings, authenticate });
  node.start();
  client = connectLeader([server.address], "client");
  worker = connectLeader([server.address], "node");
});

afterAll(async () => {
  client.close();
  worker.close();
  await node.stop();
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A single master has nobody to call. */
function connectPeers() {
  return { call: () => Promise.reject(new Error("no peers")), close: () => {} };
}

function expectFigures(figures: readonly Figure[], count: number): void {
  expect(figures).toHaveLength(count);
  for (const { values } of figures) {
    expect(values.length).toBeGreaterThan(0);
    for (const value of values) expect(value).toBeGreaterThan(0);
  }
}

describe("measures", () => {
  test("commands, with one caller and with several", async () => {
    expectFigures(await measureProposals(client, [client], 40, [1, 8]), 6);
  });

  test("scheduling", async () => {
    expectFigures(await measureScheduling(client, worker, 500, 2), 1);
  });

  test("a replica", async () => {
    expectFigures(await measureReplica(join(folder, "replica"), 4, 16), 1);
  });

  test("tasks", () => {
    expectFigures(measureTaskCost([200, 400]), 3);
    expectFigures(measureTaskBytes(20_000), 4);
  });

  test("a snapshot", async () => {
    expectFigures(await measureSnapshot(join(folder, "snapshot"), 2000), 3);
  });
});

describe("figures", () => {
  const figure: Figure = { measure: "m", what: "w", unit: "ms", values: [3, 1, 2] };

  test("percentiles are values that occurred", () => {
    expect([0, 0.5, 0.99, 1].map((share) => percentile([4, 1, 3, 2], share))).toEqual([1, 2, 4, 4]);
  });

  test("the median decides whether an aim is met", () => {
    const most = (value: number) => summarize({ ...figure, aim: { kind: "most", value } });
    const least = (value: number) => summarize({ ...figure, aim: { kind: "least", value } });
    expect([most(2).met, most(1.9).met, least(2).met, least(2.1).met]).toEqual([
      true,
      false,
      true,
      false,
    ]);
    expect(tableRow(most(1))).toBe("| m | w | 2 ms | 1 to 3 | ≤ 1 | missed |");
  });

  test("repeats are gathered", () => {
    const again = { ...figure, values: [7] };
    const other = { ...figure, what: "x", values: [9] };
    const gathered = gather([[figure, other], [again]]);
    expect(gathered.map(({ what, values }) => [what, values])).toEqual([
      ["w", [3, 1, 2, 7]],
      ["x", [9]],
    ]);
  });
});
