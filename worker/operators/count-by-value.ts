// countByValue: how often each distinct value occurs. Strings take the kernel, other values a table.

import { type Batch, batchRows, isCountBatch, makeBatch } from "../../proto/batch/batch.ts";
import { countColumn, textColumn } from "../../proto/batch/column.ts";
import { integersToNumbers } from "../../proto/batch/decode-column.ts";
import { EngineError } from "../../proto/errors.ts";
import {
  batchRowsMax,
  chunkRowsMax,
  partialEntriesMax,
  partialTextBytesMax,
} from "../../proto/limits.ts";
import { StringCounter } from "../kernels/string-counter.ts";
import { KeyTable } from "./keyed/key-table.ts";
import { pushBatchAsRows, type Stage } from "./stage.ts";

interface CountRow {
  readonly value: unknown;
  readonly count: number;
}

/** Counts of values that are no strings. */
class OtherCounts {
  private readonly table = new KeyTable<number>();

  get size(): number {
    return this.table.size;
  }

  add(value: unknown, count: number): void {
    this.table.set(value, (this.table.get(value) ?? 0) + count);
  }

  *drain(): Iterable<CountRow[]> {
    let rows: CountRow[] = [];
    for (const [value, count] of this.table.entries()) {
      rows.push({ value, count });
      if (rows.length < chunkRowsMax) continue;
      yield rows;
      rows = [];
    }
    if (rows.length > 0) yield rows;
    this.table.clear();
  }
}

/** Hands on all counts: strings as columns, by partition where the next stage splits by value. */
function* drain(strings: StringCounter, others: OtherCounts, next: Stage): Iterable<void> {
  const hashed = next.hashed?.column === "value" ? next.hashed : undefined;
  const parts = strings.drain(hashed?.partitions ?? 1);
  for (const [partition, part] of parts.entries()) {
    if (part.rows === 0) continue;
    const batch = makeBatch("record", [
      textColumn("value", part.offsets, part.bytes),
      countColumn("count", part.counts),
    ]);
    if (hashed === undefined) next.pushBatch(batch);
    else hashed.pushPartition(partition, batch);
    yield;
  }
  for (const rows of others.drain()) {
    next.push(rows);
    yield;
  }
}

/** Values in, `{ value, count }` out; the same value may come out more than once. */
export function countPartialStage(next: Stage): Stage {
  const strings = new StringCounter();
  const others = new OtherCounts();
  let unchecked = 0;
  const push = (rows: readonly unknown[]): void => {
    let counted = strings.add(rows);
    while (counted < rows.length) {
      others.add(rows[counted], 1);
      counted++;
      if (counted < rows.length) counted += strings.add(rows.slice(counted));
    }
    unchecked += rows.length;
    if (unchecked < batchRowsMax) return;
    unchecked = 0;
    if (strings.bytesUsed > partialTextBytesMax || others.size > partialEntriesMax) {
      for (const _ of drain(strings, others, next));
    }
  };
  return {
    push,
    pushBatch: pushBatchAsRows({ push }),
    wantsMore: () => true,
    finish: () => drain(strings, others, next),
    takesSmall: true,
  };
}

function isCountRow(row: unknown): row is CountRow {
  return typeof row === "object" && row !== null && typeof (row as CountRow).count === "number";
}

/** `{ value, count }` in and out, each value once. */
export function countFinalStage(next: Stage): Stage {
  const strings = new StringCounter();
  const others = new OtherCounts();
  const push = (rows: readonly unknown[]): void => {
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i];
      if (!isCountRow(row)) {
        throw new EngineError("INTERNAL", "the input of countByValue holds a row that is no count");
      }
      others.add(row.value, row.count);
    }
  };
  const pushBatch = (batch: Batch): void => {
    const [values, counts] = batch.columns;
    const fits = isCountBatch(batch) && values?.type === "utf8" && values.validity === undefined;
    if (!fits || counts?.type !== "int53") return push(batchRows(batch));
    strings.addUtf8(values.values, values.offsets, integersToNumbers(counts.values));
  };
  return {
    push,
    pushBatch,
    wantsMore: () => true,
    finish: () => drain(strings, others, next),
    takesSmall: true,
  };
}
