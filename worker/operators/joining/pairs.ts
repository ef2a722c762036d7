// Rows of a batch with their partners among the kept rows of a join.

import { batchRowsMax } from "../../../proto/limits.ts";
import { allRows } from "../../kernels/columns/gather.ts";
import { packFound } from "../../kernels/columns/partner-loops.ts";

export interface Pairs {
  /** Rows of the batch and rows of the kept side that have equal keys, in the order of the former. */
  readonly probe: Int32Array;
  readonly kept: Int32Array;
}

export const noPairs: Pairs = { probe: new Int32Array(0), kept: new Int32Array(0) };

/** An array for the indices of one batch after the other, so that not each of them takes fresh memory. */
export class RowsBuffer {
  private rows = new Int32Array(0);

  take(count: number): Int32Array {
    if (this.rows.length < count) this.rows = new Int32Array(Math.max(count, batchRowsMax));
    return this.rows.subarray(0, count);
  }
}

/** Each row with its one partner; -1 where there is none, `found` of them being another. Changes `partners`. */
export function singlePairs(partners: Int32Array, found: number, probe: RowsBuffer): Pairs {
  const { length } = partners;
  if (found === length) return { probe: allRows(length), kept: partners };
  const rows = probe.take(length);
  packFound(partners, rows);
  return { probe: rows.subarray(0, found), kept: partners.subarray(0, found) };
}

/** Each row with its first partner, and the others that follow this one in a chain. */
export function chainedPairs(firsts: Int32Array, next: Int32Array): Pairs {
  let capacity = firsts.length + 16;
  let probe = new Int32Array(capacity);
  let kept = new Int32Array(capacity);
  let count = 0;
  for (let i = 0; i < firsts.length; i++) {
    for (let row = firsts[i]!; row >= 0; row = next[row]!) {
      if (count === capacity) {
        capacity *= 2;
        probe = grown(probe, capacity);
        kept = grown(kept, capacity);
      }
      probe[count] = i;
      kept[count++] = row;
    }
  }
  return { probe: probe.subarray(0, count), kept: kept.subarray(0, count) };
}

function grown(rows: Int32Array, length: number): Int32Array<ArrayBuffer> {
  const out = new Int32Array(length);
  out.set(rows);
  return out;
}

/** Every row of the batch with every kept row. */
export function crossPairs(rows: number, keptRows: number): Pairs {
  const probe = new Int32Array(rows * keptRows);
  const kept = new Int32Array(rows * keptRows);
  for (let i = 0, at = 0; i < rows; i++) {
    for (let row = 0; row < keptRows; row++) {
      probe[at] = i;
      kept[at++] = row;
    }
  }
  return { probe, kept };
}
