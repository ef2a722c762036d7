// Random plans: optimised and cut into stages they give the rows that plain loops give.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { assert } from "../../proto/errors.ts";
import type { InputFile } from "../../proto/plan/bundle.ts";
import { digestText } from "../../proto/plan/digest.ts";
import type { SortExpr } from "../../proto/plan/expr.ts";
import { planNodes } from "../../proto/plan/inputs.ts";
import type { Action, LogicalNode, NodeId, SortKey } from "../../proto/plan/logical.ts";
import type { OperatorProgram, PartitionerProgram, TaskSplit } from "../../proto/plan/program.ts";
import type { StageGraph, StagePlan } from "../../proto/plan/stage.ts";
import { evaluate } from "../testing/evaluate.ts";
import { plain } from "../testing/steps/table.ts";
import { compareValues, identity } from "../testing/value-order.ts";
import { collectedRowsMax } from "./collected-rows.ts";
import { optimize } from "./optimize.ts";
import { planAction } from "./plan-action.ts";
import { oneInput } from "./plan-inputs.ts";

type Rows = readonly unknown[];

const hash = (row: unknown): number => Number.parseInt(digestText(identity(row)).slice(0, 6), 16);

/** Functions that take any row, so that steps can follow each other freely. */
const closures: Readonly<Record<string, (...args: unknown[]) => unknown>> = {
  map: (row) => `${hash(row) % 7}`,
  flatMap: (row) =>
    Array.from({ length: hash(row) % 3 }, (_, index) => `${hash(row) % 5}-${index}`),
  filter: (row) => hash(row) % 4 !== 0,
  orderBy: (row) => hash(row) % 4,
  reduceByKey: (a, b) => (a as number) + (b as number),
};
/** Before each reduceByKey. */
const toPair = (row: unknown): unknown => [hash(row) % 3, 1];

interface RandomPlan {
  readonly node: LogicalNode;
  readonly closure: (id: NodeId) => (...args: unknown[]) => unknown;
  readonly isOrdered: boolean;
}

const keys: readonly SortKey[] = [
  { by: { kind: "closure" }, direction: "asc" },
  { by: { kind: "closure" }, direction: "desc" },
  { by: { kind: "column", name: "value" }, direction: "desc" },
  { by: { kind: "column", name: "count" }, direction: "asc" },
];

const steps = fc.array(
  fc.oneof(
    fc.constantFrom("map", "flatMap", "filter", "countByValue", "reduceByKey"),
    fc.constantFrom(...keys),
    fc.nat(12),
  ),
  { maxLength: 7 },
);

function planOf(chosen: readonly (string | SortKey | number)[]): RandomPlan {
  const functions = new Map<NodeId, (...args: unknown[]) => unknown>();
  let node: LogicalNode = { kind: "readText", id: 0, pattern: "file:///in/" };
  let isOrdered = true;
  let names: readonly string[] = ["value"];
  let id = 1;
  for (const step of chosen) {
    if (typeof step === "number") {
      // Which rows come first is open where there is no order.
      if (isOrdered) node = { kind: "limit", id: id++, input: node, rows: step };
    } else if (typeof step === "object") {
      functions.set(id, closures.orderBy!);
      const isThere = step.by.kind === "closure" || names.includes(step.by.name);
      const key: SortKey = isThere ? step : { ...step, by: { kind: "closure" } };
      node = { kind: "orderBy", id: id++, input: node, key };
      isOrdered = true;
    } else if (step === "reduceByKey") {
      functions.set(id, toPair);
      node = { kind: "map", id: id++, input: node };
      functions.set(id, closures.reduceByKey!);
      node = { kind: "reduceByKey", id: id++, input: node };
      names = ["key", "value"];
      isOrdered = false;
    } else if (step === "countByValue") {
      node = { kind: "countByValue", id: id++, input: node };
      names = ["value", "count"];
      isOrdered = false;
    } else {
      functions.set(id, closures[step]!);
      if (step !== "filter") names = ["value"];
      node = { kind: step as "map" | "flatMap" | "filter", id: id++, input: node };
    }
  }
  return { node, closure: (wanted) => functions.get(wanted)!, isOrdered };
}

