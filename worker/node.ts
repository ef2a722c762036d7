// One worker: the agent's core joined to its ports. Production and simulation run this same file.

import {
  assert,
  EngineError,
  type ErrorCode,
  toEngineError,
  toErrorRecord,
  unreachable,
} from "../proto/errors.ts";
import { shortPollMs, shortPollReplyMs } from "../proto/limits/rpc.ts";
import { driversPerWorkerMax, renewEveryMs, renewTimeoutMs } from "../proto/limits.ts";
import type { Clock, Timer } from "../proto/ports/clock.ts";
import type { ExecutorPool, TaskOutcome, TaskSpec } from "../proto/ports/executor.ts";
import type { LeaderCalls } from "../proto/ports/leader.ts";
import type { Log } from "../proto/ports/log.ts";
import type { RandomStream } from "../proto/ports/random.ts";
import {
  type DriverLease,
  recordedOutcomeOverWire,
  runActionOverWire,
} from "../proto/wire/action-calls.ts";
import type { DriverGrant } from "../proto/wire/generated/engine.ts";
import { clientApi, workerApi } from "../proto/wire/methods.ts";
import { step } from "./agent/agent.ts";
import type { AgentEffect, AgentEvent, AttemptKey } from "./agent/protocol.ts";
import { attemptKey, initialAgentState } from "./agent/state.ts";
import { EndedTasks } from "./ended-tasks.ts";
import { createPreparation, jobContext } from "./preparation.ts";
import { endOfWorker, otherCluster } from "./registration.ts";

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
  /** Told once where the cluster does not take the worker in, and will not; it has stopped by then. */
  onFatal(failure: EngineError): void;
}

export interface WorkerNode {
  start(): void;
  /** Stops asking and renewing; what still runs is cancelled. */
  stop(): void;
}

/** These answers end this driver, not its job: another goes on where this one stopped. */
const endsDriving: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "LEASE_LOST",
  "JOB_CANCELLED",
  "JOB_NOT_FOUND",
  "NOT_LEADER",
  "UNAVAILABLE",
  "DEADLINE",
  "UNAUTHENTICATED",
  "FORBIDDEN",
]);

interface DriverEnd {
  readonly resultJson: string;
  readonly errorJson: string;
}

/** A job's end that the leader cannot take as it is. */
const unfitEnd: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "MESSAGE_INVALID",
  "LIMIT_EXCEEDED",
  "RESULT_TOO_LARGE",
]);

/** The error with which `run` ended; rethrows what says nothing about the job itself. */
function failureOfRun(thrown: unknown): string {
  const error = toErrorRecord(thrown);
  if (error.code === "EXECUTOR_DIED" || error.code === "LEASE_LOST") throw thrown;
  return JSON.stringify(error);
}

