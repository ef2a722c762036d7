// The rows of a task, held as columns until all are there, for functions that ask for them one by one.

import { type Batch, batchOfRows, batchRows } from "../../proto/batch/batch.ts";
import { cellAt } from "./cells.ts";
import type { Stage } from "./stage.ts";
import type { UserCode } from "./user-code.ts";

export interface HeldRows extends Pick<Stage, "push" | "pushBatch"> {
  /** One after the other, each given up as it is taken; the cells follow. */
  rows(): IterableIterator<unknown>;
  /** The user's code, in the file of the row that was taken last. */
  readonly user: UserCode;
}

/** A function cannot be stopped while it asks for the next row, so that all must be there before it begins. */
export function holdRows(user: UserCode): HeldRows {
  const { ints } = user.cells;
  const held: { readonly batch: Batch; readonly file: string | undefined }[] = [];
  let file: string | undefined;
  function* rows(): IterableIterator<unknown> {
    let row = 0;
    for (let next = held.shift(); next !== undefined; next = held.shift()) {
      file = next.file;
      for (const value of batchRows(next.batch)) {
        ints[cellAt.row] = row++;
        ints[cellAt.steps] = ints[cellAt.steps]! + 1;
        yield value;
      }
    }
  }
  const pushBatch = (batch: Batch): void => void held.push({ batch, file: user.file() });
  return {
    push: (values) => {
      if (values.length > 0) pushBatch(batchOfRows(values));
    },
    pushBatch,
    rows,
    user: { ...user, file: () => file },
  };
}
