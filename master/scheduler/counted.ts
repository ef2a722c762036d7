// Tasks that only count what another task holds: whoever made it said how many rows it has, so they need not run.

import type { StagePlan } from "../../proto/plan/stage.ts";
import { encodeValue } from "../../proto/plan/values.ts";
import type { FoundTask } from "./find.ts";
import { setTask } from "./stages.ts";
import type { DoneTask, StageState } from "./state.ts";
import { utf8Bytes } from "./text.ts";

/** Each of its tasks would read all rows of the same-numbered task of `made`, and tell their number. */
function isCountOf(plan: StagePlan, made: StagePlan): boolean {
  const { program, inputs, output, coalesce, follows } = plan;
  const [input] = inputs;
  if (input === undefined || inputs.length > 1 || input.stageId !== made.stageId) return false;
  const isWhole = made.output.kind === "shuffle" && made.output.partitions === 1;
  const isOwn = input.maps === "own" && input.partition === 0 && input.span === undefined;
  const isAsPlanned = coalesce === undefined && follows === undefined;
  const { source, operators, sink, analyze } = program;
  const counts = source.kind === "shuffle" && operators.length === 0 && sink.kind === "count";
  const isResult = output.kind === "result" && analyze !== true;
  return isWhole && isOwn && isAsPlanned && counts && isResult;
}

/**
 * Called when a task was accepted; answers whether one that counts is done by that. The count stands whatever becomes of
 * the rows, as that of a task that read them would; what an earlier action made is counted by a task, since nobody
 * noted its rows.
 */
export function answerCounts(found: FoundTask, made: DoneTask, rowsOut: number): boolean {
  const { action, stages, stage, taskIndex } = found;
  const last: StageState = stages.at(-1)!;
  const counting = last.tasks[taskIndex];
  if (counting?.kind !== "pending" || !isCountOf(last.plan, stage.plan)) return false;
  const { attempt, failures, deaths, fetchFailures } = counting;
  const { token, workerId, digest, bytesOut: bytes } = made;
  const resultJson = encodeValue(rowsOut);
  const bytesOut = utf8Bytes(resultJson);
  setTask(last, taskIndex, {
    ...{ kind: "done", attempt, failures, deaths, fetchFailures, priorDigest: "" },
    ...{ token, workerId, digest, rows: rowsOut, bytes, bytesOut, resultJson },
  });
  last.rows += rowsOut;
  last.bytes += bytes;
  action.resultBytes += bytesOut;
  return true;
}
