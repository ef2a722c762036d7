// What must be true of every stage graph that leaves the planner.

import { assert } from "../../proto/errors.ts";
import { coalescingProblem } from "../../proto/plan/partition-cuts.ts";
import type { StageGraph } from "../../proto/plan/stage.ts";

/** Refuses a graph that the scheduler could not run; a planner's mistake, never a job's. */
export function assertStageGraph(graph: StageGraph): void {
  for (const [index, stage] of graph.stages.entries()) {
    assert(stage.stageId === index, `stage ${stage.stageId} stands at ${index}`);
    assert(stage.taskCount >= 1, `stage ${index} has ${stage.taskCount} tasks`);
    for (const input of stage.inputs) {
      assert(input.stageId < index, `stage ${index} reads the later stage ${input.stageId}`);
      const from = graph.stages[input.stageId];
      assert(
        from?.output.kind === "shuffle",
        `stage ${index} reads a stage without shuffle output`,
      );
      const readers = input.span?.tasks ?? stage.taskCount;
      const lastReader = (input.span?.firstTask ?? 0) + readers;
      assert(lastReader <= stage.taskCount, `stage ${index} has fewer than ${lastReader} tasks`);
      const hasOwnMap = input.maps === "all" || readers <= from.taskCount;
      assert(hasOwnMap, `stage ${index} has more tasks than stage ${input.stageId}, one map each`);
      const last = input.partition === "own" ? readers - 1 : input.partition;
      assert(last < from.output.partitions, `stage ${index} reads partition ${last} of too few`);
    }
    const problem = coalescingProblem(graph.stages, stage);
    assert(problem === undefined, `stage ${index} ${problem}`);
    const sources = stage.inputs.map((input) => input.stageId);
    assert(new Set(sources).size === sources.length, `stage ${index} reads a stage twice`);
    const isLast = index === graph.stages.length - 1;
    assert((stage.output.kind !== "shuffle") === isLast, `stage ${index} ends in the wrong output`);
  }
}
