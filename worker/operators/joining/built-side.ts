// The kept side of a join, ready to be asked for partners. It never changes: tasks may use it one after the other.

import type { Batch } from "../../../proto/batch/batch.ts";
import type { DataType } from "../../../proto/plan/types.ts";
import type { SideSize } from "../stage.ts";
import type { JoinTable } from "./join-table.ts";
import type { KeptColumns } from "./kept-columns.ts";
import type { KeyBits } from "./key-bits.ts";

export interface BuiltSide {
  /** Undefined where no row came. */
  readonly rows: Batch | undefined;
  /** Picks from the columns of the rows. */
  readonly columns: KeptColumns;
  /** Undefined where there are no rows, or no keys. */
  readonly table: JoinTable | undefined;
  readonly keyTypes: readonly DataType[];
  /** Of each key, what a scan of the other side is told. */
  readonly keyBits: readonly KeyBits[];
  /** Of its columns, also where no row came. */
  readonly names: readonly string[];
}

/** To be called once, after which nobody may use the side. */
export function closeSide({ columns, table, keyBits }: BuiltSide): void {
  columns.close();
  for (const bits of keyBits) bits.close();
  table?.close();
}

/** With what is known of it beside: what a task that uses it has to reserve, and what reading it would have counted. */
export interface SharedSide {
  readonly built: BuiltSide;
  readonly heldBytes: number;
  readonly size: SideSize;
}

/** Where a join finds the side that an earlier task of its stage built, and leaves it for later ones. */
export interface SidePlace {
  find(): SharedSide | undefined;
  keep(side: SharedSide): void;
  /** There is no room to use it. */
  drop(): void;
}
