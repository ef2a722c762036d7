// What a plan means, over plain arrays and with nothing shared with the engine: slow, short, easy to believe.

import { unreachable } from "../../proto/errors.ts";
import type { LogicalNode, NodeId, SortKey } from "../../proto/plan/logical.ts";

export type ReadNode = Extract<LogicalNode, { pattern: string }>;

export interface OracleWorld {
  /** All rows of a source, files in URI order. */
  rows(node: ReadNode): readonly unknown[];
  closure(node: NodeId): (...args: never[]) => unknown;
}

/** The same text for values that are equal: keys in order, a key with undefined as if it were not there. */
export function valueText(value: unknown): string {
  if (value === undefined) return "undefined";
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(valueText).join(",")}]`;
  const fields = Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .map(([key, item]) => `${JSON.stringify(key)}:${valueText(item)}`);
  return `{${fields.sort(compareText).join(",")}}`;
}

const compareText = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

const ranks = ["undefined", "null", "boolean", "number", "string", "array", "record"] as const;

function rankOf(value: unknown): number {
  const kind = value === null ? "null" : Array.isArray(value) ? "array" : typeof value;
  return ranks.indexOf(kind === "object" ? "record" : (kind as (typeof ranks)[number]));
}

/** Lists item by item, records by their names and then by their values. */
function compare(a: unknown, b: unknown): number {
  if (rankOf(a) !== rankOf(b)) return rankOf(a) - rankOf(b);
  if (typeof a === "string") return compareText(a, b as string);
  if (typeof a === "number" || typeof a === "boolean") return Number(a) - Number(b);
  if (Array.isArray(a)) return compareLists(a, b as unknown[]);
  return typeof a === "object" && a !== null ? compareRecords(a, b as object) : 0;
}

function compareLists(a: readonly unknown[], b: readonly unknown[]): number {
  for (let at = 0; at < Math.min(a.length, b.length); at++) {
    const order = compare(a[at], b[at]);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function compareRecords(a: object, b: object): number {
  const [left, right] = [a, b].map((record) =>
    Object.entries(record)
      .filter(([, item]) => item !== undefined)
      .sort(([x], [y]) => compareText(x, y)),
  ) as [[string, unknown][], [string, unknown][]];
  const byName = compareLists(
    left.map(([name]) => name),
    right.map(([name]) => name),
  );
  if (byName !== 0) return byName;
  return compareLists(
    left.map(([, item]) => item),
    right.map(([, item]) => item),
  );
}

function columnOf(row: unknown, name: string): unknown {
  if (Array.isArray(row)) {
    const at = row.length === 2 ? ["key", "value"].indexOf(name) : -1;
    return at >= 0 ? row[at] : name === "value" ? row : undefined;
  }
  if (typeof row !== "object" || row === null) return name === "value" ? row : undefined;
  return (row as Record<string, unknown>)[name];
}

function orderBy(
  rows: readonly unknown[],
  { by, direction }: SortKey,
  closure: () => (row: unknown) => unknown,
): unknown[] {
  const keyOf =
    by.kind === "closure" ? closure() : (row: unknown): unknown => columnOf(row, by.name);
  const sign = direction === "asc" ? 1 : -1;
  return rows
    .map((row) => ({ row, key: keyOf(row) }))
    .sort((a, b) => sign * compare(a.key, b.key) || compare(a.row, b.row))
    .map(({ row }) => row);
}

function countByValue(rows: readonly unknown[]): unknown[] {
  const counts = new Map<string, { readonly value: unknown; count: number }>();
  for (const value of rows) {
    const entry = counts.get(valueText(value)) ?? { value, count: 0 };
    entry.count++;
    counts.set(valueText(value), entry);
  }
  return [...counts.values()];
}

function reduceByKey(
  rows: readonly unknown[],
  combine: (a: unknown, b: unknown) => unknown,
): unknown[] {
  const values = new Map<string, [key: unknown, value: unknown]>();
  for (const row of rows) {
    const [key, value] = row as [unknown, unknown];
    const pair = values.get(valueText(key));
    if (pair === undefined) values.set(valueText(key), [key, value]);
    else pair[1] = combine(pair[1], value);
  }
  return [...values.values()];
}

/** All rows of a plan. Those of countByValue and reduceByKey stand in no promised order. */
export function evaluate(node: LogicalNode, world: OracleWorld): readonly unknown[] {
  if (!("input" in node)) return world.rows(node);
  const rows = evaluate(node.input, world);
  const unary = () => world.closure(node.id) as (row: unknown) => unknown;
  switch (node.kind) {
    case "map":
      return rows.map((row) => unary()(row));
    case "filter":
      return rows.filter((row) => unary()(row));
    case "flatMap":
      return rows.flatMap((row) => [...(unary()(row) as Iterable<unknown>)]);
    case "countByValue":
      return countByValue(rows);
    case "reduceByKey":
      return reduceByKey(
        rows,
        world.closure(node.id) as (a: unknown, b: unknown) => unknown,
      );
    case "orderBy":
      return orderBy(rows, node.key, unary).slice(0, node.rowsMax);
    case "limit":
      return rows.slice(0, node.rows);
    default:
      return unreachable(node);
  }
}

/** Whether the order of the plan's rows is fixed by its inputs. */
export function isOrdered(node: LogicalNode): boolean {
  switch (node.kind) {
    case "readText":
    case "readNdjson":
    case "readCsv":
    case "orderBy":
      return true;
    case "countByValue":
    case "reduceByKey":
      return false;
    case "map":
    case "flatMap":
    case "filter":
    case "limit":
      return isOrdered(node.input);
    default:
      return unreachable(node);
  }
}
