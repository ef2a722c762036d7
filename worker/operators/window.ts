// window: a column more for each window, of the rows around each row. Rows keep their order.

import { type Batch, makeBatch } from "../../proto/batch/batch.ts";
import type { Column } from "../../proto/batch/column.ts";
import type { NamedWindow, WindowCall } from "../../proto/plan/expr.ts";
import { gather } from "../kernels/columns/gather.ts";
import { GroupIndex } from "../kernels/columns/group-index.ts";
import type { OperatorMemory } from "../memory/task-memory.ts";
import { evaluator, orderOf } from "./evaluate.ts";
import { HeldRows } from "./sort-by.ts";
import { columnStage, pushPieces, type Stage } from "./stage.ts";
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

export function windowStage(
  windows: readonly NamedWindow[],
  _memory: OperatorMemory,
  next: Stage,
): Stage {
  const held = new HeldRows();
  return columnStage(next, (batch) => held.add(batch), {
    wantsMore: () => true,
    finish: function* () {
      const whole = held.take();
      if (whole === undefined) return;
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
      yield* pushPieces(makeBatch("record", [...whole.columns, ...columns]), next);
    },
  });
}
