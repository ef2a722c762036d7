// Wrong steps, planted into plans and stages: each is a mistake that somebody could make in a rule or an operator.

import { columnsOf, type Expr, mapParts, type SortExpr } from "../../../proto/plan/expr.ts";
import { mapPlan } from "../../../proto/plan/inputs.ts";
import type { Action, JoinNode, LogicalNode } from "../../../proto/plan/logical.ts";
import type { OperatorProgram, SourceProgram } from "../../../proto/plan/program.ts";
import type { StageGraph, StagePlan } from "../../../proto/plan/stage.ts";
import { withFewerGroups } from "../../../sdk/planner/fewer-groups.ts";
import { KnownSchemas } from "../../../sdk/planner/known-schemas.ts";
import type { Fault } from "./run-program.ts";

function inPlan(change: (node: LogicalNode) => LogicalNode): Fault {
  return { plan: (action: Action) => ({ ...action, input: mapPlan(action.input, change) }) };
}

function inSource(
  source: SourceProgram,
  change: (operator: OperatorProgram) => OperatorProgram,
): SourceProgram {
  if (source.kind !== "branches") return source;
  const branches = source.branches.map((branch) => ({
    ...branch,
    source: inSource(branch.source, change),
    operators: branch.operators.map(change),
  }));
  return { ...source, branches };
}

function inOperators(change: (operator: OperatorProgram) => OperatorProgram): Fault {
  const changed = (stage: StagePlan): StagePlan => {
    const { source, operators } = stage.program;
    const program = {
      ...stage.program,
      source: inSource(source, change),
      operators: operators.map(change),
    };
    return { ...stage, program };
  };
  return {
    graph: (graph: StageGraph): StageGraph => ({ ...graph, stages: graph.stages.map(changed) }),
  };
}

function inJoins(change: (node: JoinNode) => LogicalNode): Fault {
  return inPlan((node) => (node.kind === "join" ? change(node) : node));
}

const notNull = (expr: Expr): Expr => ({ kind: "call", name: "isNotNull", args: [expr] });

const withoutNullKeys = (node: JoinNode): LogicalNode =>
  node.type !== "left" || node.on.length === 0
    ? node
    : {
        ...node,
        left: {
          kind: "where",
          id: node.id,
          input: node.left,
          predicate: notNull(node.on[0]!.left),
        },
      };

/** Groups without a partner come out of a left join, too. */
const leftGroupsLost = (node: JoinNode): LogicalNode => {
  if (node.type !== "left") return node;
  const fewer = withFewerGroups({ ...node, type: "inner" }, "right");
  return fewer.left === node.left ? node : { ...node, left: fewer.left };
};

const limitBelowWhere = (node: LogicalNode): LogicalNode =>
  node.kind === "limit" && (node.input.kind === "where" || node.input.kind === "filter")
    ? { ...node.input, input: { ...node, input: node.input.input } }
    : node;

/** The columns that a join takes from its right side and gives other names. */
function rightColumns(node: JoinNode): ReadonlySet<string> {
  return new Set(node.rightNames.map(({ to }) => to));
}

const rename = (expr: Expr, names: ReadonlyMap<string, string>): Expr =>
  expr.kind === "column"
    ? { kind: "column", name: names.get(expr.name) ?? expr.name }
    : mapParts(expr, (part) => rename(part, names));

/** A condition on the right side of a left join is no condition on the rows that join. */
const whereBelowLeftJoin = (node: LogicalNode): LogicalNode => {
  if (node.kind !== "where" || node.input.kind !== "join" || node.input.type !== "left")
    return node;
  const join = node.input;
  const own = rightColumns(join);
  if (![...columnsOf(node.predicate)].every((name) => own.has(name))) return node;
  const back = new Map(join.rightNames.map(({ from, to }) => [to, from]));
  const predicate = rename(node.predicate, back);
  return { ...join, right: { kind: "where", id: node.id, input: join.right, predicate } };
};

/** The second input's columns in the order of the first, whatever their names. */
const unionByPosition = (node: LogicalNode): LogicalNode => {
  if (node.kind !== "union") return node;
  const [first, second] = node.inputs;
  if (first?.kind !== "select" || second?.kind !== "select") return node;
  const columns = first.columns.map(({ name }, at) => ({ ...second.columns[at]!, name }));
  return { ...node, inputs: [first, { ...second, columns }] };
};

/** A rule that keeps what is read above a join, and forgets what the join itself reads. */
const joinKeyDropped = (node: JoinNode): LogicalNode => {
  const [key] = node.on;
  if (key?.left.kind !== "column") return node;
  const drop = { drop: [key.left.name], rename: [], columns: [] };
  return { ...node, left: { kind: "alter", id: node.id, input: node.left, ...drop } };
};

const nullsTurned = ({ nulls, ...term }: SortExpr): SortExpr => ({
  ...term,
  nulls: nulls === "first" ? "last" : "first",
});

/** Leaves the last of several map outputs out. */
function forgetsMap(kind: OperatorProgram["kind"]): Fault {
  return {
    seenMaps: (stage, maps) => {
      const [first] = stage.program.operators;
      return first?.kind === kind && maps.length > 1 ? maps.slice(0, -1) : maps;
    },
  };
}

