// Builds the stages of a task's program, from its sink backwards.

import type { NodeId } from "../../proto/plan/logical.ts";
import type { OperatorProgram, TaskProgram } from "../../proto/plan/program.ts";
import type { RateLimiter } from "../../proto/ports/rate-limiter.ts";
import type { BatchView } from "../operators/batch-view.ts";
import { countFinalStage, countPartialStage } from "../operators/count-by-value.ts";
import { encodeRowsStage } from "../operators/encode-rows.ts";
import { filterStage } from "../operators/filter.ts";
import { flatMapStage } from "../operators/flat-map.ts";
import { forEachStage } from "../operators/for-each.ts";
import { joinByKeyStage } from "../operators/keyed/join-by-key.ts";
import type { KeyedPlace } from "../operators/keyed/keyed-place.ts";
import {
  aggregateByKeyStage,
  cogroupStage,
  type FoldFunction,
  groupByKeyStage,
  reduceByKeyStage,
} from "../operators/keyed/keyed-values.ts";
import { limitStage } from "../operators/limit.ts";
import { mapStage } from "../operators/map.ts";
import { mapAsyncStage } from "../operators/map-async.ts";
import { mapBatchesStage } from "../operators/map-batches.ts";
import { mapPartitionsStage } from "../operators/map-partitions.ts";
import { rangeBoundsStage } from "../operators/range-bounds.ts";
import { sortStage } from "../operators/sort.ts";
import { keyReader } from "../operators/sort-keys.ts";
import type { Stage } from "../operators/stage.ts";
import type { Closure } from "../operators/user-code.ts";
import { type NoteCounts, watchColumnsStage } from "../operators/watch-columns.ts";
import { buildColumnStage, type ColumnStageWorld } from "./column-stages.ts";
import { withPlacedErrors } from "./placed-errors.ts";

export type ClosureOf = (node: NodeId) => Closure;

/** What stages may need of the task they are part of. */
export interface StageWorld extends ColumnStageWorld {
  readonly closureOf: ClosureOf;
  /** For operators with a bound on their rate. */
  limiterOf(node: NodeId, ratePerSecond: number): RateLimiter;
  /** To be counted with what the task reports. */
  readonly noteCounts: NoteCounts;
}

function buildStage(
  operator: OperatorProgram,
  index: number,
  world: StageWorld,
  next: Stage,
): Stage {
  const { closureOf, user } = world;
  const place = (): KeyedPlace => {
    return { index, user, memory: world.memory.operator(user.labels[index]!) };
  };
  const unary = () => closureOf(operator.node) as (row: unknown) => unknown;
  const rowsFunction = () =>
    closureOf(operator.node) as (rows: IterableIterator<unknown>) => unknown;
  switch (operator.kind) {
    case "map":
      return mapStage(unary(), index, user, next);
    case "flatMap":
      return flatMapStage(unary(), index, user, next);
    case "filter":
      return filterStage(unary(), index, user, next);
    case "limit":
      return limitStage(operator.rows, operator.offset ?? 0, next);
    case "encodeRows":
      return encodeRowsStage(next);
    case "watchColumns":
      return watchColumnsStage(operator.maker, operator.needs, world.noteCounts, next);
    case "countByValue":
      return operator.phase === "partial"
        ? countPartialStage(place().memory, next)
        : countFinalStage(place().memory, next);
    case "reduceByKey": {
      const combine = closureOf(operator.node) as (left: unknown, right: unknown) => unknown;
      return reduceByKeyStage(combine, operator.phase, place(), next);
    }
    case "sort":
    case "rangeBounds": {
      const closure = operator.key.by.kind === "closure" ? unary() : undefined;
      const keys = keyReader(operator.key, closure, index, user);
      if (operator.kind === "rangeBounds") {
        return rangeBoundsStage(operator.key, operator.partitions, keys, next);
      }
      const rowsMax = operator.rowsMax ?? Number.POSITIVE_INFINITY;
      return sortStage(operator.key, rowsMax, keys, place().memory, next);
    }
    case "aggregateByKey":
      return aggregateByKeyStage(operator, closureOf(operator.node) as FoldFunction, place(), next);
    case "groupByKey":
      return groupByKeyStage(operator.sorted ? unary() : undefined, place(), next);
    case "cogroup":
      return cogroupStage(operator.stageId, place(), next);
    case "joinByKey":
      return joinByKeyStage(operator, place(), next);
    case "mapPartitions":
      return mapPartitionsStage(rowsFunction(), index, user, place().memory, next);
    case "mapBatches": {
      const closure = closureOf(operator.node) as (batch: BatchView) => unknown;
      return mapBatchesStage(closure, operator.schema, index, user, next);
    }
    case "mapAsync": {
      const { node, concurrency, ratePerSecond } = operator;
      const limiter = ratePerSecond > 0 ? world.limiterOf(node, ratePerSecond) : undefined;
      return mapAsyncStage(unary(), { concurrency, limiter }, index, user, next);
    }
    case "forEach":
      return forEachStage(rowsFunction(), index, user, place().memory);
    default:
      return withPlacedErrors(buildColumnStage(operator, index, world, next), index, user);
  }
}

export interface Pipeline {
  /** What the source pushes into: the first operator, or the sink where there is none. */
  readonly first: Stage;
  /** Of the operators, in order; the last pushes into the sink. */
  readonly stages: readonly Stage[];
}

export function buildPipeline(
  program: TaskProgram,
  world: StageWorld,
  sink: Stage,
  around: (index: number, stage: Stage) => Stage = (_, stage) => stage,
): Pipeline {
  const stages: Stage[] = [];
  const last = program.operators.length;
  let next = around(last, withPlacedErrors(sink, last, world.user));
  for (let index = program.operators.length - 1; index >= 0; index--) {
    next = around(index, buildStage(program.operators[index]!, index, world, next));
    stages.unshift(next);
  }
  return { first: next, stages };
}
