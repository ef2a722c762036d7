// Windows over more rows than fit into memory: rows are divided by the hash of what the windows are partitioned by,
// worked out a part at a time, and put back into their order.

import type { Batch } from "../../../proto/batch/batch.ts";
import { heldBytesMax, spillDivisionsDeepMax } from "../../../proto/limits/memory.ts";
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
    this.sortParts(this.parts, sorter, 0);
    memory.resize(0);
    yield* recutBatches(unplaced(sorter.sorted()), batchRowsMax);
  }

  private sortParts(parts: SpilledPartitions, sorter: ExternalSorter, depth: number): void {
    const { memory, windowBytes, withWindows } = this.options;
    for (let part = 0; part < parts.count; part++) {
      if (parts.rowsOf(part) === 0) continue;
      const needed = windowBytes(parts.bytesOf(part), parts.rowsOf(part));
      const mayFit = parts.bytesOf(part) <= heldBytesMax;
      if (!mayFit || !memory.resize(needed)) {
        // What waits to be sorted has the memory.
        sorter.giveWay();
        if (!mayFit || !memory.resize(needed)) {
          if (depth === spillDivisionsDeepMax) memory.demand(needed, "a partition of a window");
          this.sortParts(this.dividedAgain(parts, part, depth + 1), sorter, depth + 1);
          continue;
        }
      }
      const whole = withWindows(parts.whole(part)!);
      for (let start = 0; start < whole.rows; start += batchRowsMax) {
        sorter.add(sliceBatch(whole, start, Math.min(start + batchRowsMax, whole.rows)));
      }
    }
    parts.close();
  }

  private dividedAgain(parts: SpilledPartitions, part: number, depth: number): SpilledPartitions {
    const { keysOf, memory } = this.options;
    const again = new SpilledPartitions(hashesBy(keysOf), memory, depth, parts.shape);
    for (const batch of parts.read(part)) again.add(batch);
    return again;
  }
}

function* unplaced(batches: Iterable<Batch>): Iterable<Batch> {
  for (const batch of batches) yield withoutPlaces(batch);
}
