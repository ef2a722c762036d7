// The kept side of a semi or anti join of which no row is ever looked at: only whether a key is there is asked, which a bit
// for each number tells. A table of rows is made where that does not do.

import type { Column } from "../../../proto/batch/column.ts";
import { type JoinTable, joinTable } from "./join-table.ts";
import type { KeyBits } from "./key-bits.ts";
import { type Pairs, RowsBuffer } from "./pairs.ts";

export class KnownKeys implements JoinTable {
  readonly order = undefined;
  private readonly keys: readonly Column[];
  private readonly rows: number;
  private readonly keyBits: readonly KeyBits[];
  private readonly firsts = new RowsBuffer();
  private made: JoinTable | undefined;

  /** `keyBits`: of each of the keys. */
  constructor(keys: readonly Column[], rows: number, keyBits: readonly KeyBits[]) {
    this.keys = keys;
    this.rows = rows;
    this.keyBits = keyBits;
  }

  private get table(): JoinTable {
    this.made ??= joinTable(this.keys, this.rows, "never");
    return this.made;
  }

  get bytes(): number {
    return this.made?.bytes ?? 0;
  }

  pairsOf(keys: readonly Column[], rows: number): Pairs {
    return this.table.pairsOf(keys, rows);
  }

  /** Any partner of each row: the first of all stands for it. */
  firstsOf(keys: readonly Column[], rows: number): Int32Array {
    // Several keys that are there need not be there together.
    const found = keys.length === 1 ? this.keyBits[0]!.find(keys[0]!) : undefined;
    if (found === undefined) return this.table.firstsOf(keys, rows);
    const firsts = this.firsts.take(rows);
    for (let row = 0; row < rows; row++) firsts[row] = found[row]! - 1;
    return firsts;
  }

  onlyOf(keys: readonly Column[], rows: number): Int32Array | undefined {
    return this.table.onlyOf(keys, rows);
  }

  close(): void {
    this.made?.close();
  }
}
