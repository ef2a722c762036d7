// Builds the stages of operators on typed columns, which need no function of the user.

import { unreachable } from "../../proto/errors.ts";
import type { ColumnOperator } from "../../proto/plan/program.ts";
import type { TaskMemory } from "../memory/task-memory.ts";
import { aggregateStage } from "../operators/aggregate.ts";
import { alterStage } from "../operators/alter.ts";
import { conformStage } from "../operators/conform.ts";
import { distinctStage } from "../operators/distinct.ts";
import { explodeStage } from "../operators/explode.ts";
import { joinStage } from "../operators/join.ts";
import type { SidePlace } from "../operators/joining/built-side.ts";
import { rankLimitStage } from "../operators/rank-limit.ts";
import { rowMatchStage } from "../operators/row-matches.ts";
import { sampleStage } from "../operators/sample.ts";
import { selectStage } from "../operators/select.ts";
import { sortBoundsStage } from "../operators/sort-bounds.ts";
import { sortByStage } from "../operators/sort-by.ts";
import type { Stage } from "../operators/stage.ts";
import type { UserCode } from "../operators/user-code.ts";
import { whereStage } from "../operators/where.ts";
import { windowStage } from "../operators/window.ts";

/** What such a stage may need of its task. */
export interface ColumnStageWorld {
  readonly user: UserCode;
  readonly memory: TaskMemory;
  /** Where the side of a join is found, if all tasks of its stage are sent the same. */
  sidePlace(join: JoinOperator): SidePlace | undefined;
}

export type JoinOperator = Extract<ColumnOperator, { readonly kind: "join" }>;

export function buildColumnStage(
  operator: Exclude<ColumnOperator, { readonly kind: "cogroup" | "joinByKey" }>,
  index: number,
  world: ColumnStageWorld,
  next: Stage,
): Stage {
  const { user } = world;
  const memory = () => world.memory.operator(user.labels[index]!);
  switch (operator.kind) {
    case "conform":
      return conformStage(operator.schema, user.labels[index]!, user.partition, next);
    case "select":
      return selectStage(operator.columns, next);
    case "alter":
      return alterStage(operator, next);
    case "where":
      return whereStage(operator.predicate, next);
    case "aggregate":
      return aggregateStage(operator, memory(), next);
    case "distinct":
      return distinctStage(operator, memory(), next);
    case "explode":
      return explodeStage(operator.column, operator.outer, next);
    case "sample":
      return sampleStage(operator.fraction, operator.seed, user.partition, next);
    case "sortBy": {
      const rowsMax = operator.rowsMax ?? Number.POSITIVE_INFINITY;
      return sortByStage(operator.keys, rowsMax, memory(), next);
    }
    case "sortBounds":
      return sortBoundsStage(operator.keys, operator.partitions, next);
    case "window":
      return windowStage(operator.windows, memory(), next);
    case "rankLimit":
      return rankLimitStage(operator, memory(), next);
    case "join":
      return joinStage(operator, memory(), next, world.sidePlace(operator));
    case "intersect":
    case "except":
      return rowMatchStage(operator, memory(), next);
    default:
      return unreachable(operator);
  }
}
