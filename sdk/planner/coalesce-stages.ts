// Which stages may read small partitions together. How many tasks they have then is decided at the run, by the real
// sizes of the partitions.

import { coalescingProblem, readsPartitions } from "../../proto/plan/partition-cuts.ts";
import type { OperatorProgram, SinkProgram } from "../../proto/plan/program.ts";
import type { StagePlan } from "../../proto/plan/stage.ts";

export interface CoalescingOptions {
  /** Bytes of small partitions that one task reads together; 0: none do. */
  readonly targetBytes: number;
  /** Stages whose number of partitions the program asked for. */
  readonly askedFor: ReadonlySet<number>;
}

/**
 * Functions of the user that are called with rows: what they cost their bytes do not tell, and some are written for
 * the partitions that there are. `sample` draws by the task's index.
 */
const countsOnTasks = new Set<OperatorProgram["kind"]>([
  "map",
  "flatMap",
  "filter",
  "mapPartitions",
  "mapBatches",
  "mapAsync",
  "forEach",
  "sample",
]);

const usersSinks = new Set<SinkProgram["kind"]>(["stage", "publish", "discard"]);

/** Nothing in it depends on the number of its tasks, and all of its work is told by its bytes. */
function isElastic({ program, keep, splits, inputs }: StagePlan): boolean {
  const { source, operators, sink } = program;
  if (source.kind !== "shuffle" || keep !== undefined || splits.length > 0) return false;
  if (inputs.some(({ span }) => span !== undefined) || usersSinks.has(sink.kind)) return false;
  return !operators.some(({ kind }) => countsOnTasks.has(kind));
}

/** The stages that read the output of one task each of stage `stageId`, and of each other; undefined if some cannot. */
function followersOf(
  stages: readonly StagePlan[],
  stageId: number,
): readonly (readonly [follower: number, leader: number])[] | undefined {
  const found: (readonly [number, number])[] = [];
  const leaders = new Set([stageId]);
  for (const stage of stages) {
    const input = stage.inputs.find((each) => each.maps === "own" && leaders.has(each.stageId));
    if (input === undefined) continue;
    if (!isElastic(stage) || stage.taskCount !== stages[stageId]!.taskCount) return undefined;
    const others = stage.inputs.filter((each) => each !== input);
    if (others.some(({ maps, partition }) => maps === "own" || partition === "own"))
      return undefined;
    found.push([stage.stageId, input.stageId]);
    leaders.add(stage.stageId);
  }
  return found;
}

/** The same stages; those that may read several partitions in one task say so, and so do those that follow them. */
export function coalesceStages(
  stages: readonly StagePlan[],
  { targetBytes, askedFor }: CoalescingOptions,
): readonly StagePlan[] {
  if (targetBytes === 0) return stages;
  const marked = [...stages];
  for (const stage of stages) {
    if (stage.taskCount === 1 || !isElastic(stage)) continue;
    if (stage.inputs.some((input) => readsPartitions(input) && askedFor.has(input.stageId)))
      continue;
    const cut = { ...stage, coalesce: { targetBytes } };
    if (coalescingProblem(stages, cut) !== undefined) continue;
    const followers = followersOf(stages, stage.stageId);
    if (followers === undefined) continue;
    marked[stage.stageId] = cut;
    for (const [follower, leader] of followers) {
      marked[follower] = { ...marked[follower]!, follows: leader };
    }
  }
  return marked;
}
