// What must be true of the scheduler's state after every entry.

import { assert } from "../../../proto/errors.ts";
import { taskName } from "../../../proto/ids.ts";
import { partitionsOfTask, readsPartitions } from "../../../proto/plan/partition-cuts.ts";
import { leasedTo, type RunningAction, refOf, runningActions } from "../find.ts";
import { indexStage, isComplete } from "../stages.ts";
import type { ClusterState, DoneTask, LockClaim, StageState } from "../state.ts";

function sameSet(what: string, a: ReadonlySet<number>, b: ReadonlySet<number>): void {
  assert(a.size === b.size && [...a].every((item) => b.has(item)), `${what} is out of step`);
}

/** The derived indices say what the tasks say. */
function checkIndices(running: RunningAction, stage: StageState): void {
  const plans = running.stages.map((each) => each.plan);
  const fresh = indexStage(plans, stage);
  const name = `${running.job.jobId}/a${running.action.actionIndex}/s${stage.plan.stageId}`;
  sameSet(`${name} pending`, stage.pending, fresh.pending);
  sameSet(`${name} delayed`, stage.delayed, fresh.delayed);
  sameSet(`${name} running`, stage.running, fresh.running);
  assert(stage.done === fresh.done, `${name} counts ${stage.done} done, ${fresh.done} are`);
  assert(stage.lost === fresh.lost, `${name} counts ${stage.lost} lost, ${fresh.lost} are`);
}

function checkTasks(state: ClusterState, running: RunningAction, stage: StageState): number {
  for (const [taskIndex, task] of stage.tasks.entries()) {
    const ref = refOf(running, stage, taskIndex);
    const name = taskName(ref);
    if (task.kind === "leased") {
      const worker = state.workers.get(task.workerId);
      assert(worker !== undefined, `${name} is leased to ${task.workerId}, which is no member`);
      assert(task.token <= state.appliedIndex, `${name} has a token from the future`);
    }
    if (task.kind === "done" && stage.plan.output.kind === "shuffle") {
      assert(state.workers.has(task.workerId), `${name} has its output on a lost worker`);
    }
    if (task.kind === "lost") checkNotNeeded(running, stage, taskIndex);
  }
  return stage.running.size;
}

/** Nobody waits for an output that nobody makes again. */
function checkNotNeeded(running: RunningAction, stage: StageState, taskIndex: number): void {
  const last = stage.plan.output.kind !== "shuffle";
  assert(!last, `task ${taskIndex} of the last stage is lost`);
  for (const consumer of running.stages) {
    for (const input of consumer.plan.inputs) {
      if (input.stageId !== stage.plan.stageId) continue;
      consumer.tasks.forEach((task, index) => {
        if (input.maps === "own" && index !== taskIndex) return;
        const over = task.kind === "done" || task.kind === "lost";
        assert(over, `${stage.plan.label} ${taskIndex} is lost and needed`);
      });
    }
  }
}

/** Whoever holds a lock was told, or holds it for an output; whoever waits still does. */
function checkLocks(state: ClusterState): void {
  assert(state.freedLocks.size === 0, "a lock was freed and not handed on");
  for (const [name, { claim, token, waiters }] of state.locks) {
    assert(claim !== undefined, `lock ${name} is kept for nobody`);
    assert(token > 0 && token <= state.appliedIndex, `lock ${name} has the token ${token}`);
    const phaseOf = ({ step }: LockClaim) =>
      step && state.jobs.get(step.jobId)?.actions.get(step.actionIndex)?.phase;
    if (claim.step !== undefined) {
      assert(state.live.has(claim.step.jobId), `lock ${name} outlived ${claim.owner}`);
      const phase = phaseOf(claim);
      const isTold = phase?.kind === "ended" && phase.outcome.kind === "result";
      assert(isTold, `${claim.owner} holds lock ${name} and was not told`);
    }
    for (const waiter of waiters) {
      if (waiter.step === undefined) continue;
      assert(phaseOf(waiter)?.kind === "running", `${waiter.owner} waits and is over`);
      const isOwn = waiter.step.jobId === claim.step?.jobId;
      assert(!isOwn, `${waiter.owner} waits for its own job`);
    }
  }
}

/** Bytes of a partition that a map task of a stage makes, whenever it runs. */
export type PartitionSize = (mapIndex: number, partition: number) => number;

