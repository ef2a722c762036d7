// Measures each operator of a task, for `explain` with `analyze`: rows, batches, own time, memory.

import type { Stage } from "../operators/stage.ts";

/** What one operator did in one task. */
interface Measured {
  rowsOut: number;
  batchesOut: number;
  ownNanoseconds: number;
  peakBytes: number;
}

export interface MeterWorld {
  nanoseconds(): number;
  /** Of this thread: heap and buffers. */
  memoryBytes(): number;
}

/**
 * Stages are called from the source on, each calling the next: what is spent in a stage is its own time less
 * that of the calls that it makes.
 */
export class Meter {
  private readonly world: MeterWorld;
  private readonly measured: Measured[];
  private readonly open: number[] = [];
  private since = 0;

  constructor(world: MeterWorld, operators: number) {
    this.world = world;
    this.measured = Array.from({ length: operators + 1 }, () => ({
      rowsOut: 0,
      batchesOut: 0,
      ownNanoseconds: 0,
      peakBytes: 0,
    }));
  }

  /** Of the stage that is on top, up to now. */
  private settle(): void {
    const now = this.world.nanoseconds();
    const top = this.open[this.open.length - 1];
    if (top !== undefined) this.measured[top]!.ownNanoseconds += now - this.since;
    this.since = now;
  }

  private within<Answer>(index: number, run: () => Answer): Answer {
    this.settle();
    this.open.push(index);
    try {
      return run();
    } finally {
      this.settle();
      this.open.pop();
      const own = this.measured[index]!;
      own.peakBytes = Math.max(own.peakBytes, this.world.memoryBytes());
    }
  }

  private *finished(index: number, steps: Iterable<void>): Iterable<void> {
    const iterator = steps[Symbol.iterator]();
    while (!this.within(index, () => iterator.next().done === true)) yield;
  }

  /** The stage at `index`, whose input is what the stage before it makes. */
  around(index: number, stage: Stage): Stage {
    const before = index === 0 ? undefined : this.measured[index - 1];
    const note = (rows: number): void => {
      if (before === undefined) return;
      before.rowsOut += rows;
      before.batchesOut += 1;
    };
    return {
      ...stage,
      push: (rows) => {
        note(rows.length);
        this.within(index, () => stage.push(rows));
      },
      pushBatch: (batch) => {
        note(batch.rows);
        this.within(index, () => stage.pushBatch(batch));
      },
      ...(stage.pushSelected === undefined
        ? {}
        : {
            pushSelected: (batch, rows) => {
              note(rows.length);
              this.within(index, () => stage.pushSelected!(batch, rows));
            },
          }),
      finish: () => this.finished(index, stage.finish()),
      ...(stage.side === undefined
        ? {}
        : {
            side: {
              ...stage.side,
              pushBatch: (batch) => this.within(index, () => stage.side!.pushBatch(batch)),
            },
          }),
      ...(stage.hashed === undefined
        ? {}
        : {
            hashed: {
              ...stage.hashed,
              pushPartition: (partition, batch) => {
                note(batch.rows);
                this.within(index, () => stage.hashed!.pushPartition(partition, batch));
              },
            },
          }),
    };
  }

  /** `op:<stage>:<operator>:<what>`; the last operator is the sink, whose rows it knows itself. */
  counters(
    stageId: number,
    task: { readonly rowsIn: number; readonly bytesIn: number; readonly rowsOut: number },
  ): Record<string, number> {
    this.measured[this.measured.length - 1]!.rowsOut = task.rowsOut;
    const all: Record<string, number> = {
      [`tasks:${stageId}`]: 1,
      [`in:${stageId}:rows`]: task.rowsIn,
      [`in:${stageId}:bytes`]: task.bytesIn,
    };
    for (const [index, own] of this.measured.entries()) {
      const name = `op:${stageId}:${index}`;
      all[`${name}:rows`] = own.rowsOut;
      all[`${name}:batches`] = own.batchesOut;
      all[`${name}:nanoseconds`] = Math.round(own.ownNanoseconds);
      all[`max:${name}:bytes`] = own.peakBytes;
    }
    return all;
  }
}
