// The client of a cluster: submits jobs, watches them, reads what they wrote.

import type { z } from "zod";
import { EngineError } from "../../proto/errors.ts";
import type { CommittedOutput } from "../../proto/plan/bundle.ts";
import { decodeValue } from "../../proto/plan/values.ts";
import { clientApi } from "../../proto/wire/methods.ts";
import type { ClusterView, JobView, LockView } from "../../proto/wire/views.ts";
import { isJob, type Job } from "../dataset/define-job.ts";
import { resolveOutput } from "../dataset/paths.ts";
import { checkListLimit } from "./connect-options.ts";
import { followJob, jobView, jobViews } from "./follow-job.ts";
import { type ClusterLock, keepLock, underLock } from "./held-lock.ts";
import { claimLock, type LockOptions, listLocks } from "./lock-claim.ts";
import { type CommittedRows, readOutput } from "./result.ts";
import { runAttached, submitDetached } from "./submit-job.ts";
import type { ClientWorld, CompiledJob, FinishedJob, OnProgress } from "./world.ts";

export interface SubmitOptions {
  /** Relative paths of the job are resolved against it; the folder of this process unless told. */
  readonly workingFolder?: string;
  readonly onProgress?: OnProgress;
  /** Cancels the job when it is aborted. */
  readonly signal?: AbortSignal;
}

/** What a job came to. */
export interface JobOutcome<Result = unknown> {
  readonly jobId: string;
  /** What `run` returned. */
  readonly result: Result;
  /** What its actions committed, in their order. */
  readonly outputs: readonly CommittedOutput[];
  readonly durationMs: number;
}

export type DetachedOptions = Pick<SubmitOptions, "workingFolder"> & { readonly detached: true };

export interface SubmittedJob {
  readonly jobId: string;
}

/**
 * A connection to a cluster. Every call finds the leading master by itself, also over a failover, and
 * rejects with an EngineError.
 */
export interface Client {
  /**
   * Submits a job: a value made by `defineJob`, or the path or URL of its module. This process drives it
   * and answers its result; with `detached` the cluster drives it, and its id is answered at once.
   * @throws the job's own error; JOB_CANCELLED; JOB_MODULE_UNKNOWN when the module of a job value cannot be told
   * @example const { result } = await client.submit(wordCount, { input: "data/*.txt", output: "out" });
   */
  submit<Schema extends z.ZodObject, Result>(
    job: Job<Schema, Result>,
    params: z.input<Schema>,
    options?: SubmitOptions,
  ): Promise<JobOutcome<Result>>;
  submit(
    job: string | URL,
    params: Readonly<Record<string, unknown>>,
    options?: SubmitOptions,
  ): Promise<JobOutcome>;
  submit<Schema extends z.ZodObject, Result>(
    job: Job<Schema, Result>,
    params: z.input<Schema>,
    options: DetachedOptions,
  ): Promise<SubmittedJob>;
  submit(
    job: string | URL,
    params: Readonly<Record<string, unknown>>,
    options: DetachedOptions,
  ): Promise<SubmittedJob>;
  /**
   * How a job stands: its state, its actions and their stages.
   * @throws JOB_NOT_FOUND
   * @example const { state } = await client.status("word-count-1f3a");
   */
  status(jobId: string): Promise<JobView>;
  /**
   * Stops a job and answers its state, which is another than `cancelled` when it had ended before.
   * @example const state = await client.cancel("word-count-1f3a", "its input is wrong");
   */
  cancel(jobId: string, reason?: string): Promise<string>;
  /**
   * Jobs, newest first.
   * @param limit how many at most; 100 unless told
   * @throws USAGE for a limit that is no whole number from 1 on
   * @example const running = (await client.list()).filter(({ state }) => state === "running");
   */
  list(limit?: number): Promise<readonly JobView[]>;
  /**
   * Waits for a job's end.
   * @throws the job's own error; JOB_CANCELLED; JOB_NOT_FOUND
   * @example const { outputs } = await client.wait("word-count-1f3a");
   */
  wait(jobId: string): Promise<JobOutcome>;
  /**
   * Who leads, which masters and workers there are, and how many jobs.
   * @example const { leader, workers } = await client.clusterStatus();
   */
  clusterStatus(): Promise<ClusterView>;
  /**
   * Takes a lock and keeps it, renewed in the background, until it is released; lost when this process stands still
   * or reaches no leader for longer than the lease.
   * @throws LOCK_HELD, with the holder and what is left of its lease, when the wait was in vain
   * @example
   * await using lock = await client.lock("prices", { waitMs: 60_000 });
   * await save(prices, { fencingToken: lock.token, signal: lock.signal });
   */
  lock(name: string, options?: LockOptions): Promise<ClusterLock>;
  /**
   * Holds a lock while `body` runs.
   * @throws what `body` throws; LOCK_HELD; LOCK_LOST when the lock was lost before `body` ended
   * @example await client.withLock("prices", async (lock) => await save(prices, lock.token));
   */
  withLock<Result>(
    name: string,
    body: (lock: ClusterLock) => Promise<Result>,
    options?: LockOptions,
  ): Promise<Result>;
  /**
   * Held locks by name, those of output folders included.
   * @param prefix of their names; all unless told
   * @example const holders = (await client.locks("prices")).map(({ holder }) => holder);
   */
  locks(prefix?: string): Promise<readonly LockView[]>;
  /**
   * Opens what a job wrote, by its manifest.
   * @throws OUTPUT_NOT_COMMITTED
   * @example
   * const words = await client.output("out/words/");
   * for await (const row of words.rows()) await save(row);
   */
  output(folder: string): Promise<CommittedRows>;
  /**
   * Gives the connection up: calls under way reject with UNAVAILABLE.
   * @example client.close();
   */
  close(): void;
}

