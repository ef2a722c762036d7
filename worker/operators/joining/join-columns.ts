// The columns of a join's rows: those of the left side, then those of the right that are not joined by name.

import type { Batch } from "../../../proto/batch/batch.ts";
import type { Column } from "../../../proto/batch/column.ts";
import { isValid } from "../../../proto/batch/column.ts";
import { unreachable } from "../../../proto/errors.ts";
import type { Expr } from "../../../proto/plan/expr.ts";
import { columnOf, concat } from "../../kernels/columns/concat.ts";
import { areAllRows, gather, gatherOrNull, nullColumn } from "../../kernels/columns/gather.ts";
import type { Wanted } from "../wanted-columns.ts";
import type { KeptColumns } from "./kept-columns.ts";

export interface JoinNames {
  readonly on: readonly { readonly left: Expr; readonly right: Expr }[];
  readonly rightNames: readonly { readonly from: string; readonly to: string }[];
}

/** Names that both sides are joined by: they are one column of the result. */
export function sharedNames(names: JoinNames): ReadonlySet<string> {
  const shared = names.on.flatMap(({ left, right }) =>
    left.kind === "column" && right.kind === "column" && left.name === right.name
      ? [left.name]
      : [],
  );
  return new Set(shared);
}

/** Rows of one side for the rows of the result: an index of -1 is a row that is not there. */
export interface SideRows {
  readonly batch: Batch | undefined;
  /** Names of its columns, also where there is no batch. */
  readonly names: readonly string[];
  readonly rows: Int32Array;
  /** What the result has for an index of -1: values of any kind are read by nobody, and lent. */
  readonly absent: "never" | "null" | "any";
  /** Picks rows of its columns; by plain loops where not set. */
  readonly kept?: KeptColumns;
  /** Later tasks read the batch too: what is made of it has columns of its own. */
  readonly isShared?: boolean;
}

interface Side extends SideRows {
  /** Whether the rows are those of the batch as they are. */
  readonly isWhole: boolean;
}

function sideOf(side: SideRows): Side {
  const { batch, rows, isShared = false } = side;
  return { ...side, isWhole: batch !== undefined && !isShared && areAllRows(rows, batch.rows) };
}

function taken(side: Side, name: string): Column {
  const { batch, rows, isWhole } = side;
  if (batch === undefined) return nullColumn(name, rows.length);
  const column = columnOf(batch, name);
  if (isWhole) return { ...column, nulls: "null" };
  return { ...picked(side, column), name, nulls: "null" };
}

function picked({ rows, absent, kept }: Side, column: Column): Column {
  const pick = (own: Column, present: Int32Array): Column =>
    kept?.pick(own, present) ?? gather(own, present);
  switch (absent) {
    case "never":
      return pick(column, rows);
    case "null":
      return gatherOrNull(column, rows, pick);
    case "any":
      return kept?.lend(column, rows) ?? gatherOrNull(column, rows);
    default:
      return unreachable(absent);
  }
}

function lacksRows({ batch, rows, absent }: Side): boolean {
  return batch === undefined || (absent === "null" && rows.includes(-1));
}

/** The one where it is valid, else the other. */
function eitherOf(left: Column, right: Column): Column {
  const isWhole = left.type !== "null" && left.validity === undefined;
  if (isWhole || right.type === "null") return left;
  const both = concat(left.name, [left, right]);
  const rows = new Int32Array(left.length);
  for (let i = 0; i < rows.length; i++) rows[i] = isValid(left, i) ? i : left.length + i;
  return gatherOrNull(both, rows);
}

/**
 * Keys by name are those of the left side, and of the right where a row has no left. Only the wanted ones; the first
 * of all where that is none, since rows without columns have no number.
 */
export function joinedColumns(
  join: JoinNames,
  leftRows: SideRows,
  rightRows: SideRows,
  wanted: Wanted,
): Column[] {
  const [left, right] = [sideOf(leftRows), sideOf(rightRows)];
  const shared = sharedNames(join);
  const lacksLeft = shared.size > 0 && lacksRows(left);
  const renames = new Map(join.rightNames.map(({ from, to }) => [from, to]));
  const isShared = (name: string) => shared.has(name) && left.names.includes(name);
  const ofLeft = (name: string): Column => {
    const own = taken(left, name);
    return lacksLeft && shared.has(name) && right.names.includes(name)
      ? eitherOf(own, taken(right, name))
      : own;
  };
  const isWanted = (name: string) => wanted === undefined || wanted.has(name);
  const ofRight = right.names
    .filter((name) => !isShared(name))
    .map((from) => ({ from, to: renames.get(from) ?? from }));
  const columns = [
    ...left.names.filter(isWanted).map(ofLeft),
    ...ofRight
      .filter(({ to }) => isWanted(to))
      .map(({ from, to }) => ({ ...taken(right, from), name: to })),
  ];
  if (columns.length > 0) return columns;
  return [nullColumn(left.names[0] ?? ofRight[0]?.to ?? "none", leftRows.rows.length)];
}
