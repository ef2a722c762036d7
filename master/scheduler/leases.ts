// Task leases: granted in batches, prolonged by progress, ended by logged ticks.

import { type TaskRef, taskName } from "../../proto/ids.ts";
import {
  taskLeaseLoggedTicks,
  taskProgressLoggedTicks,
  tasksPerGrantMax,
} from "../../proto/limits.ts";
import type { Command, CommandReply, RenewedLease } from "./commands.ts";
import {
  type FoundTask,
  findTask,
  needWorker,
  refOf,
  runningActions,
  wasAccepted,
} from "./find.ts";
import { refuse } from "./refuse.ts";
import { countFailure } from "./reports.ts";
import { isRunnable, setTask } from "./stages.ts";
import type { ClusterState, LeasedTask, WorkerState } from "./state.ts";
import { leaseTask, requeueTask } from "./tasks.ts";

type Grant = Extract<Command, { kind: "grantTasks" }>;

/** Leases those of the tasks that are still free: two grants of one task cannot both succeed. */
export function grantTasks(state: ClusterState, grant: Grant): CommandReply {
  needWorker(state, grant.workerId, grant.incarnation);
  if (grant.tasks.length > tasksPerGrantMax) {
    refuse(
      "LIMIT_EXCEEDED",
      `a grant of ${grant.tasks.length} tasks; at most ${tasksPerGrantMax} fit`,
    );
  }
  const token = state.appliedIndex;
  const tasks = grant.tasks.filter((ref) => {
    const found = findTask(state, ref);
    if (found?.task.kind !== "pending" || found.task.dueTick > state.tick) return false;
    if (!isRunnable(found.stages, found.stage)) return false;
    leaseTask(found, token, grant.workerId);
    return true;
  });
  return { kind: "granted", token, tasks };
}

/** Prolongs the leases named; answers those that no longer hold. */
export function renewTasks(
  state: ClusterState,
  worker: WorkerState,
  tasks: readonly RenewedLease[],
): readonly RenewedLease[] {
  return tasks.filter((renewed) => {
    // Accepted a moment ago; the worker has not read the answer yet, and must keep what it made.
    if (wasAccepted(state, renewed, renewed.token)) return false;
    const found = findTask(state, renewed);
    if (found?.task.kind !== "leased" || found.task.token !== renewed.token) return true;
    if (found.task.workerId !== worker.workerId) return true;
    prolongTask(found, found.task, renewed);
    return false;
  });
}

/** The lease itself lives by being named; its progress by moving. */
function prolongTask(found: FoundTask, task: LeasedTask, renewed: RenewedLease): void {
  const { tick } = found.state;
  const moved = task.progress !== renewed.progress;
  if (moved) found.action.touched = true;
  setTask(found.stage, found.taskIndex, {
    ...task,
    renewedTick: tick,
    progress: renewed.progress,
    progressTick: moved ? tick : task.progressTick,
    rows: renewed.rows,
    bytes: renewed.bytes,
  });
}

const isSilent = (state: ClusterState, task: LeasedTask): boolean =>
  state.tick - task.renewedTick >= taskLeaseLoggedTicks;
const isStuck = (state: ClusterState, task: LeasedTask): boolean =>
  state.tick - task.progressTick >= taskProgressLoggedTicks;

/** By worker. Work is proportional to the live leases, bounded by the slots of the cluster. */
function overdueTasks(state: ClusterState): Map<string, TaskRef[]> {
  const overdue = new Map<string, TaskRef[]>();
  for (const running of runningActions(state)) {
    for (const stage of running.stages) {
      for (const taskIndex of stage.running) {
        const task = stage.tasks[taskIndex]!;
        if (task.kind !== "leased" || !(isSilent(state, task) || isStuck(state, task))) continue;
        const refs = overdue.get(task.workerId) ?? [];
        overdue.set(task.workerId, refs);
        refs.push(refOf(running, stage, taskIndex));
      }
    }
  }
  return overdue;
}

export function expireTasks(state: ClusterState): void {
  const overdue = overdueTasks(state);
  if (overdue.size === 0) return;
  for (const workerId of state.workers.keys()) {
    // By name: the index of a stage is in another order on a replica that was restored.
    const named = (overdue.get(workerId) ?? []).map((ref) => [taskName(ref), ref] as const);
    for (const [, ref] of named.sort(([a], [b]) => (a < b ? -1 : 1))) {
      const found = findTask(state, ref);
      // What came before it may have ended the action.
      if (found?.task.kind !== "leased") continue;
      if (isSilent(state, found.task)) {
        // The grant never reached the worker: nobody is to blame.
        requeueTask(found, found.stage, found.taskIndex, {}, 0);
      } else {
        countFailure(
          found,
          found.task,
          stuckError(state, found.task, refOf(found, found.stage, found.taskIndex)),
        );
      }
    }
  }
}

function stuckError(state: ClusterState, task: LeasedTask, ref: Parameters<typeof taskName>[0]) {
  return {
    code: "DEADLINE",
    message:
      `task ${taskName(ref)} made no progress on worker ${task.workerId} for ` +
      `${state.tick - task.progressTick} logged ticks (after ${task.rows} rows); ` +
      "look for an endless loop or a call that never returns",
    details: { partition: ref.taskIndex },
  } as const;
}
