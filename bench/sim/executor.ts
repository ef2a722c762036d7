// An executor that computes nothing: tasks take virtual time, read blocks that exist or not, and write.

import { EngineError, fromErrorRecord, toErrorRecord } from "../../proto/errors.ts";
import { asJobId, taskName } from "../../proto/ids.ts";
import type {
  DriverRequests,
  ExecutorPool,
  MapLocation,
  TaskOutcome,
  TaskProgress,
  TaskResult,
  TaskSpec,
} from "../../proto/ports/executor.ts";
import type { RandomStream } from "../../proto/ports/random.ts";
import type { ObjectStore } from "../../proto/ports/store.ts";
import type { Life, Network } from "./network.ts";
import { contentOf, graphsOf } from "./workload.ts";

/** What the executors of a cluster share: who holds which blocks, and a record of what ran. */
export interface Floor {
  readonly network: Network;
  /** Sealed outputs, by the worker that holds them now. */
  readonly sealed: Map<string, Set<string>>;
  onStart(task: string, token: number, workerId: string): void;
  /** Jobs that a worker drives. */
  readonly drivers: Map<string, ReadonlySet<string>>;
  /** Virtual milliseconds that a task takes. */
  taskMs(random: RandomStream): number;
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

/** Runs the job's actions one after the other, as every replay of it would. */
async function drive(jobId: string, requests: DriverRequests): Promise<string> {
  for (const graph of graphsOf(jobId)) {
    const recorded = await requests.recordedOutcome(graph.actionIndex, graph.planDigest);
    const outcome = recorded ?? (await requests.runAction(JSON.stringify(graph)));
    if (outcome.kind === "failed") throw fromErrorRecord(outcome.error);
  }
  return JSON.stringify(`result of ${jobId}`);
}

export function createSimulatedExecutor(
  floor: Floor,
  life: Life,
  options: { readonly slots: number; readonly random: RandomStream; readonly store: ObjectStore },
): ExecutorPool {
  const { clock, name: workerId } = life;
  const { random, store, slots } = options;
  const own = new Set<string>();
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
    const { spec } = task;
    const sliceMs = Math.min(leftMs, 500);
    clock.after(sliceMs, () => {
      if (!running.has(task)) return;
      task.onProgress({ rows: steps, bytes: steps, steps });
      if (leftMs > sliceMs) return step(task, leftMs - sliceMs, steps + 1);
      finish(spec).then(
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

  function checkInput(spec: TaskSpec, stageId: number, map: MapLocation): void {
    const { network, sealed } = floor;
    const { taskIndex, token } = map;
    const details = { stageId, taskIndex, token };
    if (network.isPaused(map.workerId) || network.areApart(workerId, map.workerId)) {
      throw new EngineError("UNAVAILABLE", `${map.workerId} does not answer`, details);
    }
    const held = sealed.get(map.workerId);
    if (held === undefined)
      throw new EngineError("UNAVAILABLE", `${map.workerId} is gone`, details);
    if (held.has(blockName(spec, stageId, map))) return;
    throw new EngineError("BLOCK_MISSING", `no ${blockName(spec, stageId, map)}`, details);
  }

  async function finish(spec: TaskSpec): Promise<TaskResult> {
    for (const { input, maps } of spec.inputs) {
      for (const map of maps) checkInput(spec, input.stageId, map);
    }
    const counts = { rowsIn: 1, bytesIn: 1, rowsOut: 1, bytesOut: 1 };
    const digest = `digest of ${nameOf(spec)}`;
    if (spec.outputPartitions > 0) {
      own.add(blockName(spec, spec.stageId, spec));
      return { ...counts, digest };
    }
    const graph = graphsOf(spec.context.jobId)[spec.actionIndex];
    const output = graph?.stages.at(-1)?.output;
    if (output?.kind !== "output") return { ...counts, digest, resultJson: `[${spec.taskIndex}]` };
    const part = `part-${String(spec.taskIndex).padStart(5, "0")}`;
    const uri = `${output.folderUri}${part}-${spec.context.jobId}-${spec.token}.txt`;
    const writer = await store.beginUpload(uri, spec.context.jobId);
    await writer.write(new TextEncoder().encode(contentOf(nameOf(spec))));
    return { ...counts, digest, upload: { ...(await writer.finish()), rows: 1, digest } };
  }

  return {
    runTask: (spec, onProgress) =>
      new Promise((end) => {
        queue.push({ spec, onProgress, end });
        startNext();
      }),
    cancelTask: (token, taskIndex) => {
      const isMeant = ({ spec }: Running) => spec.token === token && spec.taskIndex === taskIndex;
      const waiting = queue.findIndex(isMeant);
      const cancelled = waiting >= 0 ? queue.splice(waiting, 1) : [...running].filter(isMeant);
      for (const task of cancelled) {
        running.delete(task);
        task.end(failed(new EngineError("LEASE_LOST", "cancelled")));
      }
      startNext();
    },
    runDriver: ({ context: { jobId } }, requests) =>
      new Promise((resolve, reject) => {
        drivers.set(jobId, reject);
        drivenJobs.add(jobId);
        drive(jobId, requests)
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
      for (const block of [...own]) if (block.startsWith(`${jobId}/`)) own.delete(block);
    },
    heldJobs: () => [...new Set([...own].map((block) => block.split("/")[0] ?? ""))],
    close: async () => {},
  };
}
