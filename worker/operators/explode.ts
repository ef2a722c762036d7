// explode: each row once for each item of its list, the item in the list's place.

import { type Batch, makeBatch } from "../../proto/batch/batch.ts";
import { buildColumn } from "../../proto/batch/build-column.ts";
import { type Column, columnType, isValid, type ListColumn } from "../../proto/batch/column.ts";
import { columnValues } from "../../proto/batch/decode-column.ts";
import { EngineError } from "../../proto/errors.ts";
import { typeText } from "../../proto/plan/types.ts";
import { columnOf } from "../kernels/columns/concat.ts";
import { gather, gatherOrNull, nullColumn, slice } from "../kernels/columns/gather.ts";
import { columnStage, type Stage } from "./stage.ts";

/** Lists of closure rows are tagged JSON: their items become a column of the narrowest type. */
function listOfJson(column: Column): ListColumn {
  const offsets = new Int32Array(column.length + 1);
  const items: unknown[] = [];
  for (const [row, value] of columnValues(column).entries()) {
    if (Array.isArray(value)) for (const item of value) items.push(item);
    else if (value !== null && value !== undefined) throw notList(column, typeof value);
    offsets[row + 1] = items.length;
  }
  const { name, length, nulls, validity } = column;
  const item = buildColumn("item", items);
  return { type: "list", name, length, nulls, validity, offsets, item };
}

function notList(column: Column, what: string): EngineError {
  return new EngineError(
    "VALUE_UNSUPPORTED",
    `explode needs lists, but column ${column.name} holds ${what}`,
  );
}

function listOf(column: Column): ListColumn {
  if (column.type === "list") return column;
  if (column.type === "json") return listOfJson(column);
  if (column.type !== "null") throw notList(column, typeText(columnType(column)));
  const { name, length, nulls } = column;
  const validity = new Uint8Array((length + 7) >> 3);
  const offsets = new Int32Array(length + 1);
  return { type: "list", name, length, nulls, validity, offsets, item: nullColumn("item", 0) };
}

/** Rows to repeat and items to take; an item of -1 is a null. */
function pairsOf(list: ListColumn, outer: boolean) {
  let count = 0;
  const sizes = new Int32Array(list.length);
  for (let i = 0; i < list.length; i++) {
    const size = isValid(list, i) ? list.offsets[i + 1]! - list.offsets[i]! : 0;
    sizes[i] = size;
    count += size === 0 && outer ? 1 : size;
  }
  const rows = new Int32Array(count);
  const items = new Int32Array(count);
  let at = 0;
  for (let i = 0; i < list.length; i++) {
    if (sizes[i] === 0 && outer) {
      rows[at] = i;
      items[at++] = -1;
    }
    for (let k = 0; k < sizes[i]!; k++) {
      rows[at] = i;
      items[at++] = list.offsets[i]! + k;
    }
  }
  return { rows, items };
}

/** Items of all rows one after the other, where every row has its items in order and none is made up. */
function itemsInOrder(list: ListColumn, outer: boolean): Column | undefined {
  const { offsets, length, validity } = list;
  if (validity !== undefined) return undefined;
  if (outer) for (let i = 0; i < length; i++) if (offsets[i] === offsets[i + 1]) return undefined;
  return slice(list.item, offsets[0]!, offsets[length]!);
}

/** `outer` keeps rows whose list is empty or null, with a null. */
export function explodeStage(name: string, outer: boolean, next: Stage): Stage {
  const explode = (batch: Batch): Batch => {
    const list = listOf(columnOf(batch, name));
    const alone = batch.columns.every((own) => own.name === name);
    const inOrder = alone ? itemsInOrder(list, outer) : undefined;
    if (inOrder !== undefined) return makeBatch("record", [{ ...inOrder, name }]);
    const { rows, items } = pairsOf(list, outer);
    const column = { ...gatherOrNull(list.item, items), name };
    const isOwn = batch.columns.some((own) => own.name === name);
    const columns = batch.columns.map((own) => (own.name === name ? column : gather(own, rows)));
    return makeBatch("record", isOwn ? columns : [...columns, column]);
  };
  return columnStage(next, (batch) => {
    const exploded = explode(batch);
    if (exploded.rows > 0) next.pushBatch(exploded);
  });
}
