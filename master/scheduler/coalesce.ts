// Small shuffle partitions: their sizes are summed while maps are accepted, and cut before the first of their
// readers is granted.

import { assert } from "../../proto/errors.ts";
import { cutPartitions, readsPartitions } from "../../proto/plan/partition-cuts.ts";
import { keepFirstTasks } from "./stages.ts";
import type { StageState } from "./state.ts";

/**
 * Adds what a map task made to the sums of its stage. One that runs again because its output was lost makes the same
 * again, and is not counted twice. Without the sizes of one task those of the stage are not known: nothing is cut then.
 */
export function countPartitionBytes(
  stage: StageState,
  ranBefore: boolean,
  bytes: readonly number[] | undefined,
): void {
  const sums = stage.partitionBytes;
  if (sums === undefined || ranBefore) return;
  if (bytes?.length !== sums.length) {
    stage.partitionBytes = undefined;
    return;
  }
  for (const [partition, size] of bytes.entries()) sums[partition]! += size;
}

/** A task that nobody was ever given. */
const isUntouched = (stage: StageState): boolean =>
  stage.tasks.every(
    ({ kind, attempt }) => (kind === "pending" || kind === "lost") && attempt === 0,
  );

/** Those that have as many tasks as this one: all of them later. */
function followersOf(stages: readonly StageState[], stage: StageState): readonly StageState[] {
  const ids = new Set([stage.plan.stageId]);
  return stages.filter(({ plan }) => {
    if (plan.follows === undefined || !ids.has(plan.follows)) return false;
    ids.add(plan.stageId);
    return true;
  });
}

/**
 * Decides once, when the stage can run for the first time, how many tasks it has. The cut stays when map outputs
 * are lost later: tasks that finished have read by it.
 */
export function cutStage(stages: readonly StageState[], stage: StageState): void {
  const { coalesce, inputs, taskCount } = stage.plan;
  if (coalesce === undefined || stage.starts !== undefined) return;
  const followers = followersOf(stages, stage);
  // Otherwise they were given out before, when sizes were not known.
  if (![stage, ...followers].every(isUntouched)) return;
  const sums = new Array<number>(taskCount).fill(0);
  for (const input of inputs) {
    if (!readsPartitions(input)) continue;
    const bytes = stages[input.stageId]!.partitionBytes;
    if (bytes === undefined) return;
    for (const [partition, size] of bytes.entries()) sums[partition]! += size;
  }
  const starts = cutPartitions(sums, coalesce.targetBytes);
  stage.starts = starts;
  for (const each of [stage, ...followers]) {
    assert(each.tasks.length === taskCount, `stage ${each.plan.stageId} was cut before`);
    keepFirstTasks(each, starts.length);
  }
}
