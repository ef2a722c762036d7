// An executor in virtual time: its tasks take a while, read the blocks of others, and write for real.

import { EngineError, fromErrorRecord, toErrorRecord } from "../../proto/errors.ts";
import { asJobId, taskName } from "../../proto/ids.ts";
import { readerIndex } from "../../proto/plan/stage.ts";
import type {
  DriverRequests,
  ExecutorPool,
  MapLocation,
  StageInput,
  TaskOutcome,
  TaskProgress,
  TaskResult,
  TaskSpec,
} from "../../proto/ports/executor.ts";
import type { RandomStream } from "../../proto/ports/random.ts";
import type { ObjectStore } from "../../proto/ports/store.ts";
import type { Life, Network } from "./network.ts";
import {
  computeTask,
  hashOf,
  partitionBytesOf,
  type Row,
  type Rows,
  rowsIn,
  textOf,
} from "./rows.ts";
import { computationOf, type SimulatedJob } from "./workload.ts";

/** A sealed output of one attempt. */
export interface Sealed {
  readonly rows: Rows;
  isCorrupt: boolean;
}

/** What the executors of a cluster share: who holds which blocks, and a record of what ran. */
export interface Floor {
  readonly network: Network;
  readonly jobs: ReadonlyMap<string, SimulatedJob>;
  /** Sealed outputs by name, by the worker that holds them now. */
  readonly sealed: Map<string, Map<string, Sealed>>;
  onStart(task: string, token: number, workerId: string): void;
  /** A reader could not have that sealed output, and will say so. */
  onFetchFailed(block: string): void;
  /** Jobs that a worker drives. */
  readonly drivers: Map<string, ReadonlySet<string>>;
  /** Virtual milliseconds that a task takes. */
  taskMs(random: RandomStream): number;
}

export interface SimulatedExecutor extends ExecutorPool {
  /** Everything that runs in it ends: the process died, and a new one takes its place. */
  die(): void;
}

interface Running {
  readonly spec: TaskSpec;
  readonly onProgress: (progress: TaskProgress) => void;
  readonly end: (outcome: TaskOutcome) => void;
}

export function nameOf(spec: TaskSpec): string {
  const { actionIndex, stageId, taskIndex, context } = spec;
  return taskName({ jobId: asJobId(context.jobId), actionIndex, stageId, taskIndex });
}

const failed = (error: EngineError): TaskOutcome => {
  return { kind: "failed", error: toErrorRecord(error) };
};

/** What a job's `run` returns: the parts of its results, nothing else. */
export function resultOf(parts: readonly (readonly string[])[]): string {
  return JSON.stringify(parts);
}

/** Runs the job's actions one after the other, as every replay of it would. */
export async function drive(job: SimulatedJob, requests: DriverRequests): Promise<string> {
  const results: (readonly string[])[] = [];
  for (const graph of job.graphs) {
    const recorded = await requests.recordedOutcome(graph.actionIndex, graph.planDigest);
    const outcome = recorded ?? (await requests.runAction(JSON.stringify(graph)));
    if (outcome.kind === "failed") throw fromErrorRecord(outcome.error);
    if (outcome.kind === "result") results.push(outcome.parts);
  }
  return resultOf(results);
}