/** Runs stages the way workers do, in memory. */
function runStages(graph: StageGraph, plan: RandomPlan, linesOf: (split: TaskSplit) => Rows): Rows {
  /** By stage, task and partition. */
  const shuffled: Rows[][][] = [];
  let results: Rows[] = [];
  for (const stage of graph.stages) {
    const tasks = Array.from({ length: stage.taskCount }, (_, task) => {
      const inputs = stage.inputs.map(({ stageId, partition, maps }) => {
        const blocks = (shuffled[stageId] ?? []).filter((_, map) => maps === "all" || map === task);
        return blocks.flatMap((block) => block[partition === "own" ? task : partition] ?? []);
      });
      const split = stage.splits[task];
      const source = split === undefined ? (inputs[0] ?? []) : linesOf(split);
      const rows = stage.program.operators.reduce(
        (current, operator) => applyOperator(current, operator, plan),
        source,
      );
      return { rows, bounds: (split === undefined ? inputs[1] : inputs[0]) ?? [] };
    });
    results = tasks.map(({ rows }) => rows);
    shuffled.push(tasks.map((task) => partition(stage, task.rows, task.bounds, plan)));
  }
  return results.flat();
}

const nodes = (plan: RandomPlan, id: NodeId): LogicalNode => {
  const found = planNodes(plan.node).find((node) => node.id === id);
  assert(found !== undefined, `node ${id} of the plan`);
  return found;
};

function applyOperator(rows: Rows, operator: OperatorProgram, plan: RandomPlan): Rows {
  const inputs = { tableOf: () => plain(rows), closure: plan.closure };
  const source: LogicalNode = { kind: "readText", id: -1, pattern: "" };
  switch (operator.kind) {
    case "map":
    case "flatMap":
    case "filter":
    case "reduceByKey":
      return evaluate({ ...nodes(plan, operator.node), input: source } as LogicalNode, inputs);
    case "watchColumns":
      return rows;
    case "limit":
      return rows.slice(0, operator.rows);
    case "countByValue": {
      const countRows = evaluate({ kind: "countByValue", id: 0, input: source }, inputs);
      return operator.phase === "partial" ? countRows : mergeCounts(rows);
    }
    case "sort":
    case "sortBy": {
      const top = operator.rowsMax === undefined ? {} : { rowsMax: operator.rowsMax };
      return evaluate({ ...sortOf(operator), ...top, input: source }, inputs);
    }
    case "rangeBounds":
    case "sortBounds": {
      const { partitions } = operator;
      const samples = evaluate({ ...sortOf(operator), input: source }, inputs);
      const bounds = Array.from({ length: partitions - 1 }, (_, index) => {
        return samples[Math.floor(((index + 1) * samples.length) / partitions)];
      });
      return samples.length === 0 ? [] : bounds;
    }
    default:
      throw new Error(`this test has no ${operator.kind}`);
  }
}

type Sorting =
  | { readonly node: NodeId; readonly key: SortKey }
  | { readonly node: NodeId; readonly keys: readonly SortExpr[] };

/** By a key, or by expressions. */
function sortOf(sorting: Sorting) {
  const { node } = sorting;
  return "key" in sorting
    ? ({ kind: "orderBy", id: node, key: sorting.key } as const)
    : ({ kind: "sortBy", id: node, keys: sorting.keys } as const);
}

function mergeCounts(rows: Rows): Rows {
  const values = rows as readonly { readonly value: unknown; readonly count: number }[];
  const repeated = values.flatMap(({ value, count }) => Array.from({ length: count }, () => value));
  const source: LogicalNode = { kind: "readText", id: -1, pattern: "" };
  const inputs = { tableOf: () => plain(repeated), closure: () => () => undefined };
  return evaluate({ kind: "countByValue", id: 0, input: source }, inputs);
}

function partition(stage: StagePlan, rows: Rows, bounds: Rows, plan: RandomPlan): Rows[] {
  const { sink } = stage.program;
  if (sink.kind !== "shuffle" || stage.output.kind !== "shuffle") return [];
  const blocks: unknown[][] = Array.from({ length: stage.output.partitions }, () => []);
  for (const [index, row] of rows.entries()) {
    blocks[targetOf(sink.partitioner, row, bounds, plan)]?.push(row);
    const { kind } = sink.partitioner;
    const isSampled = kind === "holdAndSample" || kind === "holdAndSampleBy";
    if (isSampled && index % 2 === 0) blocks.at(-1)?.push(row);
  }
  return blocks;
}