export interface ClientOptions {
  readonly world: ClientWorld;
  /** Absolute. */
  readonly workingFolder: string;
  /** Host and process, for whoever finds a lock held. */
  readonly holder: string;
  compile(path: string, workingFolder: string): Promise<CompiledJob>;
  close(): void;
}

const listedJobsDefault = 100;

function moduleOf(job: Job | string | URL): string {
  if (typeof job === "string") return job;
  if (job instanceof URL) return job.href;
  if (!isJob(job)) {
    throw new EngineError("USAGE", "submit takes a job made by defineJob, a path or a URL");
  }
  if (job.moduleFile !== undefined) return job.moduleFile;
  throw new EngineError(
    "JOB_MODULE_UNKNOWN",
    `the module that defined job '${job.name}' cannot be told; submit the path or URL of its module`,
  );
}

function outcome(job: FinishedJob, durationMs: number): JobOutcome<never> {
  const { jobId, outputs, resultJson } = job;
  const result = decodeValue(resultJson) as never;
  return { jobId, result, outputs, durationMs: Math.round(durationMs) };
}

class ClusterClient implements Client {
  readonly #options: ClientOptions;
  readonly #world: ClientWorld;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#world = options.world;
  }

  async submit(
    job: Job | string | URL,
    params: unknown,
    options: SubmitOptions & { readonly detached?: boolean } = {},
  ): Promise<JobOutcome<never> & SubmittedJob> {
    const { clock } = this.#world;
    const startedMs = clock.nowMs();
    const workingFolder = options.workingFolder ?? this.#options.workingFolder;
    const submission = {
      job: await this.#options.compile(moduleOf(job), workingFolder),
      paramsJson: JSON.stringify(params),
      workingFolder,
    };
    if (options.detached === true) {
      const jobId = await submitDetached(this.#world, submission);
      return { jobId } as JobOutcome<never>;
    }
    const finished = await runAttached(this.#world, submission, {
      onJobId: () => {},
      onProgress: options.onProgress ?? (() => {}),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    return outcome(finished, clock.nowMs() - startedMs);
  }

  status(jobId: string): Promise<JobView> {
    return jobView(this.#world.leader, jobId);
  }

  async cancel(jobId: string, reason = "cancelled by a user"): Promise<string> {
    const { state } = await this.#world.leader.call(clientApi.cancelJob, { jobId, reason });
    return state;
  }

  async list(limit = listedJobsDefault): Promise<readonly JobView[]> {
    checkListLimit(limit);
    return jobViews(this.#world.leader, limit);
  }

  async wait(jobId: string): Promise<JobOutcome> {
    const startedMs = this.#world.clock.nowMs();
    const finished = await followJob(this.#world.leader, jobId);
    return outcome(finished, this.#world.clock.nowMs() - startedMs);
  }

  async clusterStatus(): Promise<ClusterView> {
    const { statusJson } = await this.#world.leader.call(clientApi.clusterStatus, {});
    return JSON.parse(statusJson) as ClusterView;
  }

  async lock(name: string, options: LockOptions = {}): Promise<ClusterLock> {
    const { holder } = this.#options;
    const claim = await claimLock(this.#world, name, { holder, ...options });
    return keepLock(this.#world, claim);
  }

  async withLock<Result>(
    name: string,
    body: (lock: ClusterLock) => Promise<Result>,
    options: LockOptions = {},
  ): Promise<Result> {
    return await underLock(await this.lock(name, options), body);
  }

  locks(prefix = ""): Promise<readonly LockView[]> {
    return listLocks(this.#world, prefix);
  }

  output(folder: string): Promise<CommittedRows> {
    const { workingFolder } = this.#options;
    return readOutput(this.#world.store, resolveOutput(folder, workingFolder));
  }

  close(): void {
    this.#options.close();
  }
}

export function createClient(options: ClientOptions): Client {
  return new ClusterClient(options);
}
