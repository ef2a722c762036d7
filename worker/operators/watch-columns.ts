// watchColumns: rows of functions pass as they are; in the end the task tells of columns that none of them had.
//
// Whether a column is there must not depend on how rows were cut, so rows are asked for until one has it, also where a
// limit behind wants no more of them: these go no further.

import { type Batch, isPlainRecord } from "../../proto/batch/batch.ts";
import { absentNamesToldMax } from "../../proto/limits.ts";
import { type ColumnNeed, watchedCounts } from "../../proto/plan/absent-column.ts";
import type { Stage } from "./stage.ts";

/** Told what is to be counted with the task. */
export type NoteCounts = (counts: Readonly<Record<string, number>>) => void;

/** The names of the columns that a row has, as batches name them. */
function namesOf(row: unknown): readonly string[] {
  if (isPlainRecord(row)) return Object.keys(row);
  return Array.isArray(row) && row.length === 2 ? ["key", "value"] : ["value"];
}

class Watch {
  hasRows = false;
  /** Not seen so far: in all but odd cases none after the first row. */
  absent: readonly ColumnNeed[];
  private readonly names = new Set<string>();

  constructor(needs: readonly ColumnNeed[]) {
    this.absent = needs;
  }

  see(names: readonly string[]): void {
    this.hasRows = true;
    // Rows may be maps, whose keys never end.
    for (const name of names) if (this.names.size < absentNamesToldMax) this.names.add(name);
    this.absent = this.absent.filter(({ name }) => !names.includes(name));
  }

  seeRows(rows: readonly unknown[]): void {
    for (let i = 0; i < rows.length && this.absent.length > 0; i++) this.see(namesOf(rows[i]));
  }

  seeBatch({ rows, columns }: Batch): void {
    if (rows > 0 && this.absent.length > 0) this.see(columns.map(({ name }) => name));
  }

  get seen(): readonly string[] {
    return [...this.names];
  }
}

export function watchColumnsStage(
  maker: string,
  needs: readonly ColumnNeed[],
  note: NoteCounts,
  next: Stage,
): Stage {
  const watch = new Watch(needs);
  return {
    push: (rows) => {
      watch.seeRows(rows);
      if (next.wantsMore()) next.push(rows);
    },
    pushBatch: (batch) => {
      watch.seeBatch(batch);
      if (next.wantsMore()) next.pushBatch(batch);
    },
    wantsMore: () => watch.absent.length > 0 || next.wantsMore(),
    finish: () => {
      if (watch.hasRows) note(watchedCounts(maker, watch.absent, watch.seen));
      return [];
    },
    takesSmall: next.takesSmall,
    takesBatches: next.takesBatches === true,
  };
}
