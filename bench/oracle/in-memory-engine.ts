// Runs a job for real but on one thread: its driver, its planner, its replays, and every task on workers in memory.

import { EngineError } from "../../proto/errors.ts";
import { clusteredColumns } from "../../proto/formats/clustered-columns.ts";
import { describeCheckpoint, describeInput } from "../../proto/formats/describe.ts";
import type {
  ActionOutcome,
  DriverHost,
  InputFile,
  JobBundle,
  JobContext,
  PlanTargets,
} from "../../proto/plan/bundle.ts";
import type { StageGraph } from "../../proto/plan/stage.ts";
import { decodeValue } from "../../proto/plan/values.ts";
import type { ClosureLoader } from "../../worker/executor/run.ts";
import { GraphRunner } from "./graph-runner.ts";

export interface InMemoryJob {
  readonly bundle: JobBundle;
  readonly context: JobContext;
  /** Contents by URI. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly planTargets: PlanTargets;
  /** Told before each action; true for names of kept stages that go away then. */
  readonly loses?: (actionIndex: number, name: string) => boolean;
}

export interface InMemoryRun {
  /** What the job's `run` returned. */
  readonly value: unknown;
  /** Text of the output files of all `write` actions, tasks in order. */
  readonly written: string;
  readonly graphs: readonly StageGraph[];
}

/** Lists what matches: here a pattern is a URI or a folder that ends in '/'. */
function listInputs(files: ReadonlyMap<string, Uint8Array>, pattern: string): InputFile[] {
  const found = [...files]
    .filter(([uri]) => uri === pattern || (pattern.endsWith("/") && uri.startsWith(pattern)))
    .map(([uri, bytes]) => ({ uri, sizeBytes: bytes.length }))
    .sort((a, b) => (a.uri < b.uri ? -1 : 1));
  if (found.length === 0) throw new EngineError("INPUT_NOT_FOUND", `no file matches ${pattern}`);
  if (found.every(({ sizeBytes }) => sizeBytes === 0)) {
    throw new EngineError("INPUT_EMPTY", `all files that match ${pattern} are empty`);
  }
  return found;
}

export async function runInMemory(job: InMemoryJob): Promise<InMemoryRun> {
  const history: ActionOutcome[] = [];
  const graphs: StageGraph[] = [];
  const { context, files, bundle, loses = () => false } = job;
  let lastLoss = -1;
  const load: ClosureLoader["load"] = async (spec) => {
    const { history: known, actionIndex, planDigest } = spec;
    const replayed = { context: spec.context, history: known, actionIndex, planDigest };
    const { closure, takeCounters } = await bundle.replay(replayed);
    return { closure, takeCounters, locate: () => ({}) };
  };
  const cluster = new GraphRunner({ context, files, workers: 2, closures: { load } });
  const read = async (uri: string, offset: number, length: number) =>
    job.files.get(uri)!.subarray(offset, offset + length);
  const host: DriverHost = {
    planTargets: job.planTargets,
    describeInput: (format, files, options) => describeInput({ read }, format, files, options),
    clusteredColumns: (format, files, schema) => clusteredColumns({ read }, format, files, schema),
    describeCheckpoint: (inputs) => describeCheckpoint({ read }, inputs),
    listInputs: async (pattern) => listInputs(job.files, pattern),
    recordedOutcome: async () => undefined,
    runAction: async ({ graph }) => {
      const { actionIndex } = graph;
      // Once for each action: what it was planned with the first time is there the second time.
      if (actionIndex > lastLoss) cluster.loseKept((name) => loses(actionIndex, name));
      lastLoss = actionIndex;
      const answer = await cluster.run(graph, history);
      graphs.push(graph);
      if (answer.kind !== "unplanned") history.push(answer);
      return answer;
    },
  };
  const value = decodeValue(await job.bundle.drive(job.context, host));
  return { value, written: cluster.written, graphs };
}
