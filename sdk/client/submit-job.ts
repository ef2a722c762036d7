// Submits a compiled job, and drives it from this process for as long as the cluster lets it.

import { EngineError, type ErrorRecord, toEngineError } from "../../proto/errors.ts";
import { rpcTimeoutMs } from "../../proto/limits/rpc.ts";
import { actionResultBytesMax, paramsBytesMax, renewEveryMs } from "../../proto/limits.ts";
import type { JobContext } from "../../proto/plan/bundle.ts";
import type { Timer } from "../../proto/ports/clock.ts";
import type { DriverLease } from "../../proto/wire/action-calls.ts";
import { clientApi } from "../../proto/wire/methods.ts";
import { driverFailure } from "./driver-failure.ts";
import { type ClientDriverHost, createDriverHost } from "./driver-host.ts";
import { followJob } from "./follow-job.ts";
import type { ClientWorld, CompiledJob, FinishedJob, OnProgress } from "./world.ts";

export interface Submission {
  readonly job: CompiledJob;
  readonly paramsJson: string;
  /** Relative paths of the job are resolved against this absolute folder. */
  readonly workingFolder: string;
}

export interface AttachedHooks {
  /** Told before the cluster hears of the job, so that an interrupt can name it. */
  onJobId(jobId: string): void;
  onProgress: OnProgress;
  /** Cancels the job when it is aborted. */
  readonly signal?: AbortSignal;
}

function utf8Bytes(text: string): number {
  return new TextEncoder().encode(text).length;
}

function checkParams({ job, paramsJson }: Submission): void {
  const bytes = utf8Bytes(paramsJson);
  if (bytes > paramsBytesMax) {
    throw new EngineError(
      "LIMIT_EXCEEDED",
      `the parameters take ${bytes} bytes as JSON, and at most ${paramsBytesMax} are carried; ` +
        "put large data into a file and pass its path",
      { limitBytes: paramsBytesMax, peakBytes: bytes },
    );
  }
  job.bundle.checkParams(paramsJson);
}

/** Begins with the job's name, so that people can tell jobs apart. */
function newContext(world: ClientWorld, submission: Submission, name: string): JobContext {
  const { paramsJson, workingFolder } = submission;
  return {
    jobId: `${name}-${world.random.nextHex128().slice(0, 16)}`,
    paramsJson,
    seed: world.random.nextU32(),
    submittedWallMs: Math.floor(world.clock.wallMs()),
    workingFolder,
  };
}

/**
 * Every call may be repeated: the ids in it make the second one harmless. The bundle travels only where the
 * cluster lacks it: of a job that runs again and again it would be most of what a small one costs.
 */
async function announce(
  world: ClientWorld,
  { job }: Submission,
  name: string,
  context: JobContext,
  detached: boolean,
): Promise<DriverLease> {
  const { leader } = world;
  const request = { ...context, name, bundleSha256: job.sha256, detached };
  const submit = () => leader.call(clientApi.submit, request);
  const { driverToken } = await submit().catch(async (thrown: unknown) => {
    if (toEngineError(thrown).code !== "BUNDLE_NOT_FOUND") throw thrown;
    await leader.call(clientApi.putBundle, { sha256: job.sha256, code: job.code });
    return await submit();
  });
  return { jobId: context.jobId, driverToken };
}

/** Hands the job over to the cluster, and answers its id. */
export async function submitDetached(world: ClientWorld, submission: Submission): Promise<string> {
  checkParams(submission);
  const { name } = submission.job.bundle.describe();
  const context = newContext(world, submission, name);
  await announce(world, submission, name, context, true);
  return context.jobId;
}

/** Renews the lease until told to stop; ends the driving when it is lost or nobody answers. */
function keepLease(world: ClientWorld, lease: DriverLease, driving: ClientDriverHost): () => void {
  let timer: Timer | undefined;
  let isStopped = false;
  const renew = async (): Promise<void> => {
    try {
      const { held } = await world.leader.call(clientApi.renewDriver, lease, {
        timeoutMs: rpcTimeoutMs,
      });
      if (isStopped) return;
      if (held) timer = world.clock.after(renewEveryMs, () => void renew());
      else driving.end(new EngineError("LEASE_LOST", `job ${lease.jobId} is driven by another`));
    } catch (thrown) {
      if (!isStopped) driving.end(toEngineError(thrown));
    }
  };
  timer = world.clock.after(renewEveryMs, () => void renew());
  return () => {
    isStopped = true;
    timer?.cancel();
  };
}

type DriverEnd =
  | { readonly kind: "returned"; readonly resultJson: string }
  | { readonly kind: "threw"; readonly failure: EngineError };

