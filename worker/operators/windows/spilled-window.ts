// Windows over more rows than fit into memory: rows are divided by the hash of what the windows are partitioned by,
// worked out a part at a time, and put back into their order.

import type { Batch } from "../../../proto/batch/batch.ts";
import { batchRowsMax } from "../../../proto/limits.ts";
import { sliceBatch } from "../../kernels/columns/gather.ts";
import { recutBatches } from "../../kernels/columns/recut.ts";
import { byPlace, withoutPlaces, withPlaces } from "../../memory/row-places.ts";
import { hashesBy, type KeysOf, SpilledPartitions } from "../../memory/spilled-partitions.ts";
import type { OperatorMemory } from "../../memory/task-memory.ts";
import { ExternalSorter } from "../sorting/external-sorter.ts";

export interface SpilledWindowOptions {
  readonly memory: OperatorMemory;
  /** What all of the windows are partitioned by. */
  readonly keysOf: KeysOf;
  /** What rows take while windows over them are worked out. */
  windowBytes(bytes: number, rows: number): number;
  /** All rows of some partitions with a column more for each window. */
  withWindows(batch: Batch): Batch;
}

export class SpilledWindow {
  private readonly options: SpilledWindowOptions;
  private readonly parts: SpilledPartitions;
  private rows = 0;

  constructor(options: SpilledWindowOptions) {
    this.options = options;
    this.parts = new SpilledPartitions(hashesBy(options.keysOf), options.memory);
  }

  add(batch: Batch): void {
    this.parts.add(withPlaces(batch, this.rows));
    this.rows += batch.rows;
  }

  /** All rows in the order in which they came, in batches of the usual length. */
  *results(): Iterable<Batch> {
    const { memory } = this.options;
    const sorter = new ExternalSorter({
      keys: [byPlace()],
      rowsMax: Number.POSITIVE_INFINITY,
      memory: memory.beside(),
    });
    for (let part = 0; part < this.parts.count; part++) {
      if (this.parts.rowsOf(part) === 0) continue;
      const needed = this.options.windowBytes(this.parts.bytesOf(part), this.parts.rowsOf(part));
      if (!memory.resize(needed)) {
        sorter.giveWay();
        memory.demand(needed, "a partition of a window");
      }
      const whole = this.options.withWindows(this.parts.whole(part)!);
      for (let start = 0; start < whole.rows; start += batchRowsMax) {
        sorter.add(sliceBatch(whole, start, Math.min(start + batchRowsMax, whole.rows)));
      }
    }
    this.parts.close();
    memory.resize(0);
    yield* recutBatches(unplaced(sorter.sorted()), batchRowsMax);
  }
}

function* unplaced(batches: Iterable<Batch>): Iterable<Batch> {
  for (const batch of batches) yield withoutPlaces(batch);
}
