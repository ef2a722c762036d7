// Builds the stages of a task's program, from its sink backwards.

import type { NodeId } from "../../proto/plan/logical.ts";
import type { OperatorProgram, TaskProgram } from "../../proto/plan/program.ts";
import { countFinalStage, countPartialStage } from "../operators/count-by-value.ts";
import { filterStage } from "../operators/filter.ts";
import { flatMapStage } from "../operators/flat-map.ts";
import { limitStage } from "../operators/limit.ts";
import { mapStage } from "../operators/map.ts";
import { rangeBoundsStage } from "../operators/range-bounds.ts";
import { reduceByKeyStage } from "../operators/reduce-by-key.ts";
import { sortStage } from "../operators/sort.ts";
import { keyReader } from "../operators/sort-keys.ts";
import type { Stage } from "../operators/stage.ts";
import type { Closure, UserCode } from "../operators/user-code.ts";
import { buildColumnStage } from "./column-stages.ts";

export type ClosureOf = (node: NodeId) => Closure;

function usesClosure(operator: OperatorProgram): boolean {
  switch (operator.kind) {
    case "map":
    case "flatMap":
    case "filter":
    case "reduceByKey":
      return true;
    case "limit":
    case "countByValue":
      return false;
    case "sort":
    case "rangeBounds":
      return operator.key.by.kind === "closure";
    default:
      return false;
  }
}

/** Tasks without user code need no replay of the job's module. */
export function needsClosures(program: TaskProgram): boolean {
  if (program.operators.some(usesClosure)) return true;
  if (program.sink.kind !== "shuffle") return false;
  const { partitioner } = program.sink;
  return "key" in partitioner && partitioner.key.by.kind === "closure";
}

function buildStage(
  operator: OperatorProgram,
  index: number,
  closureOf: ClosureOf,
  user: UserCode,
  next: Stage,
): Stage {
  const unary = () => closureOf(operator.node) as (row: unknown) => unknown;
  switch (operator.kind) {
    case "map":
      return mapStage(unary(), index, user, next);
    case "flatMap":
      return flatMapStage(unary(), index, user, next);
    case "filter":
      return filterStage(unary(), index, user, next);
    case "limit":
      return limitStage(operator.rows, operator.offset ?? 0, next);
    case "countByValue":
      return operator.phase === "partial" ? countPartialStage(next) : countFinalStage(next);
    case "reduceByKey": {
      const combine = closureOf(operator.node) as (left: unknown, right: unknown) => unknown;
      return reduceByKeyStage(combine, operator.phase, index, user, next);
    }
    case "sort":
    case "rangeBounds": {
      const closure = operator.key.by.kind === "closure" ? unary() : undefined;
      const keys = keyReader(operator.key, closure, index, user);
      if (operator.kind === "rangeBounds") {
        return rangeBoundsStage(operator.key, operator.partitions, keys, next);
      }
      return sortStage(operator.key, operator.rowsMax ?? Number.POSITIVE_INFINITY, keys, next);
    }
    default:
      return buildColumnStage(operator, index, user, next);
  }
}

/** The operators' stages in order; the last pushes into the sink. */
export function buildPipeline(
  program: TaskProgram,
  closureOf: ClosureOf,
  user: UserCode,
  sink: Stage,
): readonly Stage[] {
  const stages: Stage[] = [];
  let next = sink;
  for (let index = program.operators.length - 1; index >= 0; index--) {
    next = buildStage(program.operators[index]!, index, closureOf, user, next);
    stages.unshift(next);
  }
  return stages;
}
