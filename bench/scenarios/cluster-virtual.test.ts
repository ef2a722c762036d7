// Whole clusters on virtual time: leaders, workers and drivers die, stand still and come back, and the
// output is committed once, with no finished work done twice.

import { afterEach, describe, expect, test } from "vitest";
import { raftElectionTicksMax, raftTickMs } from "../../proto/limits/raft.ts";
import { workerApi } from "../../proto/wire/methods.ts";
import { createVirtualCluster, type VirtualCluster } from "../sim/cluster.ts";
import { outputTasks } from "../sim/workload.ts";

const workers = ["w1", "w2", "w3"];
const failoverMsMax = 3 * raftElectionTicksMax * raftTickMs;
const mapsAndReduces = 5 + outputTasks;
const tasksOfJob = mapsAndReduces + mapsAndReduces + outputTasks;
let cluster: VirtualCluster;

async function begin(seed: number, taskMs?: number): Promise<VirtualCluster> {
  const fixed = taskMs === undefined ? {} : { taskMs: () => taskMs };
  cluster = createVirtualCluster({ seed, workers, slots: 2, jobIds: ["job"], ...fixed });
  await cluster.start();
  await cluster.during(cluster.submit("job"));
  return cluster;
}

async function finish(): Promise<void> {
  const job = await cluster.during(cluster.ended("job"));
  expect(job.state).toBe("succeeded");
  cluster.watch.checkEnd(cluster.bucket, "job", job);
}

async function leaderName(): Promise<string> {
  return (await cluster.during(cluster.status())).leader;
}

/** Until so many attempts of the job began. */
async function untilRuns(count: number): Promise<void> {
  const total = () => [...cluster.watch.runs.values()].reduce((sum, runs) => sum + runs, 0);
  for (let turn = 0; turn < 3000 && total() < count; turn++) await cluster.clock.advanceAsync(20);
  expect(total()).toBeGreaterThanOrEqual(count);
}

/** Tasks whose sealed output a worker holds. */
function finishedOn(worker: string): string[] {
  return [...cluster.sealed(worker)].map((block) => block.split("#")[0] ?? "");
}

function expectEachTaskOnce(): void {
  const again = [...cluster.watch.runs].filter(([, runs]) => runs !== 1);
  expect(again).toEqual([]);
  expect(cluster.watch.runs.size).toBe(tasksOfJob);
}

afterEach(() => cluster.stop());

describe("stories", () => {
  test("nothing happens: each task runs once, and one output is committed", async () => {
    await begin(1);
    await finish();
    expectEachTaskOnce();
  });

  test("tasks that queue behind long ones keep their worker and their lease", async () => {
    await begin(2, 9000);
    await finish();
    expectEachTaskOnce();
  });

  test("the leader dies while tasks run, twice: no task runs again", async () => {
    await begin(3, 3000);
    for (const runs of [2, 9]) {
      await untilRuns(runs);
      const name = await leaderName();
      await cluster.killMaster(name);
      await cluster.clock.advanceAsync(2000);
      await cluster.startMaster(name);
    }
    await finish();
    expectEachTaskOnce();
  });

  test("the leader stands still longer than any lease: no task runs again", async () => {
    await begin(4, 3000);
    await untilRuns(3);
    const name = await leaderName();
    cluster.network.pause(name);
    await cluster.clock.advanceAsync(30_000);
    cluster.network.resume(name);
    await finish();
    expectEachTaskOnce();
  });

  test("nobody reaches the leader any more, though it reaches all: another leads", async () => {
    await begin(4, 3000);
    await untilRuns(3);
    const name = await leaderName();
    cluster.network.shut(name);
    await cluster.clock.advanceAsync(failoverMsMax);
    expect(await leaderName()).not.toBe(name);
    await finish();
    expectEachTaskOnce();
  });

  test("a worker dies with outputs that are needed: those run again, and nothing else", async () => {
    await begin(5, 3000);
    // The reduces of the first action have begun, so all of its maps are done.
    await untilRuns(6);
    const lost = finishedOn("w2");
    const kept = [...finishedOn("w1"), ...finishedOn("w3")];
    expect([lost.length > 0, kept.length > 0]).toEqual([true, true]);
    cluster.killWorker("w2");
    await finish();
    const runsOf = (tasks: readonly string[]) => tasks.map((task) => cluster.watch.runs.get(task));
    expect(runsOf(lost)).toEqual(lost.map(() => 2));
    expect(runsOf(kept)).toEqual(kept.map(() => 1));
  });

  test("a worker stands still beyond its lease: what it reports late is refused", async () => {
    await begin(6, 4000);
    await untilRuns(5);
    cluster.network.pause("w1");
    await cluster.clock.advanceAsync(20_000);
    cluster.network.resume("w1");
    await finish();
    expect([...cluster.watch.runs.values()].some((runs) => runs > 1)).toBe(true);
  });

  test("a report that arrives when another worker has the task is refused", async () => {
    await begin(7, 4000);
    await untilRuns(5);
    let held = 0;
    cluster.network.lateMs = (from, path) => {
      if (from !== "w1" || path !== workerApi.report.path || held++ > 0) return 0;
      // The request is on its way; nothing else of this worker gets through any more.
      cluster.clock.after(1, () => cluster.network.cut("w1"));
      return 8000;
    };
    await cluster.clock.advanceAsync(20_000);
    expect(held).toBeGreaterThan(0);
    expect(cluster.watch.staleReports()).toBeGreaterThan(0);
    cluster.network.heal();
    await finish();
  });

  test("every request arrives twice: nothing happens twice", async () => {
    await begin(8);
    cluster.network.rates = { ...cluster.network.rates, doubled: 1000 };
    await finish();
    expectEachTaskOnce();
  });

  test("however often leaders change, logged time never outruns the clock", async () => {
    await begin(10, 4000);
    await finish();
    for (let round = 0; round < 6; round++) {
      cluster.network.cut(await leaderName());
      await cluster.clock.advanceAsync(round * 900);
      cluster.network.heal();
      await cluster.clock.advanceAsync(1500);
    }
    const before = await cluster.during(cluster.status());
    await cluster.clock.advanceAsync(25_000);
    const after = await cluster.during(cluster.status());
    expect(after.term).toBe(before.term);
    // Workers renew once a second; whatever else was applied is a tick.
    const ticks = after.appliedIndex - before.appliedIndex - workers.length * 25;
    expect(ticks).toBeLessThanOrEqual(25 * 4 + workers.length);
    expect(ticks).toBeGreaterThan(25 * 4 * 0.8);
  });

  test("the worker that drives the job dies: another one goes on where it stopped", async () => {
    await begin(9, 2000);
    await untilRuns(6);
    const driver = cluster.driverOf("job");
    expect(driver).toBeDefined();
    cluster.killWorker(driver ?? "");
    await cluster.clock.advanceAsync(10_000);
    expect(cluster.driverOf("job")).not.toBe(driver);
    await finish();
  });
});
