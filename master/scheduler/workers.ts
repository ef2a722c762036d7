// Membership: workers come, renew, and are lost.

import type { JobId, WorkerId } from "../../proto/ids.ts";
import { workerLeaseLoggedTicks, workersMax } from "../../proto/limits.ts";
import { buildRing, type Ring } from "../placement/ring.ts";
import type { Command, CommandReply } from "./commands.ts";
import { loseDriversOf, renewDrivers } from "./drivers.ts";
import { findTask, findWorker, leasedTo } from "./find.ts";
import { loseKept } from "./kept.ts";
import { renewTasks } from "./leases.ts";
import { refuse } from "./refuse.ts";
import { loseOutputsOf } from "./reruns.ts";
import type { ClusterState, WorkerState } from "./state.ts";
import { requeueTask } from "./tasks.ts";

type Register = Extract<Command, { kind: "registerWorker" }>;
type Renew = Extract<Command, { kind: "renew" }>;

/**
 * A new incarnation holds nothing of what the one before it held, and takes its place only by naming it: a
 * request of a process that died on the way must not throw out the one that came after.
 */
export function registerWorker(state: ClusterState, register: Register): CommandReply {
  const { workerId, incarnation, dataAddress, slots, weight, replaces } = register;
  const known = state.workers.get(workerId);
  if (known?.incarnation === incarnation) {
    known.renewedTick = state.tick;
    return { kind: "registered", holder: undefined };
  }
  if (known !== undefined && known.incarnation !== replaces) {
    return { kind: "registered", holder: known.incarnation };
  }
  if (known === undefined && state.workers.size >= workersMax) {
    refuse(
      "LIMIT_EXCEEDED",
      `the cluster has ${workersMax} workers and takes no more: ${workerId}`,
    );
  }
  if (known !== undefined) loseWorker(state, known);
  state.workers.set(workerId, {
    workerId,
    incarnation,
    dataAddress,
    slots,
    weight,
    renewedTick: state.tick,
    leases: 0,
  });
  state.ring = undefined;
  return { kind: "registered", holder: undefined };
}

/** Its leases end, without blame; its outputs are gone; its drivers wait for another worker. */
export function loseWorker(state: ClusterState, worker: WorkerState): void {
  for (const ref of leasedTo(state, worker.workerId)) {
    const found = findTask(state, ref);
    if (found !== undefined) requeueTask(found, found.stage, found.taskIndex, {}, 0);
  }
  state.workers.delete(worker.workerId);
  state.ring = undefined;
  loseOutputsOf(state, worker.workerId);
  loseKept(state, worker.workerId);
  loseDriversOf(state, worker.workerId);
}

export function expireWorkers(state: ClusterState): void {
  for (const worker of [...state.workers.values()]) {
    if (state.tick - worker.renewedTick >= workerLeaseLoggedTicks) loseWorker(state, worker);
  }
}

export function renewWorker(state: ClusterState, renew: Renew): CommandReply {
  const releasedJobs: JobId[] = renew.heldJobs.filter((jobId) => !state.live.has(jobId));
  const worker = findWorker(state, renew.workerId, renew.incarnation);
  if (worker === undefined) {
    const { tasks, drivers } = renew;
    return { kind: "renewed", known: false, lostTasks: tasks, lostDrivers: drivers, releasedJobs };
  }
  worker.renewedTick = state.tick;
  const lostTasks = renewTasks(state, worker, renew.tasks);
  const lostDrivers = renewDrivers(state, renew.workerId, renew.drivers);
  return { kind: "renewed", known: true, lostTasks, lostDrivers, releasedJobs };
}

/** The ring over the live workers; kept until one comes or goes. */
export function ringOf(state: ClusterState): Ring {
  state.ring ??= buildRing(
    [...state.workers.values()].map((worker) => ({ id: worker.workerId, weight: worker.weight })),
  );
  return state.ring;
}

export function isLive(state: ClusterState, workerId: WorkerId): boolean {
  return state.workers.has(workerId);
}
