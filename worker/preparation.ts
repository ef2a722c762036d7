// Turns a grant into a complete task: bundle, recorded outcomes, input locations.

import { assert, EngineError } from "../proto/errors.ts";
import { historiesKeptMax } from "../proto/limits.ts";
import type { ActionOutcome, JobContext } from "../proto/plan/bundle.ts";
import type { TaskProgram, TaskSplit } from "../proto/plan/program.ts";
import type { ShuffleInput } from "../proto/plan/stage.ts";
import type {
  ExecutorPool,
  LeaseSpec,
  OwnSpec,
  StageInput,
  TaskSpec,
} from "../proto/ports/executor.ts";
import type { LeaderCalls } from "../proto/ports/leader.ts";
import { decodeOutcome } from "../proto/wire/action-calls.ts";
import type { GrantedTask, JobContextMessage, TaskGrant } from "../proto/wire/generated/engine.ts";
import { clientApi, workerApi } from "../proto/wire/methods.ts";
import { needsClosures } from "./needs-closures.ts";

export interface Preparation {
  /** Everything that an attempt needs. Rejects with the leader's or the bundle's error. */
  prepare(grant: TaskGrant, task: GrantedTask): Promise<TaskSpec>;
  ensureBundle(sha256: string): Promise<void>;
  forget(jobId: string): void;
}

export function jobContext(message: JobContextMessage): JobContext {
  return {
    jobId: message.jobId,
    paramsJson: message.paramsJson,
    seed: message.seed,
    submittedWallMs: message.submittedWallMs,
    workingFolder: message.workingFolder,
  };
}

function parseJson<Value>(what: string, text: string): Value {
  try {
    return JSON.parse(text) as Value;
  } catch (cause) {
    throw new EngineError("MESSAGE_INVALID", `${what} of a grant is not JSON`, {}, cause);
  }
}

function stageInputs(grant: TaskGrant): StageInput[] {
  const inputs = parseJson<ShuffleInput[]>("the input list", grant.inputsJson);
  return inputs.map((input) => {
    const located = grant.inputs.find((stage) => stage.stageId === input.stageId);
    if (located !== undefined) return { input, maps: located.maps };
    throw new EngineError(
      "MESSAGE_INVALID",
      `a grant of stage ${grant.stageId} names input stage ${input.stageId} without its locations`,
    );
  });
}

function ownPart(task: GrantedTask): OwnSpec {
  const { taskIndex, attempt, splitJson, firstPartition, partitions } = task;
  return {
    taskIndex,
    attempt,
    ...(splitJson === "" ? {} : { split: parseJson<TaskSplit>("split", splitJson) }),
    ...(partitions === 0 ? {} : { partitions: { first: firstPartition, count: partitions } }),
  };
}

type History = readonly (ActionOutcome | undefined)[];

/** Fetches a bundle once, whatever number of tasks asks for it at the same time. */
export function createPreparation(leader: LeaderCalls, pool: ExecutorPool): Preparation {
  const bundles = new Map<string, Promise<void>>();
  const histories = new Map<string, History>();
  const fetchingHistories = new Map<string, Promise<History>>();

  async function fetchBundle(sha256: string): Promise<void> {
    const reply = await leader.call(workerApi.getBundle, { sha256 });
    await pool.addBundle(sha256, reply.code);
  }

  function ensureBundle(sha256: string): Promise<void> {
    if (pool.hasBundle(sha256)) return Promise.resolve();
    const known = bundles.get(sha256);
    if (known !== undefined) return known;
    const fetching = fetchBundle(sha256).finally(() => bundles.delete(sha256));
    bundles.set(sha256, fetching);
    return fetching;
  }

  /** Asks for what is not known yet: a loop of many rounds would otherwise fetch all of them in each. */
  async function fetchHistory(jobId: string, known: History, end: number): Promise<History> {
    const request = { jobId, begin: known.length, end };
    const { outcomeJson } = await leader.call(clientApi.getHistory, request);
    if (outcomeJson.length !== end - known.length) {
      throw new EngineError(
        "MESSAGE_INVALID",
        `the leader was asked for outcomes ${known.length} up to ${end} of job ${jobId} and gave ` +
          `${outcomeJson.length}`,
      );
    }
    const fetched = outcomeJson.map((json) => (json === "" ? undefined : decodeOutcome(json)));
    const outcomes = [...known, ...fetched];
    const open = outcomes.indexOf(undefined);
    keepHistory(jobId, open === -1 ? outcomes : outcomes.slice(0, open));
    return outcomes;
  }

  /** The oldest goes: a job that ended while we asked is never forgotten otherwise. */
  function keepHistory(jobId: string, outcomes: History): void {
    if (outcomes.length <= (histories.get(jobId)?.length ?? 0)) return;
    histories.delete(jobId);
    histories.set(jobId, outcomes);
    for (const oldest of histories.keys()) {
      if (histories.size <= historiesKeptMax) return;
      histories.delete(oldest);
    }
  }

  /** Kept up to the first that is missing: an action that still runs may have ended by the next question. */
  async function history(jobId: string, end: number): Promise<History> {
    if (end === 0) return [];
    const known = histories.get(jobId) ?? [];
    if (known.length >= end) return known.slice(0, end);
    // The tasks of one grant ask all at once.
    const question = `${end} of ${jobId}`;
    const asked = fetchingHistories.get(question);
    if (asked !== undefined) return asked;
    const fetching = fetchHistory(jobId, known, end);
    fetchingHistories.set(question, fetching);
    const forgetQuestion = () => void fetchingHistories.delete(question);
    fetching.then(forgetQuestion, forgetQuestion);
    return fetching;
  }

  async function prepareLease(grant: TaskGrant): Promise<LeaseSpec> {
    const { job } = grant;
    assert(job !== undefined, `grant ${grant.token} carries no job`);
    const program = parseJson<TaskProgram>("the program", grant.programJson);
    const isUsers = needsClosures(program);
    if (isUsers) await ensureBundle(job.bundleSha256);
    return {
      context: jobContext(job),
      bundleSha256: job.bundleSha256,
      actionIndex: grant.actionIndex,
      planDigest: grant.planDigest,
      history: isUsers ? await history(job.jobId, grant.actionIndex) : [],
      stageId: grant.stageId,
      token: grant.token,
      label: grant.label,
      program,
      inputs: stageInputs(grant),
      outputPartitions: grant.outputPartitions,
      ...(grant.tellsPartitionBytes ? { tellsPartitionBytes: true } : {}),
    };
  }

  /** The tasks of a grant have its parts as the same objects, so that these travel once. */
  const leases = new WeakMap<TaskGrant, Promise<LeaseSpec>>();

  function leaseOf(grant: TaskGrant): Promise<LeaseSpec> {
    const known = leases.get(grant);
    if (known !== undefined) return known;
    const preparing = prepareLease(grant);
    leases.set(grant, preparing);
    return preparing;
  }

  return {
    ensureBundle,
    forget: (jobId) => {
      histories.delete(jobId);
    },
    prepare: async (grant, task) => ({ ...(await leaseOf(grant)), ...ownPart(task) }),
  };
}
