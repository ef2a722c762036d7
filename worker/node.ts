// One worker: the agent's core joined to its ports. Production and simulation run this same file.

import { assert, type ErrorCode, toErrorRecord, unreachable } from "../proto/errors.ts";
import { driversPerWorkerMax, longPollMs, renewEveryMs, rpcTimeoutMs } from "../proto/limits.ts";
import type { Clock, Timer } from "../proto/ports/clock.ts";
import type { ExecutorPool, TaskOutcome, TaskSpec } from "../proto/ports/executor.ts";
import type { LeaderCalls } from "../proto/ports/leader.ts";
import type { Log } from "../proto/ports/log.ts";
import type { RandomStream } from "../proto/ports/random.ts";
import { recordedOutcomeOverWire, runActionOverWire } from "../proto/wire/action-calls.ts";
import type { DriverGrant } from "../proto/wire/generated/engine.ts";
import { clientApi, workerApi } from "../proto/wire/methods.ts";
import { step } from "./agent/agent.ts";
import type { AgentEffect, AgentEvent, AttemptKey } from "./agent/protocol.ts";
import { initialAgentState } from "./agent/state.ts";
import { createPreparation, jobContext } from "./preparation.ts";

/** The agent counts time in these. */
const agentTickMs = 100;

export interface WorkerOptions {
  readonly workerId: string;
  /** Where peers fetch this worker's blocks. */
  readonly dataAddress: string;
  /** Tasks at the same time: executor threads. */
  readonly slots: number;
  /** Share of shuffle partitions relative to other workers. */
  readonly weight: number;
}

export interface WorkerPorts {
  readonly leader: LeaderCalls;
  readonly pool: ExecutorPool;
  readonly clock: Clock;
  readonly random: RandomStream;
  readonly log: Log;
}

export interface WorkerNode {
  start(): void;
  /** Stops asking and renewing; what still runs is cancelled. */
  stop(): void;
}

/** Failures of the driver's surroundings: another driver goes on where this one stopped. */
const drivesOnElsewhere: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "UNAVAILABLE",
  "NOT_LEADER",
  "DEADLINE",
  "LEASE_LOST",
  "EXECUTOR_DIED",
]);

/** The error with which `run` ended; rethrows what says nothing about the job itself. */
function failureOfRun(thrown: unknown): string {
  const error = toErrorRecord(thrown);
  if (drivesOnElsewhere.has(error.code)) throw thrown;
  return JSON.stringify(error);
}

