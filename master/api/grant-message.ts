// A lease as it is sent to its worker: everything the tasks need, so that nothing else has to be
// asked for.

import { assert } from "../../proto/errors.ts";
import type { JobId, TaskRef } from "../../proto/ids.ts";
import { partitionsOfTask } from "../../proto/plan/partition-cuts.ts";
import type * as wire from "../../proto/wire/generated/engine.ts";
import { findRunning, findTask, needJob, type RunningAction } from "../scheduler/find.ts";
import type { ClusterState, JobState, StageState } from "../scheduler/state.ts";

export function contextMessage(job: JobState): wire.JobContextMessage {
  const { jobId, paramsJson, bundleSha256, seed, submittedWallMs, workingFolder } = job;
  return { jobId, paramsJson, bundleSha256, seed, submittedWallMs, workingFolder };
}

export function driverGrantMessage(
  state: ClusterState,
  token: number,
  jobId: JobId,
): wire.DriverGrant {
  return { token, job: contextMessage(needJob(state, jobId)) };
}

/**
 * Undefined when the lease, or an input of it, went away since the grant was logged: there is
 * nothing to run.
 * `tasks` are of one stage, as they were granted.
 */
export function taskGrantMessage(
  state: ClusterState,
  token: number,
  tasks: readonly TaskRef[],
): wire.TaskGrant | undefined {
  const first = tasks[0];
  if (first === undefined) return undefined;
  const running = findRunning(state, first.jobId, first.actionIndex);
  const stage = running?.stages[first.stageId];
  if (running === undefined || stage === undefined) return undefined;
  const { plan } = stage;
  const granted = tasks.flatMap((ref) => grantedTask(state, token, ref, stage));
  const inputs = inputMessages(running, first.stageId);
  if (granted.length === 0 || inputs === undefined) return undefined;
  return {
    token,
    job: contextMessage(running.job),
    actionIndex: first.actionIndex,
    stageId: first.stageId,
    planDigest: running.action.planDigest,
    programJson: JSON.stringify(plan.program),
    label: plan.label,
    tasks: granted,
    inputs,
    inputsJson: JSON.stringify(plan.inputs),
    outputPartitions: plan.output.kind === "shuffle" ? plan.output.partitions : 0,
    tellsPartitionBytes: stage.partitionBytes !== undefined,
  };
}

function grantedTask(
  state: ClusterState,
  token: number,
  ref: TaskRef,
  { plan, starts }: StageState,
): wire.GrantedTask[] {
  const { taskIndex } = ref;
  const task = findTask(state, ref)?.task;
  if (task?.kind !== "leased" || task.token !== token) return [];
  const split = plan.splits[taskIndex];
  const splitJson = split === undefined ? "" : JSON.stringify(split);
  const { first: firstPartition, count: partitions } =
    starts === undefined
      ? { first: 0, count: 0 }
      : partitionsOfTask(starts, plan.taskCount, taskIndex);
  return [{ taskIndex, attempt: task.attempt, splitJson, firstPartition, partitions }];
}

/** Where the sealed outputs lie; a stage that is read in two ways is listed once. */
function inputMessages(running: RunningAction, stageId: number): wire.StageLocations[] | undefined {
  const ids = new Set(running.stages[stageId]!.plan.inputs.map((input) => input.stageId));
  const all: wire.StageLocations[] = [];
  for (const id of ids) {
    const maps: wire.BlockLocation[] = [];
    for (const [taskIndex, task] of running.stages[id]!.tasks.entries()) {
      // A lost output that still is so is none of those that these tasks read.
      if (task.kind === "lost") continue;
      if (task.kind !== "done") return undefined;
      const { token, workerId } = task;
      const worker = running.state.workers.get(workerId);
      assert(worker !== undefined, `task ${taskIndex} is done on ${workerId}, which is no member`);
      const own = { actionIndex: running.action.actionIndex, stageId: id };
      const origin = task.origin ?? own;
      maps.push({ taskIndex, workerId, address: worker.dataAddress, token, ...origin });
    }
    all.push({ stageId: id, maps });
  }
  return all;
}
