// Runs stage graphs for real but on one thread: every task on some workers in memory, kept outputs between actions.

import { absentColumn, withoutWatched } from "../../proto/plan/absent-column.ts";
import type { ActionAnswer, ActionOutcome, JobContext } from "../../proto/plan/bundle.ts";
import {
  cutPartitions,
  type PartitionRange,
  partitionsOfTask,
  readsPartitions,
} from "../../proto/plan/partition-cuts.ts";
import type { StageGraph, StagePlan } from "../../proto/plan/stage.ts";
import type { MapLocation, TaskResult, TaskSpec } from "../../proto/ports/executor.ts";
import { type ClosureLoader, runTask, type TaskWorld } from "../../worker/executor/run.ts";
import { TestCluster } from "../../worker/executor/test-cluster.ts";
import { cellsBytes, cellsOf } from "../../worker/operators/cells.ts";

export interface GraphWorld {
  readonly context: JobContext;
  /** Contents by URI. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly workers: number;
  readonly closures: ClosureLoader;
  /** For planted faults: the map outputs that a task gets to see. */
  readonly seenMaps?: (stage: StagePlan, maps: readonly MapLocation[]) => readonly MapLocation[];
  /** For planted faults: the partitions that a task gets to see of those that it has to read together. */
  readonly seenPartitions?: (partitions: PartitionRange) => PartitionRange;
}

/** A stage whose outputs stay for later actions of the job. */
interface Kept {
  readonly tasks: number;
  readonly actionIndex: number;
  readonly stageId: number;
}

/** What is known when a task begins. */
interface SoFar {
  readonly history: readonly ActionOutcome[];
  readonly adopted: ReadonlyMap<number, Kept>;
  readonly cuts: StageCuts;
}

/** How many tasks the stages of an action have, once partitions are cut by their sizes. */
class StageCuts {
  private readonly stages: readonly StagePlan[];
  private readonly bytes = new Map<number, readonly number[]>();
  private readonly starts = new Map<number, readonly number[]>();

  constructor(stages: readonly StagePlan[]) {
    this.stages = stages;
  }

  /** What the tasks of a stage said of their partitions. */
  note({ stageId }: StagePlan, results: readonly TaskResult[]): void {
    const sums: number[] = [];
    for (const { partitionBytes = [] } of results) {
      for (const [partition, size] of partitionBytes.entries()) {
        sums[partition] = (sums[partition] ?? 0) + size;
      }
    }
    this.bytes.set(stageId, sums);
  }

  private startsOf({ stageId, coalesce, inputs, taskCount }: StagePlan): readonly number[] {
    const known = this.starts.get(stageId);
    if (known !== undefined) return known;
    const sums = new Array<number>(taskCount).fill(0);
    for (const input of inputs.filter(readsPartitions)) {
      for (const [partition, size] of this.bytes.get(input.stageId)!.entries()) {
        sums[partition]! += size;
      }
    }
    const starts = cutPartitions(sums, coalesce!.targetBytes);
    this.starts.set(stageId, starts);
    return starts;
  }

  tasksOf(stage: StagePlan): number {
    if (stage.follows !== undefined) return this.tasksOf(this.stages[stage.follows]!);
    return stage.coalesce === undefined ? stage.taskCount : this.startsOf(stage).length;
  }

  partitionsOf(stage: StagePlan, taskIndex: number): PartitionRange | undefined {
    if (stage.coalesce === undefined) return undefined;
    return partitionsOfTask(this.startsOf(stage), stage.taskCount, taskIndex);
  }
}

/** The actions of one job, one after the other. */
export class GraphRunner {
  /** Text of the output files of all actions so far, tasks in order. */
  written = "";
  /** Output files by URI, which later actions can read. */
  readonly uploads = new Map<string, Uint8Array>();
  private readonly world: GraphWorld;
  private readonly cluster: TestCluster;
  private readonly kept = new Map<string, Kept>();

  constructor(world: GraphWorld) {
    this.world = world;
    this.cluster = new TestCluster({}, world.workers);
    for (const [uri, bytes] of world.files) this.cluster.objects.set(uri, bytes);
  }

  /** Some of what is kept goes away, as with a worker. */
  loseKept(isLost: (name: string) => boolean): void {
    for (const name of [...this.kept.keys()]) if (isLost(name)) this.kept.delete(name);
  }

