// User code that never yields, for longer than a lease: run where leases are renewed, as other queues do, it loses
// them and runs twice; run apart from them, as here, it keeps them.

import { afterEach, expect, test } from "vitest";
import { createVirtualCluster, type VirtualCluster } from "../sim/cluster.ts";

/** Beyond the lease of a worker and of its tasks. */
const userCodeMs = 9000;
let cluster: VirtualCluster;

/** Attempts of the busiest task within a virtual minute. */
async function mostRuns(blocksAgent: boolean): Promise<number> {
  const taskMs = (): number => {
    if (!blocksAgent) return userCodeMs;
    cluster.network.pause("w1");
    cluster.clock.after(userCodeMs, () => cluster.network.resume("w1"));
    return 1;
  };
  cluster = createVirtualCluster({ seed: 1, workers: ["w1"], slots: 1, jobIds: ["job"], taskMs });
  await cluster.start();
  await cluster.during(cluster.submit("job"));
  await cluster.clock.advanceAsync(60_000);
  return Math.max(...cluster.watch.runs.values());
}

afterEach(() => cluster.stop());

test("where user code cannot block the agent, no task runs twice", async () => {
  expect(await mostRuns(false)).toBe(1);
});

test("planted: where it blocks the agent, leases are lost and tasks run twice", async () => {
  expect(await mostRuns(true)).toBeGreaterThan(1);
});