async function drive(
  job: CompiledJob,
  context: JobContext,
  driving: ClientDriverHost,
): Promise<DriverEnd> {
  // Two arguments of then: the end of driving is no failure of the program's own.
  const running = job.bundle.drive(context, driving.host).then(
    (resultJson): DriverEnd => ({ kind: "returned", resultJson }),
    (thrown: unknown): DriverEnd => ({ kind: "threw", failure: driverFailure(thrown, job) }),
  );
  const end = await Promise.race([running, driving.ended]);
  if (end.kind === "threw" || utf8Bytes(end.resultJson) <= actionResultBytesMax) return end;
  const failure = new EngineError(
    "RESULT_TOO_LARGE",
    `run returned more than ${actionResultBytesMax} bytes; write large results to an output`,
    { limitBytes: actionResultBytesMax },
  );
  return { kind: "threw", failure };
}

/** Error records travel in one message beside nothing else, and their stacks may be long. */
const stackCharsMax = 8000;

function recordOf({ code, message, details }: EngineError): ErrorRecord {
  const { stack, ...rest } = details;
  const kept = stack === undefined ? {} : { stack: stack.slice(0, stackCharsMax) };
  return { code, message, details: { ...rest, ...kept } };
}

/** Tells the cluster how the program ended. Rejects when it holds against that: the job was cancelled, say. */
async function tellEnd(world: ClientWorld, lease: DriverLease, end: DriverEnd): Promise<void> {
  const resultJson = end.kind === "returned" ? end.resultJson : "";
  const errorJson = end.kind === "threw" ? JSON.stringify(recordOf(end.failure)) : "";
  await world.leader.call(clientApi.finishJob, { ...lease, resultJson, errorJson });
}

/** Undefined when the cluster gave the job to another driver. */
async function driveToEnd(
  world: ClientWorld,
  job: CompiledJob,
  context: JobContext,
  lease: DriverLease,
  driving: ClientDriverHost,
): Promise<DriverEnd | undefined> {
  const stopRenewing = keepLease(world, lease, driving);
  try {
    const end = await drive(job, context, driving);
    await tellEnd(world, lease, end);
    return end;
  } catch (thrown) {
    const failure = toEngineError(thrown);
    if (failure.code === "LEASE_LOST") return undefined;
    if (failure.code !== "UNAVAILABLE" && failure.code !== "DEADLINE") throw failure;
    const message =
      `${failure.message}; job ${lease.jobId} may still be running: the cluster drives it on by ` +
      "itself once it can, so ask for its status later";
    throw new EngineError(failure.code, message, failure.details, failure);
  } finally {
    stopRenewing();
  }
}

function aborted(jobId: string): EngineError {
  return new EngineError("JOB_CANCELLED", `job ${jobId} was cancelled: its submit was aborted`);
}

/** Cancels the job once the signal says so; answers how to stop listening. */
function cancelOnAbort(
  world: ClientWorld,
  jobId: string,
  signal: AbortSignal | undefined,
  driving: ClientDriverHost,
): () => void {
  if (signal === undefined) return () => {};
  const cancel = (): void => {
    const request = { jobId, reason: "its submit was aborted" };
    world.leader.call(clientApi.cancelJob, request).then(
      () => driving.end(aborted(jobId)),
      (thrown: unknown) => driving.end(toEngineError(thrown)),
    );
  };
  if (signal.aborted) cancel();
  else signal.addEventListener("abort", cancel, { once: true });
  return () => signal.removeEventListener("abort", cancel);
}

/**
 * Drives the job to its end. When the cluster gave it to another driver (this process was silent for
 * too long), its end is waited for. Rejects with the job's own error.
 */
export async function runAttached(
  world: ClientWorld,
  submission: Submission,
  hooks: AttachedHooks,
): Promise<FinishedJob> {
  checkParams(submission);
  const { job } = submission;
  const { name } = job.bundle.describe();
  const context = newContext(world, submission, name);
  const { jobId } = context;
  if (hooks.signal?.aborted === true) throw aborted(jobId);
  hooks.onJobId(jobId);
  const lease = await announce(world, submission, name, context, false);
  const driving = createDriverHost(world, lease, hooks.onProgress);
  const stopListening = cancelOnAbort(world, jobId, hooks.signal, driving);
  try {
    const end = await driveToEnd(world, job, context, lease, driving);
    if (end === undefined) return await followJob(world.leader, jobId, hooks.onProgress);
    if (end.kind === "threw") throw end.failure;
    return { jobId, resultJson: end.resultJson, outputs: driving.outputs() };
  } finally {
    stopListening();
  }
}
