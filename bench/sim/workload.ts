// The jobs that a virtual cluster runs: a fixed one for stories, and random graphs of stages.

import { graphOf } from "../../master/scheduler/testing/graphs.ts";
import { readsPartitions } from "../../proto/plan/partition-cuts.ts";
import type { TaskProgram } from "../../proto/plan/program.ts";
import type { StageGraph, StageOutput, StagePlan } from "../../proto/plan/stage.ts";
import type { RandomStream } from "../../proto/ports/random.ts";
import { type Computation, oracleRows, type Rows } from "./rows.ts";

export interface SimulatedJob {
  readonly jobId: string;
  /** By action index. */
  readonly graphs: readonly StageGraph[];
  readonly isNondeterministic: boolean;
  /** Else its client drives it, for as long as that one lives. */
  readonly isDetached: boolean;
}

/** Tasks of the story's last stage. */
export const outputTasks = 3;

export const folderOf = (jobId: string, actionIndex: number): string =>
  `mem://bucket/${jobId}-${actionIndex}/`;

/** First a result, then an output over two shuffles. */
export function storyJob(jobId: string): SimulatedJob {
  const shape = { maps: 5, reduces: outputTasks, plan: "p" };
  const graphs = [
    graphOf({ ...shape, actionIndex: 0, sorts: false, folderUri: "" }),
    graphOf({ ...shape, actionIndex: 1, sorts: true, folderUri: folderOf(jobId, 1) }),
  ];
  return { jobId, graphs, isNondeterministic: false, isDetached: true };
}

const program: TaskProgram = {
  source: { kind: "text", node: 0 },
  operators: [],
  sink: { kind: "count" },
};

/** Half of the stages that may read their partitions by fewer tasks do; some rows of theirs fit into one task. */
function coalescing(
  inputs: StagePlan["inputs"],
  open: ReadonlySet<number>,
  random: RandomStream,
): Pick<StagePlan, "coalesce" | "follows"> {
  const leader = inputs.find(({ stageId, maps }) => maps === "own" && open.has(stageId));
  if (leader !== undefined) return { follows: leader.stageId };
  const mayCut = inputs.some(readsPartitions) && inputs.every(({ maps }) => maps === "all");
  if (!mayCut || random.below(2) === 0) return {};
  return { coalesce: { targetBytes: 1 + random.below(200) } };
}

/** Stages that read one another in any acyclic way; whatever nobody read yet, the last stage reads. */
function randomGraph(
  jobId: string,
  actionIndex: number,
  random: RandomStream,
  readsAll: boolean,
): StageGraph {
  const stageCount = 1 + random.below(4);
  const width = 1 + random.below(4);
  const unread = new Set<number>();
  /** Stages whose number of tasks only the run tells, and those of them with one partition. */
  const open = new Set<number>();
  const held = new Set<number>();
  const stages: StagePlan[] = [];
  const isOutput = random.below(3) > 0;
  for (let stageId = 0; stageId < stageCount; stageId++) {
    const isLast = stageId === stageCount - 1;
    const isSource = stageId === 0 || (!isLast && random.below(3) === 0);
    const read = isSource ? [] : isLast ? [...unread] : [random.below(stageId)];
    for (const producer of read) unread.delete(producer);
    unread.add(stageId);
    const inputs = read.map((producer): StagePlan["inputs"][number] => {
      const isPaired = !readsAll && stages[producer]!.taskCount === width && random.below(3) === 0;
      if (held.has(producer)) {
        return { stageId: producer, partition: 0, maps: read.length === 1 ? "own" : "all" };
      }
      const isWhole = !isPaired || open.has(producer);
      return { stageId: producer, partition: "own", maps: isWhole ? "all" : "own" };
    });
    // From a stream of its own, so that what else is drawn stays as it is.
    const cuts = random.child(`cut ${stageId}`);
    const { coalesce, follows } = coalescing(inputs, open, cuts);
    if (coalesce !== undefined || follows !== undefined) open.add(stageId);
    // Read task by task, as many as there turn out to be; or by all tasks, whose number then tells in the rows.
    const isHeld = open.has(stageId) && !isLast && !readsAll && cuts.below(2) === 0;
    if (isHeld) held.add(stageId);
    const last: StageOutput = isOutput
      ? { kind: "output", format: "text", folderUri: folderOf(jobId, actionIndex) }
      : { kind: "result" };
    const placements: readonly StagePlan["placement"][] = [
      { kind: "any" },
      { kind: "ring" },
      ...(read[0] === undefined || stages[read[0]]!.taskCount !== width
        ? []
        : [{ kind: "with", stageId: read[0] } as const]),
    ];
    stages.push({
      stageId,
      label: isSource ? "read" : "combine",
      taskCount: isSource && !isLast ? 1 + random.below(5) : width,
      inputs,
      placement: isSource ? { kind: "any" } : placements[random.below(placements.length)]!,
      output: isLast ? last : { kind: "shuffle", partitions: isHeld ? 1 : width },
      program,
      splits: [],
      inputBytes: 0,
      ...(coalesce === undefined ? {} : { coalesce }),
      ...(follows === undefined ? {} : { follows }),
    });
  }
  return { actionIndex, planDigest: `random#${actionIndex}:0`, label: "random", stages };
}

export function randomJob(
  jobId: string,
  random: RandomStream,
  isNondeterministic: boolean,
): SimulatedJob {
  const actions = 1 + random.below(3);
  const graphs = Array.from({ length: actions }, (_, at) =>
    // Else which rows are read would depend on their partition, and that on the attempt.
    randomGraph(jobId, at, random, isNondeterministic),
  );
  return { jobId, graphs, isNondeterministic, isDetached: random.below(2) === 0 };
}

export function computationOf(job: SimulatedJob, actionIndex: number): Computation {
  const { jobId, isNondeterministic } = job;
  return { jobId, graph: job.graphs[actionIndex]!, isNondeterministic };
}

const memo = new WeakMap<StageGraph, Rows>();

/** What the action must give, by task of its last stage. */
export function expectedRows(job: SimulatedJob, actionIndex: number): Rows {
  const graph = job.graphs[actionIndex]!;
  const known = memo.get(graph) ?? oracleRows(computationOf(job, actionIndex));
  memo.set(graph, known);
  return known;
}
