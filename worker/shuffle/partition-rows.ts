// Decides the partition of rows: by hash of a column, or by ranges of a sort key.

import { assert, EngineError } from "../../proto/errors.ts";
import type { SortKey } from "../../proto/plan/logical.ts";
import { partitionOf } from "../kernels/stable-hash.ts";
import { hashKey } from "../operators/canonical.ts";
import { cellAt } from "../operators/cells.ts";
import { compareKeyed, type KeyReader } from "../operators/sort-keys.ts";
import {
  enterUser,
  leaveUser,
  type UserCode,
  unsupported,
  userFailure,
} from "../operators/user-code.ts";

/** The partition of each row, in order. */
export type Partitioner = (rows: readonly unknown[]) => ArrayLike<number>;

function keyOfRow(row: unknown, column: "value" | "key"): unknown {
  if (column === "key" && Array.isArray(row) && row.length === 2) return row[0];
  if (column === "value" && typeof row === "object" && row !== null && "value" in row) {
    return row.value;
  }
  throw new EngineError("INTERNAL", `a row to be split by ${column} has no such column`);
}

export function hashPartitioner(column: "value" | "key", partitions: number): Partitioner {
  return (rows) => {
    const out = new Uint16Array(rows.length);
    if (partitions === 1) return out;
    for (let i = 0; i < rows.length; i++) {
      out[i] = partitionOf(hashKey(keyOfRow(rows[i], column)), partitions);
    }
    return out;
  };
}

/** By the number that the user's function answers, modulo the partitions. */
export function closurePartitioner(
  closure: (row: unknown) => unknown,
  partitions: number,
  index: number,
  user: UserCode,
): Partitioner {
  const { ints } = user.cells;
  let base = 0;
  return (rows) => {
    const out = new Uint16Array(rows.length);
    enterUser(user, index);
    try {
      for (let i = 0; i < rows.length; i++) {
        ints[cellAt.row] = base + i;
        const answer = closure(rows[i]);
        if (!Number.isSafeInteger(answer)) {
          throw unsupported(
            `the function of partitionBy returned ${String(answer)}; it must return a whole number`,
          );
        }
        const rest = (answer as number) % partitions;
        out[i] = rest < 0 ? rest + partitions : rest;
      }
    } catch (thrown) {
      throw userFailure(user, thrown);
    }
    leaveUser(user);
    base += rows.length;
    return out;
  };
}

/** A row goes to the range after all bounds that come before it. */
export function rangePartitioner(
  direction: SortKey["direction"],
  readKeys: KeyReader,
  bounds: readonly unknown[],
  partitions: number,
): Partitioner {
  assert(bounds.length < partitions, `${bounds.length} bounds for ${partitions} ranges`);
  const compare = compareKeyed(direction);
  const boundKeys = readKeys(bounds);
  return (rows) => {
    const keys = readKeys(rows);
    const out = new Uint16Array(rows.length);
    for (let i = 0; i < rows.length; i++) {
      let low = 0;
      let high = bounds.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (compare(boundKeys[middle], bounds[middle], keys[i], rows[i]) < 0) low = middle + 1;
        else high = middle;
      }
      out[i] = low;
    }
    return out;
  };
}

/** Every n-th row, n doubling as rows come: from `samplesMax` to twice as many, the same on every attempt. */
export class StrideSample {
  private readonly samplesMax: number;
  private samples: unknown[] = [];
  private stride = 1;
  private seen = 0;

  constructor(samplesMax: number) {
    this.samplesMax = samplesMax;
  }

  add(rows: readonly unknown[]): void {
    let at = (this.stride - (this.seen % this.stride)) % this.stride;
    for (; at < rows.length; at += this.stride) {
      this.samples.push(rows[at]);
      if (this.samples.length < 2 * this.samplesMax) continue;
      this.samples = this.samples.filter((_, index) => index % 2 === 0);
      // The next sample is one new stride after the last that was kept.
      this.stride *= 2;
      at -= this.stride / 2;
    }
    this.seen += rows.length;
  }

  take(): readonly unknown[] {
    return this.samples;
  }
}
