// Which rows are equal: by some columns, or by all of them.

import type { Batch } from "../../../proto/batch/batch.ts";
import { columnOf } from "../../kernels/columns/concat.ts";
import { GroupIndex } from "../../kernels/columns/group-index.ts";
import { hashKeys } from "../../kernels/columns/hash-keys.ts";
import { hashWholeRows, WholeRowIndex } from "../../kernels/columns/whole-rows.ts";
import { withoutPlaces } from "../../memory/row-places.ts";
import type { HashesOf } from "../../memory/spilled-partitions.ts";

/** Numbers different rows in the order of their coming. */
export interface RowIndex {
  readonly size: number;
  /** Memory held, in bytes. */
  readonly bytes: number;
  add(batch: Batch): Int32Array;
  /** -1 for rows that were never added. */
  find(batch: Batch): Int32Array;
  close(): void;
}

export interface RowKeys {
  index(): RowIndex;
  /** The columns that count, as a batch of records. */
  columnsOf(batch: Batch): Batch;
  readonly hashesOf: HashesOf;
}

function byColumns(names: readonly string[]): RowKeys {
  const keysOf = (batch: Batch) => names.map((name) => columnOf(batch, name));
  return {
    index: () => {
      const index = new GroupIndex();
      return {
        get size() {
          return index.size;
        },
        get bytes() {
          return index.bytes;
        },
        add: (batch) => index.add(keysOf(batch), batch.rows),
        find: (batch) => index.find(keysOf(batch), batch.rows),
        close: () => index.close(),
      };
    },
    columnsOf: (batch) => ({ shape: "record", rows: batch.rows, columns: keysOf(batch) }),
    hashesOf: (batch, seed) => hashKeys(keysOf(batch), batch.rows, seed),
  };
}

/** Another hash of the same, by the last steps of MurmurHash3. */
function remixed(hash: number, seed: number): number {
  let mixed = hash ^ seed;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}

const byAllColumns: RowKeys = {
  index: () => new WholeRowIndex(),
  columnsOf: (batch) => ({ ...batch, shape: "record" }),
  hashesOf: (batch, seed) => hashWholeRows(withoutPlaces(batch)).map((hash) => remixed(hash, seed)),
};

export function rowKeys(on: readonly string[] | undefined): RowKeys {
  return on === undefined ? byAllColumns : byColumns(on);
}
