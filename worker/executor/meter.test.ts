// What a meter says of operators: rows and bytes that they made, time of their own, memory of their own.

import { expect, test } from "vitest";
import { batchOfRows } from "../../proto/batch/batch.ts";
import { pushBatchAsRows, type Stage } from "../operators/stage.ts";
import { Meter } from "./meter.ts";

/** Time passes where a stage says so. */
class Clock {
  now = 0;
  readonly world = { nanoseconds: () => this.now, memoryBytes: () => 1000 + this.now };
}

const endless = { wantsMore: () => true, finish: () => [], takesSmall: false } as const;

test("rows, bytes and time belong to the operator that made them", () => {
  const clock = new Clock();
  const meter = new Meter(clock.world, 2);
  const sink: Stage = meter.around(2, {
    ...endless,
    push: () => {
      clock.now += 1;
    },
    pushBatch: () => {
      clock.now += 1;
    },
  });
  const doubling: Stage = meter.around(1, {
    ...endless,
    push: (rows) => {
      clock.now += 10;
      sink.pushBatch(batchOfRows([...rows, ...rows]));
    },
    pushBatch: () => undefined,
  });
  const push = (rows: readonly unknown[]): void => {
    clock.now += 100;
    doubling.push(rows);
  };
  const first: Stage = meter.around(0, { ...endless, push, pushBatch: pushBatchAsRows({ push }) });
  first.push([1, 2, 3]);
  first.push([4]);
  const task = { rowsIn: 4, bytesIn: 8, rowsOut: 8, bytesOut: 99 };
  const reservedBytes = (index: number) => (index === 2 ? 5000 : 0);
  const counted = meter.counters(7, task, {
    reservedBytes,
    heldValues: (index) => (index === 1 ? "unknown" : undefined),
  });
  expect(counted).toEqual({
    "tasks:7": 1,
    "in:7:rows": 4,
    "in:7:bytes": 8,
    "op:7:0:rows": 4,
    "op:7:0:bytes": 32,
    "op:7:0:batches": 2,
    "op:7:0:nanoseconds": 200,
    "max:op:7:0:peak": 24,
    "op:7:1:rows": 8,
    "op:7:1:bytes": 64,
    "op:7:1:batches": 2,
    "op:7:1:nanoseconds": 20,
    "max:op:7:1:thread": 1222,
    "op:7:2:rows": 8,
    "op:7:2:bytes": 99,
    "op:7:2:batches": 0,
    "op:7:2:nanoseconds": 2,
    "max:op:7:2:peak": 5000,
  });
  // Of values nothing is reserved: what is held is told by what came, or by what was made of it.
  const peaks = (held: "given" | "made") =>
    [0, 1, 2].map((index) => {
      const heldValues = () => held;
      return meter.counters(7, task, { reservedBytes, heldValues })[`max:op:7:${index}:peak`];
    });
  expect([peaks("given"), peaks("made")]).toEqual([
    [24, 48, 5000],
    [32, 64, 5000],
  ]);
});
