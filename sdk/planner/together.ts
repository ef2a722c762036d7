// Rows that a shuffle brought together, or that files hold together, stay so while their columns do: what asks for equal
// keys in one task behind a join or an aggregate by the same keys needs no shuffle of its own.

import type { Expr, NamedExpr } from "../../proto/plan/expr.ts";
import { planNodes } from "../../proto/plan/inputs.ts";
import type { JoinNode, LogicalNode } from "../../proto/plan/logical.ts";
import type { OpenStage } from "./open-stage.ts";

interface Keys {
  /** Rows that are equal in all of these are in one task. Each is the names of columns with the same values in every row. */
  readonly columns: readonly (readonly string[])[];
  /** By which values the tasks were told apart: rows of one place and value are in tasks of one number. */
  readonly place?: Place;
}

/** A column of files that are cut into the tasks of a stage. */
export type Place = string;

export const placeOf = ({ id }: LogicalNode, column: string): Place => `${id} ${column}`;

/** Each is enough for itself, as of files that are in the order of an id and of a time. */
export type Together = readonly Keys[];

const columnName = (expr: Expr): string | undefined =>
  expr.kind === "column" ? expr.name : undefined;

/** Whether rows with equal keys are in one task already. */
export function areTogether(open: OpenStage, keys: readonly Expr[]): boolean {
  if (open.taskCount === 1) return true;
  const names = new Set(keys.map(columnName));
  const isOne = ({ columns }: Keys) =>
    columns.every((same) => same.some((name) => names.has(name)));
  return open.together?.some(isOne) === true;
}

/** By the keys of a shuffle, as columns are called behind it; undefined where one is none. */
export function togetherBy(keys: readonly Expr[]): Together | undefined {
  const names = keys.map(columnName);
  const known = names.filter((name) => name !== undefined);
  return known.length < names.length ? undefined : [{ columns: known.map((name) => [name]) }];
}

/** By each of these columns of files for itself. */
export function togetherByEach(read: LogicalNode, names: readonly string[]): Together | undefined {
  if (names.length === 0) return undefined;
  return names.map((name) => ({ columns: [[name]], place: placeOf(read, name) }));
}

function placesOf(together: Together | undefined, name: string | undefined): readonly Place[] {
  if (name === undefined) return [];
  return (together ?? []).flatMap(({ columns: [same, ...others], place }) =>
    place !== undefined && others.length === 0 && same?.includes(name) === true ? [place] : [],
  );
}

/** Whether rows of both sides with equal keys are in tasks of one number already. */
export function areInPlace({ on }: JoinNode, left: OpenStage, right: OpenStage): boolean {
  if (left.taskCount !== right.taskCount) return false;
  return on.some((key) => {
    const places = placesOf(left.together, columnName(key.left));
    return placesOf(right.together, columnName(key.right)).some((place) => places.includes(place));
  });
}

/** Behind a join of which both sides stay where they are. */
export function togetherInPlace(
  node: JoinNode,
  left: Together | undefined,
  right: Together | undefined,
): Together | undefined {
  switch (node.type) {
    case "inner":
      return [
        ...(togetherOfBroadcast(node, "left", left) ?? []),
        ...(togetherOfBroadcast(node, "right", right) ?? []),
      ];
    case "left":
    case "semi":
    case "anti":
      return left;
    case "right":
      return togetherOfBroadcast(node, "right", right);
    // Rows without a partner have no key on the other side.
    default:
      return undefined;
  }
}

/** Under their new names; undefined where none has all of its columns. */
function renamed(together: Together, columns: readonly NamedExpr[]): Together | undefined {
  const namesOf = (old: readonly string[]) =>
    columns.flatMap(({ name, expr }) => (old.includes(columnName(expr) ?? "") ? [name] : []));
  const kept = together
    .map((keys) => ({ ...keys, columns: keys.columns.map(namesOf) }))
    .filter((keys) => keys.columns.every((same) => same.length > 0));
  return kept.length === 0 ? undefined : kept;
}

/** What is left of it behind a step that looks at each row for itself. */
export function togetherBehind(node: LogicalNode, together: Together | undefined) {
  if (together === undefined) return undefined;
  switch (node.kind) {
    case "where":
    case "filter":
    case "sample":
    case "window":
      return together;
    case "select":
      return renamed(together, node.columns);
    case "aggregate":
      return renamed(together, node.keys);
    default:
      return undefined;
  }
}

/** Behind a join whose sides were cut by its keys. */
export function togetherOfJoin({ type, on, rightNames }: JoinNode): Together | undefined {
  const left = togetherBy(on.map((key) => key.left));
  const right = togetherBy(on.map((key) => key.right));
  switch (type) {
    case "left":
    case "semi":
    case "anti":
      return left;
    case "inner": {
      const renames = rightNamesOf(rightNames);
      const both = left?.[0]?.columns.map((same, at) => [
        ...same,
        ...(right?.[0]?.columns[at] ?? []).map(renames),
      ]);
      return both === undefined ? undefined : [{ columns: both }];
    }
    // Rows without a partner have no key on the other side.
    default:
      return undefined;
  }
}

const rightNamesOf =
  (rightNames: JoinNode["rightNames"]) =>
  (name: string): string =>
    rightNames.find(({ from }) => from === name)?.to ?? name;

/** Behind a join to which the other side came whole: the rows of one side stay where they are. */
export function togetherOfBroadcast(
  { type, on, rightNames }: JoinNode,
  streams: "left" | "right",
  together: Together | undefined,
): Together | undefined {
  const nameOf = rightNamesOf(rightNames);
  const own = streams === "left" ? (name: string) => name : nameOf;
  const other = streams === "left" ? nameOf : (name: string) => name;
  /** Where each row has a partner, the keys of both are the same. */
  const alike = (name: string): readonly string[] => {
    if (type !== "inner") return [own(name)];
    const partners = on.flatMap((key) => {
      const [mine, others] = streams === "left" ? [key.left, key.right] : [key.right, key.left];
      const found = columnName(mine) === name ? columnName(others) : undefined;
      return found === undefined ? [] : [other(found)];
    });
    return [own(name), ...partners];
  };
  return together?.map((keys) => ({
    ...keys,
    columns: keys.columns.map((same) => same.flatMap(alike)),
  }));
}

/** Whether any step asks for equal keys in one task, or in tasks of one number. */
export function asksTogether(last: LogicalNode): boolean {
  return planNodes(last).some(
    (node) =>
      (node.kind === "aggregate" && node.keys.length > 0) ||
      (node.kind === "join" && node.on.length > 0) ||
      node.kind === "distinct" ||
      node.kind === "window",
  );
}
