// Which sides of joins the tasks of a stage have in common, and by which names a thread keeps them.

import type { TaskSpec } from "../../proto/ports/executor.ts";
import type { SidePlace } from "../operators/joining/built-side.ts";
import type { JoinOperator } from "./column-stages.ts";
import type { TaskWorld } from "./run.ts";
import { inputOfStage } from "./task-source.ts";

/** A task of the stage begins; what the thread kept for the tasks of another is let go. */
export function enterStage(
  spec: TaskSpec,
  { sides }: TaskWorld,
): (join: JoinOperator) => SidePlace | undefined {
  const { context, actionIndex, stageId } = spec;
  sides.enter(`${context.jobId}/${actionIndex}/${stageId}`);
  return (join) => {
    const { input, maps } = inputOfStage(spec, join.build.stageId);
    if (input.partition === "own" || input.maps === "own") return undefined;
    // A map task that ran again sealed another output, under another token.
    const tokens = [...maps]
      .sort((a, b) => a.taskIndex - b.taskIndex)
      .map((map) => [map.taskIndex, map.token, map.actionIndex, map.stageId]);
    return sides.place(JSON.stringify([join, input.partition, tokens]));
  };
}
