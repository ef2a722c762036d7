// Evaluates the sort key of rows: a column's value, or what a closure answers.

import { isPlainRecord } from "../../proto/batch/batch.ts";
import type { SortKey } from "../../proto/plan/logical.ts";
import { cellAt } from "./cells.ts";
import { compareValues } from "./order.ts";
import { enterUser, leaveUser, refusePromise, type UserCode, userFailure } from "./user-code.ts";

export type KeyReader = (rows: readonly unknown[]) => unknown[];

function columnOf(row: unknown, name: string): unknown {
  if (Array.isArray(row) && row.length === 2) {
    if (name === "key") return row[0];
    if (name === "value") return row[1];
  }
  if (isPlainRecord(row)) return Object.hasOwn(row, name) ? row[name] : undefined;
  return name === "value" ? row : undefined;
}

/** Keys of rows in their order. `closure` is needed for keys by closure only. */
export function keyReader(
  key: SortKey,
  closure: ((row: unknown) => unknown) | undefined,
  index: number,
  user: UserCode,
): KeyReader {
  const { by } = key;
  if (by.kind === "column") return (rows) => rows.map((row) => columnOf(row, by.name));
  let base = 0;
  return (rows) => {
    const keys = new Array<unknown>(rows.length);
    enterUser(user, index);
    try {
      for (let i = 0; i < rows.length; i++) {
        user.cells.ints[cellAt.row] = base + i;
        keys[i] = closure!(rows[i]);
      }
      if (keys.length > 0) refusePromise(keys[0], "orderBy");
    } catch (thrown) {
      throw userFailure(user, thrown);
    }
    leaveUser(user);
    base += rows.length;
    return keys;
  };
}

/** Orders rows by key and direction, ties by the whole row, so that the order is total. */
export function compareKeyed(
  direction: SortKey["direction"],
): (leftKey: unknown, leftRow: unknown, rightKey: unknown, rightRow: unknown) => number {
  const sign = direction === "asc" ? 1 : -1;
  return (leftKey, leftRow, rightKey, rightRow) => {
    const order = compareValues(leftKey, rightKey);
    return order !== 0 ? sign * order : compareValues(leftRow, rightRow);
  };
}