/** No size was left out or counted twice. */
function checkSums(name: string, maps: StageState, sizeOf: PartitionSize): void {
  if (maps.partitionBytes === undefined || !isComplete(maps) || maps.lost > 0) return;
  for (const [partition, bytes] of maps.partitionBytes.entries()) {
    const each = maps.tasks.map((_, mapIndex) => sizeOf(mapIndex, partition));
    const sum = each.reduce((all, size) => all + size, 0);
    assert(bytes === sum, `${name}: partition ${partition} has ${sum} bytes, not ${bytes}`);
  }
}

/** Tasks are as many as the cut says, and that is what the target says. */
function checkCut(running: RunningAction, stage: StageState, sizeOf?: PartitionSize): void {
  const { plan, starts, tasks } = stage;
  const name = `${running.job.jobId}/a${running.action.actionIndex}/s${plan.stageId}`;
  if (sizeOf !== undefined) checkSums(name, stage, sizeOf);
  if (plan.follows !== undefined) {
    const leader = running.stages[plan.follows]!;
    assert(tasks.length === leader.tasks.length, `${name} has other tasks than it follows`);
  }
  if (plan.coalesce === undefined) return;
  if (starts === undefined) {
    const isWhole = tasks.length === plan.taskCount;
    assert(isWhole, `${name} has ${tasks.length} tasks and was not cut`);
    return;
  }
  assert(tasks.length === starts.length, `${name} is cut otherwise than its tasks`);
  assert(starts[0] === 0, `${name} is not cut from its first partition`);
  const maps = plan.inputs.filter(readsPartitions).map((input) => running.stages[input.stageId]!);
  const bytes = Array.from({ length: plan.taskCount }, (_, partition) =>
    maps.reduce((sum, { partitionBytes }) => sum + partitionBytes![partition]!, 0),
  );
  for (const task of starts.keys()) {
    const { first, count } = partitionsOfTask(starts, plan.taskCount, task);
    assert(count > 0, `task ${task} of ${name} reads nothing`);
    const sum = bytes.slice(first, first + count).reduce((all, size) => all + size, 0);
    const { targetBytes } = plan.coalesce;
    assert(count === 1 || sum <= targetBytes, `task ${task} of ${name} reads ${sum} bytes`);
    const next = bytes[first + count];
    const isFull = next === undefined || sum + next > targetBytes;
    assert(isFull, `task ${task} of ${name} could read more than ${sum} bytes`);
  }
}

/** `sizeOf`: where all tasks make partitions of sizes that are known. */
export function checkInvariants(state: ClusterState, sizeOf?: PartitionSize): void {
  checkLocks(state);
  let unheld = 0;
  for (const running of runningActions(state)) {
    const { phase, publishes } = running.action;
    const outlivesJob =
      publishes === true || (phase.kind === "running" && phase.ending !== undefined);
    const { jobId, phase: end } = running.job;
    assert(end.kind === "running" || outlivesJob, `${jobId} ends with running actions`);
    for (const stage of running.stages) {
      checkIndices(running, stage);
      checkCut(running, stage, sizeOf);
      unheld += checkTasks(state, running, stage);
    }
  }
  for (const worker of state.workers.values()) {
    const { workerId, leases } = worker;
    const held = leasedTo(state, workerId).length;
    assert(held === leases, `${workerId} holds ${held} leases and counts ${leases}`);
    unheld -= held;
  }
  assert(unheld === 0, `${unheld} leases are held by no worker`);
  for (const job of state.jobs.values()) {
    const isLive = job.phase.kind !== "ended";
    assert(state.live.has(job.jobId) === isLive, `${job.jobId} is in the wrong list`);
    assert((job.driver.kind === "ended") === (job.phase.kind !== "running"), "driver out of step");
    for (const action of job.actions.values()) {
      const isOpen = action.phase.kind !== "ended";
      assert(job.open.has(action.actionIndex) === isOpen, `${job.jobId} has a wrong open action`);
    }
  }
}

/** Accepted tasks of running actions by name, with what they were accepted with. */
export function acceptedTasks(state: ClusterState): Map<string, DoneTask> {
  const accepted = new Map<string, DoneTask>();
  for (const running of runningActions(state)) {
    for (const stage of running.stages) {
      stage.tasks.forEach((task, taskIndex) => {
        if (task.kind === "done") accepted.set(taskName(refOf(running, stage, taskIndex)), task);
      });
    }
  }
  return accepted;
}
