// Runs a job for real but on one thread: its driver, its planner, its replays, and every task on workers in memory.

import { EngineError } from "../../proto/errors.ts";
import { describeInput } from "../../proto/formats/describe.ts";
import type {
  ActionOutcome,
  DriverHost,
  InputFile,
  JobBundle,
  JobContext,
  PlannedAction,
  PlanTargets,
} from "../../proto/plan/bundle.ts";
import type { StageGraph, StagePlan } from "../../proto/plan/stage.ts";
import { decodeValue } from "../../proto/plan/values.ts";
import type { MapLocation, TaskResult, TaskSpec } from "../../proto/ports/executor.ts";
import { runTask, type TaskWorld } from "../../worker/executor/run.ts";
import { TestCluster } from "../../worker/executor/test-cluster.ts";
import { cellsBytes, cellsOf } from "../../worker/operators/cells.ts";

/** TestCluster has this many workers. */
const workerCount = 2;

export interface InMemoryJob {
  readonly bundle: JobBundle;
  readonly context: JobContext;
  /** Contents by URI. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly planTargets: PlanTargets;
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
  return found;
}

class ActionRun {
  readonly uploads: string[] = [];
  private readonly counters = new Map<string, number>();
  private readonly job: InMemoryJob;
  private readonly history: readonly ActionOutcome[];
  private readonly graph: StageGraph;
  private readonly cluster = new TestCluster();

  constructor(job: InMemoryJob, history: readonly ActionOutcome[], planned: PlannedAction) {
    this.job = job;
    this.history = history;
    // Graphs reach tasks as JSON.
    this.graph = JSON.parse(JSON.stringify(planned.graph)) as StageGraph;
    for (const [uri, bytes] of job.files) this.cluster.objects.set(uri, bytes);
  }

  private locations(stageId: number): readonly MapLocation[] {
    const tasks = this.graph.stages[stageId]!.taskCount;
    return Array.from({ length: tasks }, (_, taskIndex) => ({
      taskIndex,
      workerId: `w${taskIndex % workerCount}`,
      address: String(taskIndex % workerCount),
      token: 1,
    }));
  }

  private spec(stage: StagePlan, taskIndex: number): TaskSpec {
    const { actionIndex, planDigest } = this.graph;
    const split = stage.splits[taskIndex];
    return {
      context: this.job.context,
      bundleSha256: "",
      actionIndex,
      planDigest,
      history: this.history,
      stageId: stage.stageId,
      taskIndex,
      attempt: 0,
      token: 1,
      label: stage.label,
      program: stage.program,
      inputs: stage.inputs.map((input) => ({ input, maps: this.locations(input.stageId) })),
      outputPartitions: stage.output.kind === "shuffle" ? stage.output.partitions : 0,
      ...(split === undefined ? {} : { split }),
    };
  }

  private async task(stage: StagePlan, taskIndex: number): Promise<TaskResult> {
    const load = async ({ context, history, actionIndex, planDigest }: TaskSpec) => {
      const request = { context, history, actionIndex, planDigest };
      const { closure, takeCounters } = await this.job.bundle.replay(request);
      return { closure, takeCounters, locate: () => ({}) };
    };
    const world: TaskWorld = {
      ...this.cluster.world(taskIndex % workerCount),
      closures: { load },
    };
    const cells = cellsOf(new ArrayBuffer(cellsBytes));
    const result = await runTask(this.spec(stage, taskIndex), world, cells);
    for (const { uri } of result.uploads ?? []) {
      this.uploads.push(new TextDecoder().decode(this.cluster.uploads.get(uri)));
    }
    for (const [name, value] of Object.entries(result.counters ?? {})) {
      this.counters.set(name, (this.counters.get(name) ?? 0) + value);
    }
    return result;
  }

  async outcome(): Promise<ActionOutcome> {
    let results: TaskResult[] = [];
    for (const stage of this.graph.stages) {
      results = [];
      for (let task = 0; task < stage.taskCount; task++) results.push(await this.task(stage, task));
    }
    const last = this.graph.stages.at(-1);
    if (last?.output.kind !== "output") {
      const parts = results.map((result) => result.resultJson ?? "");
      return { kind: "result", parts, counters: [...this.counters] };
    }
    const sum = (of: (result: TaskResult) => number) => results.reduce((all, r) => all + of(r), 0);
    const output = {
      folderUri: last.output.folderUri,
      files: results.length,
      rows: sum((result) => result.rowsOut),
      bytes: sum((result) => result.bytesOut),
    };
    return { kind: "committed", output };
  }
}

export async function runInMemory(job: InMemoryJob): Promise<InMemoryRun> {
  const history: ActionOutcome[] = [];
  const graphs: StageGraph[] = [];
  let written = "";
  const host: DriverHost = {
    planTargets: job.planTargets,
    describeInput: (format, files, options) => {
      const read = async (uri: string, offset: number, length: number) =>
        job.files.get(uri)!.subarray(offset, offset + length);
      return describeInput({ read }, format, files, options);
    },
    listInputs: async (pattern) => listInputs(job.files, pattern),
    recordedOutcome: async () => undefined,
    runAction: async (planned) => {
      const run = new ActionRun(job, history, planned);
      const outcome = await run.outcome();
      written += run.uploads.join("");
      graphs.push(planned.graph);
      history.push(outcome);
      return outcome;
    },
  };
  const value = decodeValue(await job.bundle.drive(job.context, host));
  return { value, written, graphs };
}
