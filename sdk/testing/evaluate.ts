// Runs a logical plan by plain loops over arrays: what a plan means, and the oracle of the engine's tests.

import type { LogicalNode, NodeId, RowReadNode, SortKey } from "../../proto/plan/logical.ts";
import { noSuchStep } from "../../proto/unsupported.ts";
import { compareValues, identity } from "./value-order.ts";

export type SourceNode = RowReadNode;

export interface PlanInputs {
  /** All rows of a source, in the order of its files. */
  rowsOf(source: SourceNode): readonly unknown[];
  /** The user's function of a node. */
  closure(node: NodeId): (...args: unknown[]) => unknown;
}

/** The rows of a plan, in order where the plan has one. */
export function evaluate(node: LogicalNode, inputs: PlanInputs): readonly unknown[] {
  switch (node.kind) {
    case "readText":
    case "readNdjson":
    case "readCsv":
      return inputs.rowsOf(node);
    case "map": {
      const transform = inputs.closure(node.id);
      return evaluate(node.input, inputs).map((row) => transform(row));
    }
    case "flatMap": {
      const transform = inputs.closure(node.id);
      return evaluate(node.input, inputs).flatMap((row) => [
        ...(transform(row) as Iterable<unknown>),
      ]);
    }
    case "filter": {
      const keep = inputs.closure(node.id);
      return evaluate(node.input, inputs).filter((row) => keep(row));
    }
    case "countByValue":
      return countByValue(evaluate(node.input, inputs));
    case "reduceByKey":
      return reduceByKey(evaluate(node.input, inputs), inputs.closure(node.id));
    case "orderBy": {
      const closure = node.key.by.kind === "closure" ? inputs.closure(node.id) : undefined;
      return sorted(evaluate(node.input, inputs), node.key, closure).slice(0, node.rowsMax);
    }
    case "limit":
      return evaluate(node.input, inputs).slice(0, node.rows);
    default:
      throw noSuchStep("the test kit", node);
  }
}

function countByValue(rows: readonly unknown[]): readonly unknown[] {
  const counts = new Map<string, { readonly value: unknown; count: number }>();
  for (const value of rows) {
    const known = counts.get(identity(value));
    if (known === undefined) counts.set(identity(value), { value, count: 1 });
    else known.count += 1;
  }
  return [...counts.values()];
}

function reduceByKey(
  rows: readonly unknown[],
  combine: (...args: unknown[]) => unknown,
): readonly unknown[] {
  const pairs = new Map<string, [key: unknown, value: unknown]>();
  for (const [key, value] of rows as readonly (readonly [unknown, unknown])[]) {
    const known = pairs.get(identity(key));
    if (known === undefined) pairs.set(identity(key), [key, value]);
    else known[1] = combine(known[1], value);
  }
  return [...pairs.values()];
}

/** Ties are broken by the whole row, in ascending order whatever the direction. */
function sorted(
  rows: readonly unknown[],
  key: SortKey,
  closure: ((...args: unknown[]) => unknown) | undefined,
): readonly unknown[] {
  const { by, direction } = key;
  const sign = direction === "asc" ? 1 : -1;
  return rows
    .map((row) => ({ row, key: by.kind === "column" ? columnOf(row, by.name) : closure?.(row) }))
    .sort((a, b) => sign * compareValues(a.key, b.key) || compareValues(a.row, b.row))
    .map(({ row }) => row);
}

function columnOf(row: unknown, name: string): unknown {
  if (Array.isArray(row) && row.length === 2) {
    if (name === "key") return row[0];
    if (name === "value") return row[1];
  }
  const isScalar = typeof row !== "object" || row === null || row instanceof Date;
  const isList = Array.isArray(row) || row instanceof Uint8Array;
  if (isScalar || isList) return name === "value" ? row : undefined;
  return Object.hasOwn(row, name) ? (row as Readonly<Record<string, unknown>>)[name] : undefined;
}