  async run(planned: StageGraph, history: readonly ActionOutcome[]): Promise<ActionAnswer> {
    // Graphs reach tasks as JSON.
    const graph = JSON.parse(JSON.stringify(planned)) as StageGraph;
    const adopted = this.adoptedStages(graph);
    if (graph.stages.some(({ keptOnly, stageId }) => keptOnly === true && !adopted.has(stageId))) {
      return { kind: "unplanned", kept: [...this.kept.keys()] };
    }
    const sizes: (readonly [string, number])[] = [];
    const wanted = wantedStages(graph, adopted);
    const all: TaskResult[] = [];
    let results: TaskResult[] = [];
    const cuts = new StageCuts(graph.stages);
    for (const stage of graph.stages) {
      results = [];
      if (!wanted.has(stage.stageId) || adopted.has(stage.stageId)) continue;
      for (let task = 0; task < cuts.tasksOf(stage); task++) {
        const spec = this.spec(graph, stage, task, { history, adopted, cuts });
        results.push(await this.task(spec));
      }
      cuts.note(stage, results);
      all.push(...results);
      if (stage.keep !== undefined) {
        const { stageId, taskCount: tasks } = stage;
        this.kept.set(stage.keep, { tasks, actionIndex: graph.actionIndex, stageId });
        sizes.push([stage.keep, results.reduce((sum, { bytesOut }) => sum + bytesOut, 0)]);
      }
    }
    const counted = countersOf(all);
    const error = absentColumn(counted);
    if (error !== undefined) return { kind: "failed", error };
    const outcome = outcomeOf(graph, results, withoutWatched(counted));
    return sizes.length === 0 ? outcome : { ...outcome, kept: sizes };
  }

  /** Stages that an earlier action made. */
  private adoptedStages(graph: StageGraph): ReadonlyMap<number, Kept> {
    return new Map(
      graph.stages.flatMap((stage) => {
        const kept = stage.keep === undefined ? undefined : this.kept.get(stage.keep);
        return kept?.tasks === stage.taskCount ? [[stage.stageId, kept] as const] : [];
      }),
    );
  }

  private spec(
    graph: StageGraph,
    stage: StagePlan,
    taskIndex: number,
    { history, adopted, cuts }: SoFar,
  ): TaskSpec {
    const { actionIndex, planDigest } = graph;
    const { workers, context, seenMaps = (_, maps) => maps, seenPartitions } = this.world;
    const split = stage.splits[taskIndex];
    const partitions = cuts.partitionsOf(stage, taskIndex);
    const locations = (stageId: number): readonly MapLocation[] => {
      const kept = adopted.get(stageId);
      const origin = kept && { actionIndex: kept.actionIndex, stageId: kept.stageId };
      return Array.from({ length: cuts.tasksOf(graph.stages[stageId]!) }, (_, index) => ({
        taskIndex: index,
        workerId: `w${index % workers}`,
        address: String(index % workers),
        token: 1,
        ...origin,
      }));
    };
    return {
      context,
      bundleSha256: "",
      actionIndex,
      planDigest,
      history,
      stageId: stage.stageId,
      taskIndex,
      attempt: 0,
      token: 1,
      label: stage.label,
      program: stage.program,
      inputs: stage.inputs.map((input) => ({
        input,
        maps: seenMaps(stage, locations(input.stageId)),
      })),
      ...(partitions === undefined
        ? {}
        : { partitions: seenPartitions?.(partitions) ?? partitions }),
      outputPartitions: stage.output.kind === "shuffle" ? stage.output.partitions : 0,
      tellsPartitionBytes: true,
      ...(split === undefined ? {} : { split }),
    };
  }

  private async task(spec: TaskSpec): Promise<TaskResult> {
    const { closures, workers } = this.world;
    const world: TaskWorld = { ...this.cluster.world(spec.taskIndex % workers), closures };
    const result = await runTask(spec, world, cellsOf(new ArrayBuffer(cellsBytes)));
    for (const { uri } of result.uploads ?? []) {
      const bytes = this.cluster.uploads.get(uri) ?? new Uint8Array();
      this.written += new TextDecoder().decode(bytes);
      this.uploads.set(uri, bytes);
      this.cluster.objects.set(uri, bytes);
    }
    return result;
  }
}

/** The last stage, and what leads to it without passing one that is there already. */
function wantedStages(graph: StageGraph, adopted: ReadonlyMap<number, Kept>): ReadonlySet<number> {
  const wanted = new Set<number>([graph.stages.length - 1]);
  for (const stage of [...graph.stages].reverse()) {
    if (!wanted.has(stage.stageId) || adopted.has(stage.stageId)) continue;
    for (const { stageId } of stage.inputs) wanted.add(stageId);
  }
  return wanted;
}

function countersOf(results: readonly TaskResult[]): readonly (readonly [string, number])[] {
  const sums = new Map<string, number>();
  for (const [name, value] of results.flatMap(({ counters = {} }) => Object.entries(counters))) {
    sums.set(name, (sums.get(name) ?? 0) + value);
  }
  return [...sums];
}

function outcomeOf(
  graph: StageGraph,
  results: readonly TaskResult[],
  counters: readonly (readonly [string, number])[],
): Exclude<ActionOutcome, { readonly kind: "failed" }> {
  const last = graph.stages.at(-1);
  if (last?.output.kind !== "output") {
    const parts = results.map((result) => result.resultJson ?? "");
    return { kind: "result", parts, counters, ...(graph.measures ? { measured: true } : {}) };
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
