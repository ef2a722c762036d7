// Whole rows as keys: columns by name, and a column that a batch does not have is null in all its rows.

import type { Batch } from "../../../proto/batch/batch.ts";
import { columnOf } from "./concat.ts";
import { GroupTable } from "./group-table.ts";
import { hashKeyRows, type KeyRows, keyRows, nullKeys, tagWordsOf } from "./key-rows.ts";

/** Numbers the different rows; those of batches with more columns than came before equal others by null. */
export class WholeRowIndex {
  private readonly names: string[] = [];
  private table = new GroupTable();
  private tagWords = 1;

  get size(): number {
    return this.table.size;
  }

  /** Memory held, in bytes. */
  get bytes(): number {
    return this.table.bytes;
  }

  /** Gives back what it holds; it may be used again. */
  close(): void {
    this.names.length = 0;
    this.table = new GroupTable();
    this.tagWords = 1;
  }

  private keysOf(batch: Batch): KeyRows {
    for (const { name } of batch.columns) if (!this.names.includes(name)) this.names.push(name);
    const wanted = tagWordsOf(this.names.length);
    if (wanted > this.tagWords) {
      this.table = this.table.withTagWords(this.tagWords, wanted);
      this.tagWords = wanted;
    }
    const columns = this.names.map((name) => columnOf(batch, name));
    return keyRows(columns, batch.rows, this.tagWords);
  }

  add(batch: Batch): Int32Array {
    // First the keys: they may bring another table.
    const keys = this.keysOf(batch);
    return this.table.add(keys);
  }

  /** -1 for rows that were never added. */
  find(batch: Batch): Int32Array {
    const keys = this.keysOf(batch);
    return this.table.find(keys);
  }
}

function seedOfName(name: string): number {
  const bytes = new TextEncoder().encode(name);
  let seed = bytes.length;
  for (const byte of bytes) seed = Math.imul(seed ^ byte, 0x01000193);
  return seed;
}

/** A hash of each row, in which neither the order of the columns nor those that are null count. */
export function hashWholeRows(batch: Batch): Int32Array {
  const out = new Int32Array(batch.rows);
  for (const column of batch.columns) {
    const keys = keyRows([column], batch.rows);
    const hashes = hashKeyRows(keys, seedOfName(column.name));
    const nulls = nullKeys(keys, 1);
    for (let i = 0; i < out.length; i++) {
      if (nulls === undefined || nulls[i] === 0) out[i] = (out[i]! + hashes[i]!) | 0;
    }
  }
  return out;
}
