// Task leases: granted in batches, prolonged by progress, ended by logged ticks.

import { taskName } from "../../proto/ids.ts";
import {
  taskLeaseLoggedTicks,
  taskProgressLoggedTicks,
  tasksPerGrantMax,
} from "../../proto/limits.ts";
import type { Command, CommandReply, RenewedLease } from "./commands.ts";
import { type FoundTask, findTask, needWorker, refOf, wasAccepted } from "./find.ts";
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

/** Work is proportional to the live leases, which are bounded by the slots of the cluster. */
export function expireTasks(state: ClusterState): void {
  for (const worker of state.workers.values()) {
    // By name: the index itself is in another order on a replica that was restored.
    const refs = [...worker.leases].sort(([a], [b]) => (a < b ? -1 : 1));
    for (const [, ref] of refs) {
      const found = findTask(state, ref);
      if (found?.task.kind !== "leased") continue;
      if (state.tick - found.task.renewedTick >= taskLeaseLoggedTicks) {
        // The grant never reached the worker: nobody is to blame.
        requeueTask(found, found.stage, found.taskIndex, {}, 0);
      } else if (state.tick - found.task.progressTick >= taskProgressLoggedTicks) {
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