const windowOff = inOperators((operator) => {
  if (operator.kind !== "window") return operator;
  const windows = operator.windows.map(({ name, call }) => {
    const { start } = call.frame;
    const off =
      start.kind === "offset" ? ({ kind: "offset", rows: start.rows + 1 } as const) : start;
    return { name, call: { ...call, frame: { ...call.frame, start: off } } };
  });
  return { ...operator, windows };
});

/** As an aggregate of last values, which is what it would be. */
function keepsLast(action: Action): Action {
  const schemas = new KnownSchemas(new Map());
  const input = mapPlan(action.input, (node, before) => {
    const schema = schemas.of(before);
    if (node.kind !== "distinct" || node.on === undefined || schema === undefined) return node;
    const { id, on } = node;
    const columns = schema.fields.map(({ name }) => {
      return { name, expr: { kind: "column", name } } as const;
    });
    const lasts = columns.filter(({ name }) => !on.includes(name));
    const last = { function: "last", distinct: false } as const;
    const keys = columns.filter(({ name }) => on.includes(name));
    const aggregates = lasts.map(({ name, expr }) => ({ name, call: { ...last, args: [expr] } }));
    const kept: LogicalNode = { kind: "aggregate", id, input: node.input, keys, aggregates };
    return { kind: "select", id, input: kept, columns };
  });
  return { ...action, input };
}

/** Each with its name; all of them must be found. */
export const plantedFaults: readonly (readonly [name: string, fault: Fault])[] = [
  ["a left join drops rows whose key is null", inJoins(withoutNullKeys)],
  ["a limit is pushed below a filter", inPlan(limitBelowWhere)],
  ["a condition is pushed into the right side of a left join", inPlan(whereBelowLeftJoin)],
  ["a union matches columns by their position", inPlan(unionByPosition)],
  ["a column that a join needs is not read", inJoins(joinKeyDropped)],
  ["a left join loses groups that have no partner", inJoins(leftGroupsLost)],
  [
    "a full join forgets the right rows without a partner",
    inJoins((node) => (node.type === "full" ? { ...node, type: "left" } : node)),
  ],
  [
    "a semi join answers the rows without a partner",
    inJoins((node) => (node.type === "semi" ? { ...node, type: "anti" } : node)),
  ],
  [
    "a join forgets its condition",
    inJoins((node) => {
      const { condition, ...rest } = node;
      return condition !== undefined && node.on.length > 0 ? rest : node;
    }),
  ],
  ["an aggregate forgets the partial states of one task", forgetsMap("aggregate")],
  [
    "a task that reads partitions together forgets the last",
    { seenPartitions: ({ first, count }) => ({ first, count: Math.max(count - 1, 1) }) },
  ],
  ["distinct keeps the last of equal rows", { plan: keepsLast }],
  [
    "distinct compares columns that do not count",
    inOperators((operator) =>
      operator.kind === "distinct" ? { kind: "distinct", node: operator.node } : operator,
    ),
  ],
  [
    "except and intersect match rows one by one where they should not",
    inOperators((operator) =>
      operator.kind === "except" || operator.kind === "intersect"
        ? { ...operator, all: !operator.all }
        : operator,
    ),
  ],
  [
    "a sort puts nulls at the other end",
    inOperators((operator) =>
      operator.kind === "sortBy" ? { ...operator, keys: operator.keys.map(nullsTurned) } : operator,
    ),
  ],
  [
    "a sort keeps one of the first rows too few",
    inOperators((operator) =>
      operator.kind === "sortBy" && operator.rowsMax !== undefined
        ? { ...operator, rowsMax: operator.rowsMax - 1 }
        : operator,
    ),
  ],
  [
    "a limit of numbers of windows keeps one of the first rows too few",
    inOperators((operator) => {
      if (operator.kind !== "rankLimit") return operator;
      const { limit } = operator;
      return { ...operator, limit: { ...limit, rowsMax: limit.rowsMax - 1 } };
    }),
  ],
  ["a frame of a window begins one row late", windowOff],
  [
    "explode drops rows with empty lists",
    inOperators((operator) =>
      operator.kind === "explode" ? { ...operator, outer: false } : operator,
    ),
  ],
  [
    "an aggregate counts equal values twice",
    inOperators((operator) => {
      if (operator.kind !== "aggregate") return operator;
      const aggregates = operator.aggregates.map(({ name, call }) => ({
        name,
        call: { ...call, distinct: false },
      }));
      return { ...operator, aggregates };
    }),
  ],
  [
    "an aggregate takes rows that its filter leaves out",
    inOperators((operator) => {
      if (operator.kind !== "aggregate") return operator;
      const aggregates = operator.aggregates.map(({ name, call: { filter: _, ...call } }) => ({
        name,
        call,
      }));
      return { ...operator, aggregates };
    }),
  ],
  [
    "a limit forgets its offset",
    inOperators((operator) => {
      if (operator.kind !== "limit") return operator;
      const { offset: _, ...rest } = operator;
      return rest;
    }),
  ],
];
