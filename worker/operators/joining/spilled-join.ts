// A join whose kept side does not fit into memory: both sides are divided by the hash of their keys into files, joined
// a partition at a time, and the result is put back into the order that it would have had.

import type { Batch } from "../../../proto/batch/batch.ts";
import { heldBytesMax, spillDivisionsDeepMax } from "../../../proto/limits/memory.ts";
import { batchRowsMax } from "../../../proto/limits.ts";
import { columnOf, concatBatches } from "../../kernels/columns/concat.ts";
import { sliceBatch } from "../../kernels/columns/gather.ts";
import { byPlace, placeName, withoutPlaces, withPlaces } from "../../memory/row-places.ts";
import { hashesBy, type KeysOf, SpilledPartitions } from "../../memory/spilled-partitions.ts";
import type { OperatorMemory } from "../../memory/task-memory.ts";
import { ExternalSorter } from "../sorting/external-sorter.ts";
import type { Stage } from "../stage.ts";

const keptPlaceName = `${placeName} kept`;

/** A join of batches that fit: pushes the result of each batch, at the end what kept rows have without a partner. */
export interface PartJoin {
  addKept(batch: Batch): void;
  push(batch: Batch): void;
  finish(): Iterable<void>;
}

export interface SpilledJoinOptions {
  readonly memory: OperatorMemory;
  readonly keptKeys: KeysOf;
  readonly probeKeys: KeysOf;
  /** What the kept rows take while they are joined. */
  keptBytes(bytes: number, rows: number): number;
  joinOf(next: Stage): PartJoin;
}

export class SpilledJoin {
  private readonly options: SpilledJoinOptions;
  private readonly kept: SpilledPartitions;
  private readonly probe: SpilledPartitions;
  private keptRows = 0;
  private probeRows = 0;
  /** The place after the last row of each batch: results keep to the batches of their rows. */
  private readonly ends: number[] = [];

  constructor(options: SpilledJoinOptions) {
    this.options = options;
    const { keptKeys, probeKeys, memory } = options;
    this.kept = new SpilledPartitions(hashesBy(keptKeys), memory);
    this.probe = new SpilledPartitions(hashesBy(probeKeys), memory);
  }

  addKept(batch: Batch): void {
    this.kept.add(withPlaces(batch, this.keptRows, keptPlaceName));
    this.keptRows += batch.rows;
  }

  push(batch: Batch): void {
    this.probe.add(withPlaces(batch, this.probeRows));
    this.probeRows += batch.rows;
    this.ends.push(this.probeRows);
  }

  *finish(next: Stage): Iterable<void> {
    const { memory } = this.options;
    const sorter = new ExternalSorter({
      keys: [byPlace(), byPlace(keptPlaceName)],
      rowsMax: Number.POSITIVE_INFINITY,
      memory: memory.beside(),
    });
    yield* this.joinParts(this.kept, this.probe, sorter, 0);
    memory.resize(0);
    const recut = new Recut(this.ends, next);
    for (const batch of sorter.sorted()) {
      if (!next.wantsMore()) return;
      recut.push(batch);
      yield;
    }
    recut.flush();
  }

  private *joinParts(
    kept: SpilledPartitions,
    probe: SpilledPartitions,
    sorter: ExternalSorter,
    depth: number,
  ): Iterable<void> {
    const { memory } = this.options;
    for (let part = 0; part < kept.count; part++) {
      if (kept.rowsOf(part) + probe.rowsOf(part) === 0) continue;
      const needed = this.options.keptBytes(kept.bytesOf(part), kept.rowsOf(part));
      const mayFit = kept.bytesOf(part) <= heldBytesMax;
      if (!mayFit || !memory.resize(needed)) {
        // What waits to be sorted has the memory.
        sorter.giveWay();
        if (!mayFit || !memory.resize(needed)) {
          if (depth === spillDivisionsDeepMax) memory.demand(needed, "kept rows of one key");
          yield* this.divideAgain(kept, probe, part, sorter, depth);
          continue;
        }
      }
      const join = this.options.joinOf(sorterStage(sorter));
      const whole = kept.whole(part);
      if (whole !== undefined) join.addKept(whole);
      for (const batch of probe.read(part)) {
        join.push(batch);
        yield;
      }
      for (const _ of join.finish()) yield;
    }
    kept.close();
    probe.close();
  }

  private *divideAgain(
    kept: SpilledPartitions,
    probe: SpilledPartitions,
    part: number,
    sorter: ExternalSorter,
    depth: number,
  ): Iterable<void> {
    const { keptKeys, probeKeys, memory } = this.options;
    const keptParts = new SpilledPartitions(hashesBy(keptKeys), memory, depth + 1, kept.shape);
    const probeParts = new SpilledPartitions(hashesBy(probeKeys), memory, depth + 1, probe.shape);
    for (const batch of kept.read(part)) keptParts.add(batch);
    for (const batch of probe.read(part)) probeParts.add(batch);
    yield;
    yield* this.joinParts(keptParts, probeParts, sorter, depth + 1);
  }
}

function sorterStage(sorter: ExternalSorter): Stage {
  return {
    push: () => undefined,
    pushBatch: (batch) => sorter.add(batch),
    wantsMore: () => true,
    finish: () => [],
    takesSmall: false,
  };
}

/** Cuts rows in order where the batches of their places end, and into batches of the usual length. */
class Recut {
  private readonly ends: readonly number[];
  private readonly next: Stage;
  private batchAt = 0;
  private parts: Batch[] = [];
  private rows = 0;

  constructor(ends: readonly number[], next: Stage) {
    this.ends = ends;
    this.next = next;
  }

  push(batch: Batch): void {
    const places = columnOf(batch, placeName);
    const values = places.type === "float64" ? places.values : undefined;
    const endOf = (row: number): number => {
      const isThere =
        values !== undefined &&
        (places.validity === undefined || ((places.validity[row >> 3]! >> (row & 7)) & 1) === 1);
      return isThere ? values[row]! : Number.POSITIVE_INFINITY;
    };
    for (let start = 0; start < batch.rows; ) {
      const limit = this.ends[this.batchAt] ?? Number.POSITIVE_INFINITY;
      let end = start;
      const most = start + batchRowsMax - this.rows;
      while (
        end < batch.rows &&
        end < most &&
        (endOf(end) < limit || limit === Number.POSITIVE_INFINITY)
      )
        end++;
      if (end > start) {
        this.parts.push(withoutPlaces(sliceBatch(batch, start, end)));
        this.rows += end - start;
      }
      start = end;
      if (this.rows === batchRowsMax) this.flush();
      else if (start < batch.rows) {
        this.flush();
        this.batchAt++;
      }
    }
  }

  flush(): void {
    if (this.rows === 0) return;
    this.next.pushBatch(concatBatches(this.parts));
    this.parts = [];
    this.rows = 0;
  }
}