export function createWorkerNode(options: WorkerOptions, ports: WorkerPorts): WorkerNode {
  const { leader, pool, clock, log } = ports;
  const ids = ports.random.child("incarnation");
  const preparation = createPreparation(leader, pool);
  const state = initialAgentState({
    slots: options.slots,
    driverSlots: driversPerWorkerMax,
    renewTicks: Math.floor(renewEveryMs / agentTickMs),
    pauseTicks: 2,
  });
  let incarnation = "";
  let timer: Timer | undefined;
  let stopped = false;

  function on(event: AgentEvent): void {
    if (stopped) return;
    for (const effect of step(state, event)) perform(effect);
  }

  /** Runs one question to its end and tells the agent which it was. */
  function ask(question: () => Promise<AgentEvent>, failed: (thrown: unknown) => AgentEvent): void {
    question().then(on, (thrown: unknown) => on(failed(thrown)));
  }

  function perform(effect: AgentEffect): void {
    switch (effect.kind) {
      case "register":
        return register();
      case "poll":
        return poll(effect);
      case "renew":
        return renew(effect);
      case "report":
        return report(effect);
      case "run":
        return run(effect);
      case "cancel":
        return pool.cancelTask(effect.key.token, effect.key.taskIndex);
      case "runDriver":
        return runDriver(effect.grant);
      case "cancelDriver":
        return pool.cancelDriver(effect.jobId);
      case "release":
        return release(effect.jobId);
      default:
        return unreachable(effect);
    }
  }

  function identity(): { workerId: string; incarnation: string } {
    return { workerId: options.workerId, incarnation };
  }

  function register(): void {
    incarnation = ids.nextHex128();
    const { dataAddress, slots, weight } = options;
    const request = { ...identity(), dataAddress, slots, weight };
    ask(
      async () => {
        const reply = await leader.call(workerApi.register, request);
        log.info("worker registered", { workerId: options.workerId, clusterId: reply.clusterId });
        return { kind: "registered" };
      },
      (thrown) => {
        log.warn("registration failed; trying again", { error: toErrorRecord(thrown).message });
        return { kind: "registerFailed" };
      },
    );
  }

  function poll(effect: Extract<AgentEffect, { kind: "poll" }>): void {
    const { freeSlots, freeDriverSlots } = effect;
    const request = { ...identity(), freeSlots, freeDriverSlots, waitMs: longPollMs };
    ask(
      async () => {
        const timeoutMs = longPollMs + rpcTimeoutMs;
        const reply = await leader.call(workerApi.poll, request, { timeoutMs });
        return { kind: "polled", grants: reply.grants, drivers: reply.drivers };
      },
      (thrown) => ({ kind: "pollFailed", error: toErrorRecord(thrown) }),
    );
  }

  function renew(effect: Extract<AgentEffect, { kind: "renew" }>): void {
    const request = {
      ...identity(),
      tasks: [...effect.tasks],
      drivers: [...effect.drivers],
      heldJobs: [...pool.heldJobs()],
    };
    ask(
      async () => {
        const { known, ...lost } = await leader.call(workerApi.renew, request);
        return { kind: "renewed", known, ...lost };
      },
      (thrown) => ({ kind: "renewFailed", error: toErrorRecord(thrown) }),
    );
  }

  function report(effect: Extract<AgentEffect, { kind: "report" }>): void {
    const request = { ...identity(), reports: [...effect.reports] };
    ask(
      async () => {
        await leader.call(workerApi.report, request);
        return { kind: "reported", reports: effect.reports };
      },
      (thrown) => ({ kind: "reportFailed", error: toErrorRecord(thrown) }),
    );
  }

  function run(effect: Extract<AgentEffect, { kind: "run" }>): void {
    const key: AttemptKey = { token: effect.grant.token, taskIndex: effect.task.taskIndex };
    ask(
      async () => {
        const spec = await preparation.prepare(effect.grant, effect.task);
        const outcome = await pool.runTask(spec, (progress) => {
          on({ kind: "progressed", key, progress });
        });
        logEnd(spec, outcome);
        return { kind: "ended", key, outcome };
      },
      (thrown) => ({
        kind: "ended",
        key,
        outcome: { kind: "failed", error: toErrorRecord(thrown) },
      }),
    );
  }

  function logEnd(spec: TaskSpec, outcome: TaskOutcome): void {
    const { actionIndex, stageId, taskIndex, token } = spec;
    const task = `${spec.context.jobId}/a${actionIndex}/s${stageId}/t${taskIndex}`;
    const code = outcome.kind === "failed" ? outcome.error.code : undefined;
    log.info("task ended", { task, token, outcome: outcome.kind, code });
  }

  function runDriver(grant: DriverGrant): void {
    const { job, token } = grant;
    assert(job !== undefined, `driver grant ${token} carries no job`);
    const { jobId } = job;
    ask(
      async () => {
        await driveToEnd(grant);
        return { kind: "driverEnded", jobId, token };
      },
      (thrown) => {
        // The job's state says how it ended; another driver goes on where this one stopped.
        log.warn("driver stopped", { jobId, error: toErrorRecord(thrown).message });
        return { kind: "driverEnded", jobId, token };
      },
    );
  }

  async function driveToEnd(grant: DriverGrant): Promise<void> {
    const { job, token } = grant;
    assert(job !== undefined, `driver grant ${token} carries no job`);
    const lease = { jobId: job.jobId, driverToken: token };
    await preparation.ensureBundle(job.bundleSha256);
    const spec = { context: jobContext(job), bundleSha256: job.bundleSha256 };
    const resultOrError = await pool
      .runDriver(spec, {
        runAction: (graphJson) => {
          const { actionIndex } = JSON.parse(graphJson) as { readonly actionIndex: number };
          return runActionOverWire(leader, lease, { actionIndex, json: graphJson });
        },
        recordedOutcome: (index, planDigest) =>
          recordedOutcomeOverWire(leader, job.jobId, { index, planDigest }),
      })
      .then(
        (resultJson) => ({ resultJson, errorJson: "" }),
        (thrown: unknown) => ({ resultJson: "", errorJson: failureOfRun(thrown) }),
      );
    await leader.call(clientApi.finishJob, { ...lease, ...resultOrError });
  }

  function release(jobId: string): void {
    preparation.forget(jobId);
    pool.releaseJob(jobId).catch((thrown: unknown) => {
      log.error("could not delete the files of an ended job", {
        jobId,
        error: toErrorRecord(thrown).message,
      });
    });
  }

  function tick(): void {
    if (stopped) return;
    on({ kind: "tick" });
    timer = clock.after(agentTickMs, tick);
  }

  return {
    start: tick,
    stop: () => {
      stopped = true;
      timer?.cancel();
      for (const attempt of state.attempts.values()) {
        pool.cancelTask(attempt.grant.token, attempt.taskIndex);
      }
    },
  };
}
