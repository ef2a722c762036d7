// The rows of a task in the order of a window: those of a partition together, and where their peers end.

import { argsort, compareBySteps } from "../../kernels/columns/argsort.ts";
import type { SortStep } from "../../kernels/columns/sort-words.ts";

/** Places are positions in the order; `rows[place]` is the row there. Ends are excluded. */
export interface WindowOrder {
  readonly rows: Int32Array;
  readonly partitionStart: Int32Array;
  readonly partitionEnd: Int32Array;
  /** Rows that the order does not tell apart are peers. */
  readonly peersStart: Int32Array;
  readonly peersEnd: Int32Array;
}

/** The start and end of the run of each place; a run begins at each place for which `isNew`. */
function runs(length: number, isNew: (place: number) => boolean): [Int32Array, Int32Array] {
  const starts = new Int32Array(length);
  const ends = new Int32Array(length);
  for (let place = 1; place < length; place++) {
    starts[place] = isNew(place) ? place : starts[place - 1]!;
  }
  for (let place = length - 1; place >= 0; place--) {
    const isLast = place + 1 === length || starts[place + 1] === place + 1;
    ends[place] = isLast ? place + 1 : ends[place + 1]!;
  }
  return [starts, ends];
}

export function windowOrder(groups: Int32Array, steps: readonly SortStep[]): WindowOrder {
  const words = Uint32Array.from(groups);
  const rows = argsort(groups.length, [{ kind: "words", words }, ...steps]);
  const isOther = (place: number) => groups[rows[place]!] !== groups[rows[place - 1]!];
  const [partitionStart, partitionEnd] = runs(rows.length, isOther);
  const [peersStart, peersEnd] = runs(
    rows.length,
    (place) => isOther(place) || compareBySteps(steps, rows[place - 1]!, rows[place]!) !== 0,
  );
  return { rows, partitionStart, partitionEnd, peersStart, peersEnd };
}