export function createWorkerNode(options: WorkerOptions, ports: WorkerPorts): WorkerNode {
  const { leader, pool, clock, log } = ports;
  const ids = ports.random.child("incarnation");
  const preparation = createPreparation(leader, pool);
  const ended = new EndedTasks(log);
  const state = initialAgentState({
    slots: options.slots,
    driverSlots: driversPerWorkerMax,
    renewTicks: Math.floor(renewEveryMs / agentTickMs),
    pauseTicks: 2,
  });
  let incarnation = "";
  /** Of the first registration. */
  let clusterId: string | undefined;
  /** When the registration under way, or that failed last, was first asked for. */
  let askedSinceMs: number | undefined;
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

  /** The same, of the leader, as the present incarnation: after another one the answer is void. */
  function askLeader(
    question: () => Promise<AgentEvent>,
    failed: (thrown: unknown) => AgentEvent,
  ): void {
    const asking = incarnation;
    const answer = (event: AgentEvent): void => {
      if (incarnation === asking) on(event);
    };
    question().then(answer, (thrown: unknown) => {
      const event = failed(thrown);
      const { code, message } = toErrorRecord(thrown);
      if (!stopped) log.warn("the leader did not answer", { event: event.kind, code, message });
      answer(event);
    });
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
    askedSinceMs ??= clock.nowMs();
    const sinceMs = askedSinceMs;
    const { dataAddress, slots, weight } = options;
    const request = { ...identity(), dataAddress, slots, weight };
    const registerFor = (replaces: string) =>
      leader.call(workerApi.register, { ...request, replaces });
    ask(
      async () => {
        const { workerId } = options;
        let reply = await registerFor("");
        // We are the only process of this name: whoever has it is a life of ours that is over.
        if (reply.holder !== "") reply = await registerFor(reply.holder);
        if (reply.holder !== "") {
          throw new EngineError(
            "UNAVAILABLE",
            `incarnation ${reply.holder} of worker ${workerId} came in between; where another ` +
              "process runs under this name, stop it or give it a name of its own",
          );
        }
        clusterId ??= reply.clusterId;
        if (reply.clusterId !== clusterId) throw otherCluster(workerId, clusterId, reply.clusterId);
        log.info("worker registered", { workerId, clusterId });
        askedSinceMs = undefined;
        return { kind: "registered" };
      },
      (thrown) => {
        const failure = toEngineError(thrown);
        const end = endOfWorker(options.workerId, failure, clock.nowMs() - sinceMs);
        if (end === undefined) {
          log.warn("registration failed; trying again", { error: failure.message });
        } else if (!stopped) {
          stop();
          ports.onFatal(end);
        }
        return { kind: "registerFailed" };
      },
    );
  }

  function poll(effect: Extract<AgentEffect, { kind: "poll" }>): void {
    const { kind: _, ...room } = effect;
    const request = { ...identity(), ...room, waitMs: shortPollMs };
    askLeader(
      async () => {
        const timeoutMs = shortPollMs + shortPollReplyMs;
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
    askLeader(
      async () => {
        const timeoutMs = renewTimeoutMs;
        const { known, ...lost } = await leader.call(workerApi.renew, request, { timeoutMs });
        return { kind: "renewed", known, ...lost };
      },
      (thrown) => ({ kind: "renewFailed", error: toErrorRecord(thrown) }),
    );
  }

  function report(effect: Extract<AgentEffect, { kind: "report" }>): void {
    const request = { ...identity(), reports: [...effect.reports] };
    askLeader(
      async () => {
        await leader.call(workerApi.report, request);
        return { kind: "reported", reports: effect.reports };
      },
      (thrown) => ({
        kind: "reportFailed",
        reports: effect.reports,
        error: toErrorRecord(thrown),
      }),
    );
  }

  function run(effect: Extract<AgentEffect, { kind: "run" }>): void {
    const key: AttemptKey = { token: effect.grant.token, taskIndex: effect.task.taskIndex };
    ask(
      async () => {
        const spec = await preparation.prepare(effect.grant, effect.task);
        // The pool could not cancel what it had not been given yet.
        if (stopped || !state.attempts.has(attemptKey(key.token, key.taskIndex))) {
          throw new EngineError("LEASE_LOST", "the lease ended before the task could start");
        }
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
    const stage = `${spec.context.jobId}/a${actionIndex}/s${stageId}`;
    if (outcome.kind === "done" && state.ahead > 0) return ended.add(stage, taskIndex, token);
    const code = outcome.kind === "failed" ? outcome.error.code : undefined;
    log.info("task ended", { task: `${stage}/t${taskIndex}`, token, outcome: outcome.kind, code });
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
    const { jobId } = job;
    const lease = { jobId, driverToken: token };
    await preparation.ensureBundle(job.bundleSha256);
    const stillDriving = (): void => {
      if (!stopped && state.drivers.get(jobId)?.token === token) return;
      throw new EngineError("LEASE_LOST", `the lease on driving job ${jobId} is over`);
    };
    stillDriving();
    let interrupt: (failure: EngineError) => void = () => {};
    const interrupted = new Promise<never>((_, reject) => {
      interrupt = reject;
    });
    /** The driver program must not take the end of its lease for a failure of the action, and catch it. */
    const outside = <Value>(question: Promise<Value>): Promise<Value> =>
      question.catch((thrown: unknown) => {
        const failure = toEngineError(thrown);
        if (!endsDriving.has(failure.code)) throw failure;
        interrupt(failure);
        return new Promise<never>(() => {});
      });
    const spec = { context: jobContext(job), bundleSha256: job.bundleSha256 };
    const running = pool
      .runDriver(spec, {
        runAction: (graphJson) => {
          const { actionIndex } = JSON.parse(graphJson) as { readonly actionIndex: number };
          const action = { actionIndex, json: graphJson };
          return outside(runActionOverWire(leader, lease, action, stillDriving));
        },
        recordedOutcome: (index, planDigest) =>
          outside(recordedOutcomeOverWire(leader, jobId, { index, planDigest })),
      })
      .then(
        (resultJson) => ({ resultJson, errorJson: "" }),
        (thrown: unknown) => ({ resultJson: "", errorJson: failureOfRun(thrown) }),
      );
    try {
      await finishJob(lease, await Promise.race([running, interrupted]));
    } catch (thrown) {
      // Whatever still runs of it has nobody to answer to.
      if (state.drivers.get(jobId)?.token === token) pool.cancelDriver(jobId);
      throw thrown;
    }
  }

  /** A result that cannot be told is the job's failure: another driver would only make it again. */
  async function finishJob(lease: DriverLease, end: DriverEnd): Promise<void> {
    try {
      await leader.call(clientApi.finishJob, { ...lease, ...end });
    } catch (thrown) {
      const error = toErrorRecord(thrown);
      if (!unfitEnd.has(error.code)) throw thrown;
      const failed = { resultJson: "", errorJson: JSON.stringify(error) };
      await leader.call(clientApi.finishJob, { ...lease, ...failed });
    }
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
    ended.flush();
    on({ kind: "tick" });
    timer = clock.after(agentTickMs, tick);
  }

  function stop(): void {
    stopped = true;
    timer?.cancel();
    ended.flush();
    for (const attempt of state.attempts.values()) {
      pool.cancelTask(attempt.grant.token, attempt.taskIndex);
    }
    for (const jobId of state.drivers.keys()) pool.cancelDriver(jobId);
  }

  return { start: tick, stop };
}
