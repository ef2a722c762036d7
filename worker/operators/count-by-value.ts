// countByValue: how often each distinct value occurs. Strings take the kernel, other values a table.

import { type Batch, batchRows, isCountBatch, makeBatch } from "../../proto/batch/batch.ts";
import { countColumn, type TextColumn, textColumn } from "../../proto/batch/column.ts";
import { integersToNumbers } from "../../proto/batch/decode-column.ts";
import { EngineError } from "../../proto/errors.ts";
import {
  batchRowsMax,
  chunkRowsMax,
  partialEntriesMax,
  partialTextBytesMax,
} from "../../proto/limits.ts";
import { StringCounter } from "../kernels/string-counter.ts";
import type { OperatorMemory } from "../memory/task-memory.ts";
import { floatColumn } from "./aggregates/accumulator.ts";
import { DividedGroups } from "./aggregates/divided-groups.ts";
import { type GroupsProgram, statesBatch } from "./aggregates/groups.ts";
import { KeyedState } from "./keyed/keyed-state.ts";
import { pushBatchAsRows, pushPieces, type Stage } from "./stage.ts";

interface CountRow {
  readonly value: unknown;
  readonly count: number;
}

/** Counts of values that are no strings. */
function otherCounts(memory: OperatorMemory): KeyedState<number> {
  return new KeyedState(
    {
      first: (count) => count as number,
      add: (sum, count) => sum + (count as number),
      valuesOf: (sum) => [[sum, 0]],
      keepsValues: false,
    },
    memory.beside(),
  );
}

function* drainOthers(others: KeyedState<number>, next: Stage): Iterable<void> {
  let rows: CountRow[] = [];
  const pairs = others.drain(
    (count) => count,
    (add) => add(),
  );
  for (const [value, count] of pairs) {
    rows.push({ value, count: count as number });
    if (rows.length < chunkRowsMax) continue;
    next.push(rows);
    rows = [];
    yield;
  }
  if (rows.length > 0) next.push(rows);
  yield;
}

/** Hands on all counts of strings as columns, by partition where the next stage splits by value. */
function* drainStrings(strings: StringCounter, next: Stage): Iterable<void> {
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
}

/** Values in, `{ value, count }` out; the same value may come out more than once. */
export function countPartialStage(memory: OperatorMemory, next: Stage): Stage {
  const strings = new StringCounter();
  const others = otherCounts(memory);
  const bytesMax = Math.min(partialTextBytesMax, memory.ownBytes);
  let unchecked = 0;
  function* drain(): Iterable<void> {
    yield* drainStrings(strings, next);
    yield* drainOthers(others, next);
    memory.resize(0);
  }
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
    // Bounds of its own come first: how far a budget reaches depends on other tasks, and the blocks must not.
    const isMuch =
      strings.bytesUsed > bytesMax || others.bytes > bytesMax || others.size > partialEntriesMax;
    if (isMuch || !memory.resize(strings.bytesUsed) || !others.reserve()) for (const _ of drain());
  };
  return {
    push,
    pushBatch: pushBatchAsRows({ push }),
    wantsMore: () => true,
    finish: drain,
    takesSmall: true,
  };
}

function isCountRow(row: unknown): row is CountRow {
  return typeof row === "object" && row !== null && typeof (row as CountRow).count === "number";
}

const asGroups: GroupsProgram = {
  keys: [{ name: "value", expr: { kind: "column", name: "value" } }],
  aggregates: [{ name: "count", call: { function: "count", args: [], distinct: false } }],
};

/** Counts of strings, each once: in a table while it is small, then as groups, which can spill. */
class StringTotals {
  private readonly memory: OperatorMemory;
  private readonly bytesMax: number;
  private strings: StringCounter | undefined = new StringCounter();
  private groups: DividedGroups | undefined;

  constructor(memory: OperatorMemory) {
    this.memory = memory;
    // Fixed, since the order of what comes out depends on it.
    this.bytesMax = Math.min(partialTextBytesMax, memory.ownBytes);
  }

  add(values: TextColumn, counts: Float64Array): void {
    if (this.strings === undefined) return this.addGroups(values, counts);
    this.strings.addUtf8(values.values, values.offsets, counts);
    const bytes = this.strings.bytesUsed;
    if (bytes <= this.bytesMax && this.memory.resize(bytes)) return;
    const parts = this.strings.drain(1);
    this.strings = undefined;
    for (const part of parts) {
      this.addGroups(textColumn("value", part.offsets, part.bytes), part.counts);
    }
  }

  private addGroups(values: TextColumn, counts: Float64Array): void {
    this.groups ??= new DividedGroups(asGroups, this.memory);
    const states = [[floatColumn(counts, counts.length, undefined)]];
    this.groups.add(statesBatch(asGroups, [{ ...values, name: "value" }], states));
  }

  *drain(next: Stage): Iterable<void> {
    if (this.strings !== undefined) yield* drainStrings(this.strings, next);
    for (const batch of this.groups?.results() ?? []) yield* pushPieces(batch, next);
    this.memory.resize(0);
  }
}

/** `{ value, count }` in and out, each value once. */
export function countFinalStage(memory: OperatorMemory, next: Stage): Stage {
  const strings = new StringTotals(memory);
  const others = otherCounts(memory);
  const push = (rows: readonly unknown[]): void => {
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i];
      if (!isCountRow(row)) {
        throw new EngineError("INTERNAL", "the input of countByValue holds a row that is no count");
      }
      others.add(row.value, row.count);
    }
    others.settle();
  };
  const pushBatch = (batch: Batch): void => {
    const [values, counts] = batch.columns;
    const fits = isCountBatch(batch) && values?.type === "utf8" && values.validity === undefined;
    if (!fits || counts?.type !== "int53") return push(batchRows(batch));
    strings.add(values, integersToNumbers(counts.values));
  };
  return {
    push,
    pushBatch,
    wantsMore: () => true,
    finish: function* () {
      yield* strings.drain(next);
      yield* drainOthers(others, next);
    },
    takesSmall: true,
  };
}
