// An order that nothing above can see is not made: under a count, under counts by value, under another sort.

import { withInputs } from "../../proto/plan/inputs.ts";
import type { LogicalNode } from "../../proto/plan/logical.ts";
import type { DataType } from "../../proto/plan/types.ts";
import type { NodeRule, PlanRule, RuleContext } from "./rule.ts";

/** The plan without its uppermost full sort, unless a node above it depends on the order. */
function withoutSort(node: LogicalNode, context: RuleContext): LogicalNode | undefined {
  if (context.isShared(node)) return undefined;
  switch (node.kind) {
    case "orderBy":
    case "sortBy":
      return node.rowsMax === undefined ? node.input : undefined;
    case "map":
    case "flatMap":
    case "filter":
    case "select":
    case "where":
    case "conform": {
      const input = withoutSort(node.input, context);
      return input && withInputs(node, [input]);
    }
    default:
      return undefined;
  }
}

/** Values of these types that are equal are the same. */
const wholeTypes = new Set<DataType["kind"]>(["bool", "int32", "int53", "int64", "utf8", "date"]);

/** Aggregates whose answer depends on the order of the rows. */
const orderedAggregates = new Set(["first", "last", "collectList"]);

/** Whether rows that all keys leave equal are the same, so that none can be told to have come first. */
function ordersWholeRows(node: Extract<LogicalNode, { kind: "sortBy" }>, context: RuleContext) {
  const fields = context.schemaOf(node.input)?.fields;
  const names = new Set(node.keys.map(({ expr }) => (expr.kind === "column" ? expr.name : "")));
  // Zero and minus zero are equal, and not the same.
  return fields?.every(({ name, type }) => names.has(name) && wholeTypes.has(type.kind)) === true;
}

function isBlindToOrder(node: LogicalNode, context: RuleContext): boolean {
  switch (node.kind) {
    case "countByValue":
    case "orderBy":
      // Sorts by one key break ties by the whole row, so what order rows came in never shows.
      return true;
    case "sortBy":
      return ordersWholeRows(node, context);
    case "aggregate":
      return node.aggregates.every(({ call }) => !orderedAggregates.has(call.function));
    default:
      return false;
  }
}

export const dropUnseenSort: NodeRule = {
  name: "drop-unseen-sort",
  rewrite: (node, context) => {
    if (!isBlindToOrder(node, context) || !("input" in node)) return undefined;
    const input = withoutSort(node.input, context);
    return input && withInputs(node, [input]);
  },
};

export const dropSortOfCount: PlanRule = {
  name: "drop-sort-of-count",
  apply: (action, context) => {
    if (action.kind !== "count") return undefined;
    const input = withoutSort(action.input, context);
    return input && { ...action, input };
  },
};
