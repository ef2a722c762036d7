// What clients are shown of the state.

import { loggedTickMs } from "../../proto/limits.ts";
import type { ActionView, JobView, LockView, WorkerView } from "../../proto/wire/views.ts";
import { jobStateName } from "./jobs.ts";
import { summarizeStage } from "./stages.ts";
import type { ActionState, ClusterState, JobState, StageState, StageSummary } from "./state.ts";

export function viewJob(job: JobState): JobView {
  const end = job.phase.kind === "ended" ? job.phase.end : undefined;
  return {
    jobId: job.jobId,
    name: job.name,
    state: jobStateName(job),
    revision: job.revision,
    submittedWallMs: job.submittedWallMs,
    driver: job.driver.kind,
    actions: [...job.actions.values()]
      .sort((a, b) => a.actionIndex - b.actionIndex)
      .map(viewAction),
    ...(end?.kind === "succeeded" ? { resultJson: end.resultJson } : {}),
    ...(end === undefined || end.kind === "succeeded" ? {} : { error: end.error }),
  };
}

function viewAction(action: ActionState): ActionView {
  const { actionIndex, label, planDigest, phase } = action;
  const head = { actionIndex, label, planDigest };
  if (phase.kind === "running") {
    const stages = phase.stages.map(summarizeStage);
    return { ...head, state: "running", stages };
  }
  const { stages } = phase;
  if (phase.kind === "committing") return { ...head, state: "committing", stages };
  switch (phase.outcome.kind) {
    case "result":
      return { ...head, state: "succeeded", stages };
    case "committed":
      return { ...head, state: "succeeded", stages, output: phase.outcome.output };
    case "failed": {
      const state = phase.cancelled ? "cancelled" : "failed";
      return { ...head, state, stages, error: phase.outcome.error };
    }
  }
}

/** Rows and bytes of running tasks are counted in as last heard of. */
export function viewProgress(action: ActionState): readonly StageSummary[] {
  return action.phase.kind === "running"
    ? action.phase.stages.map(viewRunningStage)
    : action.phase.stages;
}

function viewRunningStage(stage: StageState): StageSummary {
  const summary = summarizeStage(stage);
  let { rows, bytes } = stage;
  for (const taskIndex of stage.running) {
    const task = stage.tasks[taskIndex]!;
    if (task.kind !== "leased") continue;
    rows += task.rows;
    bytes += task.bytes;
  }
  return { ...summary, rows, bytes };
}

/** By name. */
export function viewLocks(state: ClusterState): readonly LockView[] {
  return [...state.locks]
    .map(([name, { claim, token, expiresTick, waiters }]) => ({
      name,
      holder: claim?.holder ?? "",
      token,
      ...(expiresTick === 0 ? {} : { remainingMs: (expiresTick - state.tick) * loggedTickMs }),
      waiting: waiters.length,
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

export function viewWorkers(state: ClusterState): readonly WorkerView[] {
  return [...state.workers.values()]
    .map((worker) => ({
      workerId: worker.workerId,
      dataAddress: worker.dataAddress,
      slots: worker.slots,
      running: worker.leases,
    }))
    .sort((a, b) => (a.workerId < b.workerId ? -1 : 1));
}
