// The kept side of a join: its rows by key, found by the keys of other rows without an object for a row.

import type { Column } from "../../../proto/batch/column.ts";
import type { Reorder } from "../../kernels/columns/rows-by-number.ts";
import { GroupsTable } from "./groups-table.ts";
import { NumbersTable } from "./numbers-table.ts";
import type { Pairs } from "./pairs.ts";

/** What answers the partners of keys. What it answered may change when it is asked again. */
export interface JoinTable {
  /** Memory held, in bytes. */
  readonly bytes: number;
  /** Kept rows in the order in which the table numbers them; undefined where it is their own. */
  readonly order: Int32Array | undefined;
  pairsOf(keys: readonly Column[], rows: number): Pairs;
  /** One partner of each row; -1 where there is none. */
  firstsOf(keys: readonly Column[], rows: number): Int32Array;
  /** The only partner of each row, -1 where there is none; undefined where some may have several. */
  onlyOf(keys: readonly Column[], rows: number): Int32Array | undefined;
  close(): void;
}

/** The table for keys of kept rows; where `reorder` says so, it may ask for them in another order. */
export function joinTable(keys: readonly Column[], rows: number, reorder: Reorder): JoinTable {
  return NumbersTable.of(keys, reorder) ?? new GroupsTable(keys, rows);
}
