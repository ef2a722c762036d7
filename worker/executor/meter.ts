// Measures each operator of a task, for `explain` with `analyze`: rows, bytes, batches, own time, memory.

import { unreachable } from "../../proto/errors.ts";
import { batchBytes } from "../memory/batch-bytes.ts";
import type { Stage } from "../operators/stage.ts";
import type { HeldValues } from "./holding-operators.ts";
import { rowsBytes } from "./rows-bytes.ts";

/** What one operator did in one task. */
interface Measured {
  rowsOut: number;
  bytesOut: number;
  batchesOut: number;
  /** Of the largest batch that it made. */
  batchBytesMax: number;
  ownNanoseconds: number;
  threadBytesMax: number;
}

/** What the task reports beside its operators. */
interface MeasuredTask {
  readonly rowsIn: number;
  readonly bytesIn: number;
  readonly rowsOut: number;
  readonly bytesOut: number;
}

/** What is known of the memory of one operator from elsewhere. */
export interface OperatorPeaks {
  /** The most that the operator had reserved for rows; 0 where it reserves nothing. */
  reservedBytes(index: number): number;
  /** What is known of rows that it holds as values of the heap; undefined where it holds none. */
  heldValues(index: number): HeldValues | undefined;
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
      bytesOut: 0,
      batchesOut: 0,
      batchBytesMax: 0,
      ownNanoseconds: 0,
      threadBytesMax: 0,
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
      own.threadBytesMax = Math.max(own.threadBytesMax, this.world.memoryBytes());
    }
  }

  private *finished(index: number, steps: Iterable<void>): Iterable<void> {
    const iterator = steps[Symbol.iterator]();
    while (!this.within(index, () => iterator.next().done === true)) yield;
  }

  /** The stage at `index`, whose input is what the stage before it makes. */
  around(index: number, stage: Stage): Stage {
    const before = index === 0 ? undefined : this.measured[index - 1];
    const note = (rows: number, bytesOf: () => number): void => {
      if (before === undefined) return;
      this.settle();
      const bytes = bytesOf();
      before.rowsOut += rows;
      before.bytesOut += bytes;
      before.batchesOut += 1;
      before.batchBytesMax = Math.max(before.batchBytesMax, bytes);
      // Measuring is nobody's own time.
      this.since = this.world.nanoseconds();
    };
    return {
      ...stage,
      push: (rows) => {
        note(rows.length, () => rowsBytes(rows));
        this.within(index, () => stage.push(rows));
      },
      pushBatch: (batch) => {
        note(batch.rows, () => batchBytes(batch));
        this.within(index, () => stage.pushBatch(batch));
      },
      ...(stage.pushSelected === undefined
        ? {}
        : {
            pushSelected: (batch, rows) => {
              const share = rows.length / Math.max(batch.rows, 1);
              note(rows.length, () => batchBytes(batch) * share);
              this.within(index, () => stage.pushSelected!(batch, rows));
            },
          }),
      ...(stage.pushLines === undefined
        ? {}
        : {
            pushLines: (rows, lines) => {
              note(rows, () => lines.length);
              this.within(index, () => stage.pushLines!(rows, lines));
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
                note(batch.rows, () => batchBytes(batch));
                this.within(index, () => stage.hashed!.pushPartition(partition, batch));
              },
            },
          }),
    };
  }

  /** `op:<stage>:<operator>:<what>`; the last operator is the sink, whose rows and bytes the task knows. */
  counters(stageId: number, task: MeasuredTask, peaks: OperatorPeaks): Record<string, number> {
    const sink = this.measured[this.measured.length - 1]!;
    sink.rowsOut = task.rowsOut;
    sink.bytesOut = task.bytesOut;
    const all: Record<string, number> = {
      [`tasks:${stageId}`]: 1,
      [`in:${stageId}:rows`]: task.rowsIn,
      [`in:${stageId}:bytes`]: task.bytesIn,
    };
    for (const [index, own] of this.measured.entries()) {
      const name = `op:${stageId}:${index}`;
      all[`${name}:rows`] = own.rowsOut;
      all[`${name}:bytes`] = Math.round(own.bytesOut);
      all[`${name}:batches`] = own.batchesOut;
      all[`${name}:nanoseconds`] = Math.round(own.ownNanoseconds);
      const peak = this.peakOf(index, task, peaks);
      if (peak === undefined) all[`max:${name}:thread`] = own.threadBytesMax;
      else all[`max:${name}:peak`] = Math.round(Math.max(peak, own.batchBytesMax));
    }
    return all;
  }

  /** Of the bytes that the operator held; undefined where nobody knows. */
  private peakOf(index: number, task: MeasuredTask, peaks: OperatorPeaks): number | undefined {
    const reserved = peaks.reservedBytes(index);
    const held = reserved > 0 ? undefined : peaks.heldValues(index);
    switch (held) {
      case undefined:
        return reserved;
      case "given":
        return index === 0 ? task.bytesIn : this.measured[index - 1]!.bytesOut;
      case "made":
        return this.measured[index]!.bytesOut;
      case "unknown":
        return undefined;
      default:
        return unreachable(held);
    }
  }
}
