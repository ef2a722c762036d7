// Which tasks a free thread is handed.

import { describe, expect, test } from "vitest";
import { stagesTimedMax, taskRunMsAimed, tasksPerRunMax } from "../../proto/limits.ts";
import { type QueuedLease, type QueuedTask, TaskQueue } from "./task-queue.ts";

function leaseOf(stage: string, isRepeatable = true): QueuedLease {
  return { shared: { number: 1, bytes: new SharedArrayBuffer(0) }, stage, isRepeatable };
}

function tasksOf(lease: QueuedLease, count: number, attempt = 1): QueuedTask[] {
  return Array.from({ length: count }, (_, id) => ({ id, own: { taskIndex: id, attempt }, lease }));
}

const idsOf = (tasks: readonly QueuedTask[]) => tasks.map(({ id }) => id);

function queueOf(tasks: readonly QueuedTask[], taskMs?: number) {
  const queue = new TaskQueue(2);
  queue.add(tasks);
  if (taskMs !== undefined) queue.note("s", 1, taskMs);
  return queue;
}

describe("tasks that are handed over together", () => {
  test("are one, while nobody knows how long they take", () => {
    expect(idsOf(queueOf(tasksOf(leaseOf("s"), 100)).take())).toEqual([0]);
  });

  test("are as many as are to take the time aimed for, and not more than the bound", () => {
    const tasks = tasksOf(leaseOf("s"), 1000);
    expect(queueOf(tasks, taskRunMsAimed / 5).take()).toHaveLength(5);
    expect(queueOf(tasks, 0).take()).toHaveLength(tasksPerRunMax);
    expect(queueOf(tasks, 2 * taskRunMsAimed).take()).toHaveLength(1);
  });

  test("are fewer towards the end, so that no thread is left without", () => {
    const queue = queueOf(tasksOf(leaseOf("s"), 12), 0);
    const counts: number[] = [];
    for (let taken = queue.take(); taken.length > 0; taken = queue.take())
      counts.push(taken.length);
    expect(counts).toEqual([3, 3, 2, 1, 1, 1, 1]);
  });

  test("are of one lease", () => {
    const [one, other] = [leaseOf("s"), leaseOf("s")];
    const queue = queueOf([...tasksOf(one, 2), ...tasksOf(other, 50)], 0);
    expect(queue.take().map(({ lease }) => lease)).toEqual([one, one]);
  });

  test("are no second attempts, and none that show anything before their report", () => {
    expect(queueOf(tasksOf(leaseOf("s"), 50, 2), 0).take()).toHaveLength(1);
    expect(queueOf(tasksOf(leaseOf("s", false), 50), 0).take()).toHaveLength(1);
    const lease = leaseOf("s");
    const queue = queueOf([...tasksOf(lease, 2), ...tasksOf(lease, 50, 2)], 0);
    expect(queue.take()).toHaveLength(2);
  });
});

test("what was not begun comes first again; what is removed does not", () => {
  const queue = queueOf(tasksOf(leaseOf("s"), 60), 0);
  const taken = queue.take();
  queue.putBack(taken.slice(2));
  expect(queue.remove(2)).toBe(true);
  expect(queue.remove(0)).toBe(false);
  expect(idsOf(queue.take())[0]).toBe(3);
});

test("the times of a bounded number of stages are remembered", () => {
  const queue = queueOf(tasksOf(leaseOf("s"), 100), 0);
  for (let index = 0; index < stagesTimedMax; index++) queue.note(`other ${index}`, 1, 0);
  expect(queue.take()).toHaveLength(1);
});
