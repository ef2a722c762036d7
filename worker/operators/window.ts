// window: a column more for each window, of the rows around each row. Rows keep their order.

import { type Batch, makeBatch } from "../../proto/batch/batch.ts";
import type { Column } from "../../proto/batch/column.ts";
import { heldBytesMax } from "../../proto/limits/memory.ts";
import type { NamedWindow, WindowCall } from "../../proto/plan/expr.ts";
import { gather } from "../kernels/columns/gather.ts";
import { GroupIndex } from "../kernels/columns/group-index.ts";
import { batchBytes } from "../memory/batch-bytes.ts";
import type { OperatorMemory } from "../memory/task-memory.ts";
import { evaluator, orderOf } from "./evaluate.ts";
import { HeldRows } from "./sort-by.ts";
import { columnStage, pushPieces, type Stage } from "./stage.ts";
import { SpilledWindow } from "./windows/spilled-window.ts";
import { type WindowOrder, windowOrder } from "./windows/window-order.ts";
import { windowValues } from "./windows/window-values.ts";

function groupsOf(batch: Batch, call: WindowCall): Int32Array {
  if (call.partitionBy.length === 0) return new Int32Array(batch.rows);
  const keys = call.partitionBy.map((expr) => evaluator(expr)(batch));
  return new GroupIndex().add(keys, batch.rows);
}

function windowColumn(batch: Batch, { name, call }: NamedWindow, order: WindowOrder): Column {
  const args = call.args.map((arg) => gather(evaluator(arg)(batch), order.rows));
  const values = windowValues(call, args, order);
  const placeOfRow = new Int32Array(batch.rows);
  for (let place = 0; place < placeOfRow.length; place++) placeOfRow[order.rows[place]!] = place;
  return { ...gather(values, placeOfRow), name };
}

/** The batch with a column more for each window; it must hold all rows of its partitions. */
function* windowColumns(whole: Batch, windows: readonly NamedWindow[]): Generator<void, Batch> {
  // Windows over the same rows in the same order share it.
  const orders = new Map<string, WindowOrder>();
  const columns: Column[] = [];
  for (const window of windows) {
    const { partitionBy, orderBy } = window.call;
    const text = JSON.stringify([partitionBy, orderBy]);
    let order = orders.get(text);
    if (order === undefined) {
      order = windowOrder(groupsOf(whole, window.call), orderOf(orderBy)(whole));
      orders.set(text, order);
    }
    columns.push(windowColumn(whole, window, order));
    yield;
  }
  return makeBatch("record", [...whole.columns, ...columns]);
}

/** All steps at once. */
function finished<Answer>(steps: Generator<void, Answer>): Answer {
  let step = steps.next();
  while (step.done !== true) step = steps.next();
  return step.value;
}

/** Rows as they came, once more as one batch, in their order, and with their windows. */
const bytesPerRow = 96;
const windowBytes = (bytes: number, rows: number) => 4 * bytes + bytesPerRow * rows;

/** Windows in groups that are partitioned by the same: each group is divided by what it is partitioned by. */
function groupsByPartition(windows: readonly NamedWindow[]): NamedWindow[][] {
  const groups = new Map<string, NamedWindow[]>();
  for (const window of windows) {
    const text = JSON.stringify(window.call.partitionBy);
    const group = groups.get(text);
    if (group === undefined) groups.set(text, [window]);
    else group.push(window);
  }
  return [...groups.values()];
}

function spilledWindow(windows: readonly NamedWindow[], memory: OperatorMemory): SpilledWindow {
  const evaluators = windows[0]!.call.partitionBy.map(evaluator);
  return new SpilledWindow({
    memory,
    windowBytes,
    keysOf: (batch) => evaluators.map((evaluate) => evaluate(batch)),
    withWindows: (batch) => finished(windowColumns(batch, windows)),
  });
}

/** The columns of the windows in the order in which they were asked for. */
function inOrder(batch: Batch, windows: readonly NamedWindow[], ownColumns: number): Batch {
  const made = batch.columns.slice(ownColumns);
  const byName = new Map(made.map((column) => [column.name, column]));
  const own = batch.columns.slice(0, ownColumns);
  return { ...batch, columns: [...own, ...windows.map(({ name }) => byName.get(name)!)] };
}

export function windowStage(
  windows: readonly NamedWindow[],
  memory: OperatorMemory,
  next: Stage,
): Stage {
  const held = new HeldRows();
  const groups = groupsByPartition(windows);
  let bytes = 0;
  let spilled: SpilledWindow | undefined;
  const add = (batch: Batch): void => {
    bytes += batchBytes(batch);
    held.add(batch);
    const isHeld =
      spilled === undefined &&
      bytes <= heldBytesMax &&
      memory.resize(windowBytes(bytes, held.rows));
    if (isHeld) return;
    memory.resize(0);
    spilled ??= spilledWindow(groups[0]!, memory);
    spilled.add(held.take()!);
  };
  return columnStage(next, add, {
    wantsMore: () => true,
    finish: function* () {
      if (spilled === undefined) {
        const whole = held.take();
        if (whole !== undefined) yield* pushPieces(yield* windowColumns(whole, windows), next);
        return;
      }
      let rows = spilled.results();
      for (const group of groups.slice(1)) {
        const after = spilledWindow(group, memory.beside());
        for (const batch of rows) {
          after.add(batch);
          yield;
        }
        rows = after.results();
      }
      for (const batch of rows) {
        if (!next.wantsMore()) return;
        next.pushBatch(inOrder(batch, windows, batch.columns.length - windows.length));
        yield;
      }
    },
  });
}