function targetOf(
  partitioner: PartitionerProgram,
  row: unknown,
  bounds: Rows,
  plan: RandomPlan,
): number {
  switch (partitioner.kind) {
    case "hash": {
      const key =
        partitioner.column === "key" ? (row as unknown[])[0] : (row as { value: unknown }).value;
      return hash(key) % partitioner.partitions;
    }
    case "single":
    case "sampleBy":
    case "holdAndSample":
    case "holdAndSampleBy":
      return 0;
    case "range":
    case "rangeBy":
      // As many bounds as are not after the row.
      return bounds.filter((bound) => {
        const pair = sortOf(
          partitioner.kind === "range" ? partitioner : { node: -2, ...partitioner },
        );
        const source: LogicalNode = { kind: "readText", id: -1, pattern: "" };
        const inputs = { tableOf: () => plain([row, bound]), closure: plan.closure };
        const [first] = evaluate({ ...pair, input: source }, inputs);
        return identity(row) === identity(bound) || first !== row;
      }).length;
    default:
      throw new Error(`this test has no ${partitioner.kind}`);
  }
}

const files = fc.array(fc.array(fc.constantFrom("a", "b", "c", "dd", "é"), { maxLength: 9 }), {
  minLength: 1,
  maxLength: 5,
});

/** One byte a line, so that splits cut between lines. */
function inputOf(contents: readonly (readonly string[])[]) {
  const infos: InputFile[] = contents.map((lines, index) => ({
    uri: `file:///in/${index}`,
    sizeBytes: lines.length,
  }));
  const linesOf = (split: TaskSplit): Rows =>
    split.ranges.flatMap(({ uri, startByte, endByte }) => {
      const index = infos.findIndex((file) => file.uri === uri);
      return (contents[index] ?? []).slice(startByte, endByte);
    });
  return { infos, linesOf };
}

const comparable = (rows: Rows, isOrdered: boolean): Rows =>
  isOrdered ? rows : [...rows].sort(compareValues);

describe("random plans", () => {
  test("rules keep the rows and their order", () => {
    fc.assert(
      fc.property(steps, files, (chosen, contents) => {
        const plan = planOf(chosen);
        const inputs = { tableOf: () => plain(contents.flat()), closure: plan.closure };
        const expected = evaluate(plan.node, inputs);
        const collect = optimize({ kind: "collect", input: plan.node });
        const rows = comparable(evaluate(collect.input, inputs), plan.isOrdered);
        expect(rows).toEqual(comparable(expected, plan.isOrdered));
        const count = optimize({ kind: "count", input: plan.node });
        expect(evaluate(count.input, inputs).length).toBe(expected.length);
      }),
      { numRuns: 500 },
    );
  });

  test("stages give the rows of the plan, whatever the cuts", () => {
    const targets = fc.record({
      splitBytes: fc.integer({ min: 1, max: 20 }),
      partitionBytes: fc.integer({ min: 1, max: 20 }),
      coalescedBytes: fc.integer({ min: 0, max: 20 }),
    });
    const kinds = fc.constantFrom<"collect" | "count" | "write">("collect", "count", "write");
    fc.assert(
      fc.property(steps, files, targets, kinds, (chosen, contents, planTargets, kind) => {
        fc.pre(contents.flat().length > 0);
        const plan = planOf(chosen);
        const { infos, linesOf } = inputOf(contents);
        const output = { format: "ndjson", folderUri: "file:///out/" } as const;
        const action: Action =
          kind === "write" ? { kind, input: plan.node, ...output } : { kind, input: plan.node };
        const { graph } = planAction(action, 0, oneInput(action, infos), { targets: planTargets });
        const rows = runStages(graph, plan, linesOf);
        const inputs = { tableOf: () => plain(contents.flat()), closure: plan.closure };
        const expected = evaluate(plan.node, inputs);
        const given = kind === "collect" ? rows.slice(0, collectedRowsMax(action)) : rows;
        if (kind === "count") expect(rows.length).toBe(expected.length);
        else {
          const wanted = comparable(expected, plan.isOrdered);
          expect(comparable(given, plan.isOrdered)).toEqual(wanted);
        }
      }),
      { numRuns: 500 },
    );
  });
});
