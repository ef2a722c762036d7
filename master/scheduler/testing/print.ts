// The state as text for people, in the goldens.

import type { CommandReply } from "../commands.ts";
import { jobStateName } from "../jobs.ts";
import type {
  ActionState,
  ClusterState,
  DriverState,
  JobState,
  LockState,
  StageState,
  TaskState,
} from "../state.ts";

function printTask(task: TaskState, taskIndex: number): string {
  const trials = [
    task.attempt > 1 ? `attempt ${task.attempt}` : "",
    task.failures > 0 ? `failures ${task.failures}` : "",
    task.deaths > 0 ? `deaths ${task.deaths}` : "",
    task.fetchFailures > 0 ? `fetch failures ${task.fetchFailures}` : "",
  ].filter((text) => text !== "");
  const after = trials.length === 0 ? "" : ` (${trials.join(", ")})`;
  switch (task.kind) {
    case "pending":
      return `t${taskIndex} pending${task.dueTick > 0 ? ` from tick ${task.dueTick}` : ""}${after}`;
    case "leased":
      return `t${taskIndex} leased to ${task.workerId} @${task.token}${after}`;
    case "done":
      return `t${taskIndex} done by ${task.workerId} @${task.token}${after}`;
    case "lost":
      return `t${taskIndex} lost${after}`;
  }
}

function printStage(stage: StageState): string[] {
  const { plan, retries, reruns, starts } = stage;
  const cut = starts === undefined ? "" : `, cut at ${starts.join(" ")} of ${plan.taskCount}`;
  const head = `    s${plan.stageId} ${plan.label}: retries ${retries}, reruns ${reruns}${cut}`;
  return [head, ...stage.tasks.map((task, i) => `      ${printTask(task, i)}`)];
}

function printAction(action: ActionState): string[] {
  const { phase } = action;
  const head = `  a${action.actionIndex} ${phase.kind}`;
  switch (phase.kind) {
    case "running":
      if (phase.ending !== undefined) {
        const { outcome, cancelled, dueTick } = phase.ending;
        const how = cancelled ? "cancelled" : outcome.kind;
        const text = `${head}: cleans up until tick ${dueTick}, will be ${how}`;
        return [text, ...phase.stages.flatMap(printStage)];
      }
      return [head, ...phase.stages.flatMap(printStage)];
    case "committing":
      return [`${head} ${phase.uploads.map((upload) => upload.uri).join(" ")}`.trimEnd()];
    case "ended": {
      const { outcome } = phase;
      if (outcome.kind === "failed") {
        const what = phase.cancelled ? "cancelled" : "failed";
        return [`${head}: ${what} ${outcome.error.code}: ${outcome.error.message}`];
      }
      const text =
        outcome.kind === "result" ? outcome.parts.join(" ") : JSON.stringify(outcome.output);
      return [`${head}: ${outcome.kind} ${text}`];
    }
  }
}

function printDriver(driver: DriverState): string {
  switch (driver.kind) {
    case "client":
      return `client @${driver.token}`;
    case "worker":
      return `${driver.workerId} @${driver.token}`;
    case "waiting":
    case "ended":
      return driver.kind;
  }
}

function printJob(job: JobState): string[] {
  const ending = job.phase.kind === "ending" ? ` (will be ${job.phase.end.kind})` : "";
  const head = `${job.jobId} ${jobStateName(job)}${ending}, driver ${printDriver(job.driver)}`;
  return [head, ...[...job.actions.values()].flatMap(printAction)];
}

function printLock(name: string, { claim, token, expiresTick, waiters }: LockState): string {
  const until = expiresTick === 0 ? "" : ` until tick ${expiresTick}`;
  const line = waiters.map(({ owner, deadlineTick }) => `${owner} (till tick ${deadlineTick})`);
  const waiting = line.length === 0 ? "" : `; waiting: ${line.join(", ")}`;
  return `lock ${name}: ${claim?.owner} @${token}${until}${waiting}`;
}

export function printState(state: ClusterState): string {
  const lines = [`tick ${state.tick}, entry ${state.appliedIndex}`];
  for (const worker of state.workers.values()) {
    lines.push(`worker ${worker.workerId}: ${worker.leases} of ${worker.slots} leased`);
  }
  for (const job of state.jobs.values()) lines.push(...printJob(job));
  for (const [name, lock] of state.locks) lines.push(printLock(name, lock));
  for (const [name, sweep] of state.sweeps) {
    lines.push(`sweep ${name}${sweep.again ? " again" : ""} from tick ${sweep.dueTick}`);
  }
  return lines.join("\n");
}

export function printReply(reply: CommandReply): string {
  switch (reply.kind) {
    case "error":
      return `${reply.error.code}: ${reply.error.message}`;
    case "ok":
      return "ok";
    case "submitted":
      return `driver token ${reply.driverToken}`;
    case "registered":
      return reply.holder === undefined ? "ok" : `${reply.holder} has the name`;
    case "driver":
      return reply.held ? "held" : "not held";
    case "cancelled":
      return `the job is ${reply.state}`;
    case "granted": {
      const names = reply.tasks.map((task) => `s${task.stageId}/t${task.taskIndex}`);
      return `@${reply.token}: ${names.join(" ") || "nothing"}`;
    }
    case "driverGranted":
      return `driver @${reply.token}`;
    case "renewed": {
      const lost = reply.lostTasks.map((task) => `s${task.stageId}/t${task.taskIndex}`);
      const drivers = reply.lostDrivers.map((driver) => `driver of ${driver.jobId}`);
      const released = reply.releasedJobs.map((jobId) => `files of ${jobId}`);
      const all = [...lost, ...drivers, ...released].join(", ");
      return `${reply.known ? "known" : "unknown"}; to drop: ${all || "nothing"}`;
    }
    case "verdicts":
      return reply.verdicts.join(" ");
    case "locked":
      return `locked @${reply.token}`;
    case "lockWaits":
      return "waits";
    case "lockReleased":
      return reply.held ? "released" : "was not held";
  }
}
