// What one task costs the scheduler, and what it weighs, from a thousand tasks to a million.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { encodeSnapshot } from "../../master/scheduler/snapshot.ts";
import { loadScheduler } from "./scheduler-load.ts";
import type { Figure } from "./statistics.ts";

function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
}

function heapBytes(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

/** Milliseconds from the first grant to the last accepted report. */
function tookMs(tasks: number): number {
  const load = loadScheduler(tasks);
  const startedMs = performance.now();
  // As many under way as a busy cluster has.
  for (let done = 0; done < tasks; done += 1024) load.finish(load.grant(1024));
  return performance.now() - startedMs;
}

/**
 * Microseconds a task. Small sizes run again and again until as many tasks ran as in the largest: the mean of all has
 * the collections of garbage in it that a single small run is too short to meet.
 */
function meanCost(tasks: number, mostTasks: number): number {
  const runs = Math.max(1, Math.floor(mostTasks / tasks));
  let sumMs = 0;
  for (let run = 0; run < runs; run++) sumMs += tookMs(tasks);
  return (sumMs * 1000) / (runs * tasks);
}

export function measureTaskCost(sizes: readonly number[]): Figure[] {
  const most = Math.max(...sizes);
  meanCost(Math.min(...sizes), most);
  const costs = sizes.map((tasks) => ({ tasks, cost: meanCost(tasks, most) }));
  const measure = "scheduler alone, grant to accepted report";
  const figures: Figure[] = costs.map(({ tasks, cost }) => {
    return { measure, what: `each of ${tasks} tasks`, unit: "µs", values: [cost] };
  });
  const ratio = (costs.at(-1)?.cost ?? 0) / (costs[0]?.cost ?? 1);
  const what = `cost at ${sizes.at(-1)} tasks to cost at ${sizes[0]}`;
  return [
    ...figures,
    { measure, what, unit: "×", values: [ratio], aim: { kind: "most", value: 1.3 } },
  ];
}

/** Heap and snapshot by task: all pending, all leased, all done. */
export function measureTaskBytes(tasks: number): Figure[] {
  const measure = `state of ${tasks} tasks`;
  const figure = (what: string, bytes: number): Figure => {
    const values = [bytes / tasks];
    return { measure, what, unit: "bytes/task", values, aim: { kind: "most", value: 500 } };
  };
  const before = heapBytes();
  const load = loadScheduler(tasks);
  const figures = [figure("heap, pending", heapBytes() - before)];
  const leased = load.grant(tasks);
  figures.push(figure("heap, leased", heapBytes() - before));
  // All but the last, which would end the action and drop its tasks.
  load.finish(leased.slice(0, -1));
  figures.push(figure("heap, done", heapBytes() - before));
  const bytes = new TextEncoder().encode(encodeSnapshot(load.state)).length;
  return [...figures, figure("snapshot, done", bytes)];
}
