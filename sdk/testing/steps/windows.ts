// Windows: for each row, the rows of its partition in order, and of them those of its frame.

import { EngineError } from "../../../proto/errors.ts";
import type { FrameBound, NamedWindow, WindowCall } from "../../../proto/plan/expr.ts";
import { typeOfExpr, typeOfWindow } from "../../../proto/plan/expr-type.ts";
import { windowFunctions } from "../../../proto/plan/functions/aggregates.ts";
import type { Field, Schema } from "../../../proto/plan/types.ts";
import { evaluateRaw } from "../expressions/evaluate-expr.ts";
import type { Raw } from "../expressions/raw-values.ts";
import { identity } from "../value-order.ts";
import { aggregated } from "./aggregates.ts";
import { comparerOf, stableOrder } from "./sorts.ts";
import { grouped, known, type RawRow, type TypedTable, typed, widened } from "./table.ts";

/** The rows as they were, with a column more for each window. */
export function windowStep(windows: readonly NamedWindow[], table: TypedTable): TypedTable {
  const { schema, rows } = table;
  const made = windows.map(({ call }) => valuesOf(call, rows, schema));
  const fields = windows.map(({ name, call }): Field => {
    return { name, type: known(typeOfWindow(call, schema)), nullable: true };
  });
  const widerRows = rows.map((row, place) => {
    const values = windows.map(({ name }, window) => [name, made[window]![place]]);
    return { ...row, ...Object.fromEntries(values) } as RawRow;
  });
  return typed({ fields: [...schema.fields, ...fields] }, widerRows);
}

function valuesOf(call: WindowCall, rows: readonly RawRow[], schema: Schema): readonly Raw[] {
  const values: Raw[] = [];
  const partitions = grouped(rows, (row) =>
    identity(call.partitionBy.map((expr) => evaluateRaw(expr, row, schema))),
  );
  for (const places of partitions.values()) {
    const partition = partitionOf(call, places, rows, schema);
    for (const [at, place] of partition.places.entries()) {
      values[place] = valueAt(call, partition, at, schema);
    }
  }
  return values;
}

interface Partition {
  readonly rows: readonly RawRow[];
  /** Where each row stood in the input. */
  readonly places: readonly number[];
  /** Numbers the runs of rows that the order does not tell apart, from 0. */
  readonly peers: readonly number[];
}

function partitionOf(
  call: WindowCall,
  places: readonly number[],
  all: readonly RawRow[],
  schema: Schema,
): Partition {
  const compare = comparerOf(call.orderBy, schema);
  const order = stableOrder(
    places.map((place) => all[place]!),
    compare,
  );
  const rows = order.map((at) => all[places[at]!]!);
  const peers: number[] = [];
  for (const [at, row] of rows.entries()) {
    if (at === 0) peers.push(0);
    else peers.push(peers[at - 1]! + (compare(rows[at - 1]!, row) === 0 ? 0 : 1));
  }
  return { rows, places: order.map((at) => places[at]!), peers };
}

function isWithin(distance: number, start: FrameBound, end: FrameBound): boolean {
  const isAfterStart = start.kind === "unbounded" || distance >= start.rows;
  const isBeforeEnd = end.kind === "unbounded" || distance <= end.rows;
  return isAfterStart && isBeforeEnd;
}

function frameOf({ frame }: WindowCall, { rows, peers }: Partition, at: number): readonly RawRow[] {
  const { unit, start, end } = frame;
  return rows.filter((_, other) => {
    const distance = unit === "rows" ? other - at : peers[other]! - peers[at]!;
    return isWithin(distance, start, end);
  });
}

function wholeArgument(call: WindowCall, at: number, usual?: number): number {
  const expr = call.args[at];
  if (expr === undefined && usual !== undefined) return usual;
  const value = expr?.kind === "literal" ? Number(expr.text ?? "NaN") : Number.NaN;
  if (Number.isSafeInteger(value)) return value;
  throw new EngineError("PLAN_INVALID", `${call.function} needs a whole number as a literal`);
}

function valueAt(call: WindowCall, partition: Partition, at: number, schema: Schema): Raw {
  const { rows, peers } = partition;
  const argument = (index: number, row: RawRow | undefined): Raw => {
    const expr = call.args[index];
    return row === undefined || expr === undefined ? null : evaluateRaw(expr, row, schema);
  };
  switch (call.function) {
    case "rowNumber":
      return at + 1;
    case "rank":
      return peers.indexOf(peers[at]!) + 1;
    case "denseRank":
      return peers[at]! + 1;
    case "percentRank":
      return rows.length === 1 ? 0 : peers.indexOf(peers[at]!) / (rows.length - 1);
    case "ntile":
      return tileOf(at, rows.length, wholeArgument(call, 0));
    case "lag":
    case "lead": {
      const rowsAway = wholeArgument(call, 1, 1) * (call.function === "lag" ? -1 : 1);
      const other = rows[at + rowsAway];
      return other === undefined ? usualValue(call, rows[at]!, schema) : argument(0, other);
    }
    case "firstValue":
      return argument(0, frameOf(call, partition, at)[0]);
    case "lastValue":
      return argument(0, frameOf(call, partition, at).at(-1));
    default: {
      if (Object.hasOwn(windowFunctions, call.function)) {
        throw new EngineError("PLAN_INVALID", `there is no window function '${call.function}'`);
      }
      const aggregate = { function: call.function, args: call.args, distinct: false };
      return aggregated(aggregate, frameOf(call, partition, at), schema);
    }
  }
}

/** What `lag` and `lead` answer beyond the partition. */
function usualValue(call: WindowCall, row: RawRow, schema: Schema): Raw {
  const usual = call.args[2];
  if (usual === undefined) return null;
  const raw = evaluateRaw(usual, row, schema);
  return widened(raw, typeOfExpr(usual, schema), typeOfExpr(call.args[0]!, schema));
}

/** The first tiles have one row more where they do not come out even. */
function tileOf(at: number, rows: number, tiles: number): number {
  if (tiles < 1) throw new EngineError("PLAN_INVALID", `ntile of ${tiles} parts`);
  let tile = 1;
  let left = at;
  for (;;) {
    const size = Math.floor(rows / tiles) + (tile <= rows % tiles ? 1 : 0);
    if (left < size) return tile;
    left -= size;
    tile++;
  }
}