export function createSimulatedExecutor(
  floor: Floor,
  life: Life,
  options: { readonly slots: number; readonly random: RandomStream; readonly store: ObjectStore },
): SimulatedExecutor {
  const { clock, name: workerId } = life;
  const { random, store, slots } = options;
  const own = new Map<string, Sealed>();
  floor.sealed.set(workerId, own);
  const queue: Running[] = [];
  const running = new Set<Running>();
  const drivers = new Map<string, (failure: EngineError) => void>();
  const bundles = new Set<string>();
  const drivenJobs = new Set<string>();
  floor.drivers.set(workerId, drivenJobs);
  const blockName = (
    spec: TaskSpec,
    stageId: number,
    map: Pick<MapLocation, "taskIndex" | "token">,
  ) => `${spec.context.jobId}/a${spec.actionIndex}/s${stageId}/t${map.taskIndex}#${map.token}`;

  function startNext(): void {
    while (running.size < slots) {
      const next = queue.shift();
      if (next === undefined) return;
      running.add(next);
      floor.onStart(nameOf(next.spec), next.spec.token, workerId);
      step(next, floor.taskMs(random), 1);
    }
  }

  function step(task: Running, leftMs: number, steps: number): void {
    const sliceMs = Math.min(leftMs, 500);
    clock.after(sliceMs, () => {
      if (!running.has(task)) return;
      task.onProgress({ rows: steps, bytes: steps, steps });
      if (leftMs > sliceMs) return step(task, leftMs - sliceMs, steps + 1);
      finish(task.spec).then(
        (result) => leave(task, { kind: "done", result }),
        (thrown: EngineError) => leave(task, failed(thrown)),
      );
    });
  }

  function leave(task: Running, outcome: TaskOutcome): void {
    if (!running.delete(task)) return;
    task.end(outcome);
    startNext();
  }

  function fetch(spec: TaskSpec, stageId: number, map: MapLocation): Sealed {
    const { network, sealed } = floor;
    const { taskIndex, token, workerId: from } = map;
    const name = blockName(spec, stageId, map);
    const fail = (code: "UNAVAILABLE" | "BLOCK_MISSING" | "BLOCK_CORRUPT", what: string): never => {
      floor.onFetchFailed(name);
      throw new EngineError(code, what, { stageId, taskIndex, token });
    };
    const apart = network.areApart(workerId, from) || network.areApart(from, workerId);
    if (network.isPaused(from) || apart) return fail("UNAVAILABLE", `${from} does not answer`);
    const held = sealed.get(from);
    if (held === undefined) return fail("UNAVAILABLE", `${from} is gone`);
    const block = held.get(name);
    if (block === undefined) return fail("BLOCK_MISSING", `no ${name}`);
    return block.isCorrupt ? fail("BLOCK_CORRUPT", `${name} is damaged`) : block;
  }

  function read(spec: TaskSpec, { input, maps }: StageInput): readonly (readonly Row[])[] {
    const cut = spec.partitions ?? { first: spec.taskIndex, count: 1 };
    const range = input.partition === "own" ? cut : { first: input.partition, count: 1 };
    const own = readerIndex(input, spec.taskIndex);
    const wanted = input.maps === "own" ? maps.filter(({ taskIndex }) => taskIndex === own) : maps;
    return wanted.map((map) => rowsIn(fetch(spec, input.stageId, map).rows, range));
  }

  async function finish(spec: TaskSpec): Promise<TaskResult> {
    const { jobId } = spec.context;
    const computation = computationOf(floor.jobs.get(jobId)!, spec.actionIndex);
    const stage = computation.graph.stages[spec.stageId]!;
    const isOwn = ({ input }: StageInput) => readerIndex(input, spec.taskIndex) !== undefined;
    const inputs = spec.inputs.filter(isOwn).flatMap((input) => read(spec, input));
    const rows = computeTask(computation, stage, spec.taskIndex, spec.token, inputs);
    const text = rows.map(textOf).join("\n");
    const counts = { rowsIn: 1, bytesIn: 1, rowsOut: 1, bytesOut: text.length };
    const digest = hashOf(text).toString(16);
    switch (stage.output.kind) {
      case "shuffle":
        own.set(blockName(spec, spec.stageId, spec), { rows, isCorrupt: false });
        if (spec.tellsPartitionBytes !== true) return { ...counts, digest };
        return { ...counts, digest, partitionBytes: partitionBytesOf(rows) };
      case "result":
        return { ...counts, digest, resultJson: JSON.stringify(text) };
      default: {
        const upload = await write(spec, stage.output.folderUri, text);
        return { ...counts, digest, uploads: [{ ...upload, rows: rows[0]!.length, digest }] };
      }
    }
  }

  async function write(spec: TaskSpec, folderUri: string, text: string) {
    const part = `part-${String(spec.taskIndex).padStart(5, "0")}`;
    const uri = `${folderUri}${part}-${spec.context.jobId}-${spec.token}.txt`;
    const writer = await store.beginUpload(uri, spec.context.jobId);
    await writer.write(new TextEncoder().encode(text));
    return writer.finish();
  }

  function die(): void {
    for (const task of [...running]) {
      leave(task, failed(new EngineError("EXECUTOR_DIED", `the executor of ${workerId} died`)));
    }
    for (const [jobId, reject] of [...drivers]) {
      drivers.delete(jobId);
      reject(new EngineError("EXECUTOR_DIED", `the executor of ${workerId} died`));
    }
  }

  function cancelTask(token: number, taskIndex: number): void {
    const isMeant = ({ spec }: Running) => spec.token === token && spec.taskIndex === taskIndex;
    const waiting = queue.findIndex(isMeant);
    const cancelled = waiting >= 0 ? queue.splice(waiting, 1) : [...running].filter(isMeant);
    for (const task of cancelled) {
      running.delete(task);
      task.end(failed(new EngineError("LEASE_LOST", "cancelled")));
    }
    startNext();
  }

  return {
    die,
    runTask: (spec, onProgress) =>
      new Promise((end) => {
        queue.push({ spec, onProgress, end });
        startNext();
      }),
    cancelTask,
    runDriver: ({ context: { jobId } }, requests) =>
      new Promise((resolve, reject) => {
        drivers.set(jobId, reject);
        drivenJobs.add(jobId);
        drive(floor.jobs.get(jobId)!, requests)
          .finally(() => drivenJobs.delete(jobId))
          .then(resolve, reject);
      }),
    cancelDriver: (jobId) => {
      drivers.get(jobId)?.(new EngineError("LEASE_LOST", "the driver was stopped"));
      drivers.delete(jobId);
    },
    addBundle: async (sha256) => void bundles.add(sha256),
    hasBundle: (sha256) => bundles.has(sha256),
    releaseJob: async (jobId) => {
      for (const name of [...own.keys()]) if (name.startsWith(`${jobId}/`)) own.delete(name);
    },
    heldJobs: () => [...new Set([...own.keys()].map((name) => name.split("/")[0] ?? ""))],
    close: async () => {},
  };
}
