// Small shuffle partitions read together: which stages may, where partitions are cut, what a task then reads.
//
// Partitions are planned from the sizes of input files; what is left of these behind filters and aggregates may be
// little. A task costs a round of scheduling and a file read from each map, so that tasks of some kilobytes are slow.

import type { ShuffleInput, StagePlan } from "./stage.ts";

/** Partitions that lie side by side. */
export interface PartitionRange {
  readonly first: number;
  readonly count: number;
}

/**
 * The first partition of each task: in order, as many partitions as have at most `targetBytes` together, and one
 * alone where it has more. So no task reads more than the target unless it could not read less.
 */
export function cutPartitions(bytes: readonly number[], targetBytes: number): readonly number[] {
  const starts: number[] = [];
  let sum = 0;
  for (const [partition, size] of bytes.entries()) {
    if (starts.length > 0 && sum + size <= targetBytes) {
      sum += size;
      continue;
    }
    starts.push(partition);
    sum = size;
  }
  return starts;
}

/** What a task reads of `partitions` that were cut so. */
export function partitionsOfTask(
  starts: readonly number[],
  partitions: number,
  taskIndex: number,
): PartitionRange {
  const first = starts[taskIndex]!;
  return { first, count: (starts[taskIndex + 1] ?? partitions) - first };
}

const readsWhole = (input: ShuffleInput): boolean =>
  input.span === undefined && input.maps === "all";

/** Every task reads its own partition of all maps. */
export const readsPartitions = (input: ShuffleInput): boolean =>
  readsWhole(input) && input.partition === "own";

const readsAlike = (input: ShuffleInput): boolean => readsWhole(input) && input.partition !== "own";

/** Whether tasks that make the output of this stage tell the sizes of its partitions. */
export function tellsPartitionBytes(plans: readonly StagePlan[], stageId: number): boolean {
  return plans.some(
    ({ coalesce, inputs }) =>
      coalesce !== undefined &&
      inputs.some((input) => input.stageId === stageId && readsPartitions(input)),
  );
}

/** Why the stage cannot be among those whose number of tasks only the run tells, though it says so. */
export function coalescingProblem(
  before: readonly StagePlan[],
  stage: StagePlan,
): string | undefined {
  const { coalesce, follows, inputs, taskCount } = stage;
  const stray = inputs.find(
    ({ stageId, maps }) => maps === "own" && stageId !== follows && isOpen(before[stageId]!),
  );
  if (stray !== undefined) {
    return `reads tasks of stage ${stray.stageId} one by one, whose number only the run tells`;
  }
  if (coalesce === undefined && follows === undefined) return undefined;
  if (coalesce !== undefined && follows !== undefined) return "cannot both be cut and follow";
  if (stage.splits.length > 0) return "has splits, one for each task";
  if (stage.keep !== undefined) return "keeps its output, whose tasks later actions count";
  if (follows !== undefined) {
    const leader = before[follows];
    if (leader === undefined || !isOpen(leader))
      return `follows stage ${follows}, which is not cut`;
    if (leader.taskCount !== taskCount) return `has other tasks than stage ${follows}`;
    const isOne = (input: ShuffleInput) =>
      input.stageId === follows && input.maps === "own" && input.partition !== "own";
    if (!inputs.some(isOne)) return `follows stage ${follows} without reading its tasks`;
    const isFit = inputs.every((input) => isOne(input) || readsAlike(input));
    return isFit ? undefined : "reads what is divided otherwise";
  }
  const cut = inputs.filter(readsPartitions);
  if (cut.length === 0) return "reads no partitions";
  if (!inputs.every(readsWhole)) return "reads what is not of all maps";
  const isEven = cut.every(({ stageId }) => {
    const { output, keep } = before[stageId]!;
    return output.kind === "shuffle" && output.partitions === taskCount && keep === undefined;
  });
  return isEven ? undefined : `has not one task for each partition of what it reads`;
}

/** Only the run tells how many tasks the stage has. */
const isOpen = ({ coalesce, follows }: StagePlan): boolean =>
  coalesce !== undefined || follows !== undefined;
