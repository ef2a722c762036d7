// Steps that look at one row, or one batch, at a time: functions of the user's, and checks of a schema.

import { EngineError } from "../../../proto/errors.ts";
import type { ClosureNode } from "../../../proto/plan/logical.ts";
import type { DataType, Field, Schema } from "../../../proto/plan/types.ts";
import { fieldText, sameType } from "../../../proto/plan/types.ts";
import { type Raw, rawOfRow } from "../expressions/raw-values.ts";
import { answeredBatch, viewedBatch } from "./batches.ts";
import { type ClosureOf, picked, plain, recordOf, rowsOf, type Table, typed } from "./table.ts";

export function closureStep(node: ClosureNode, table: Table, closureOf: ClosureOf): Table {
  switch (node.kind) {
    case "map": {
      const transform = closureOf(node.id);
      return plain(rowsOf(table).map((row) => transform(row)));
    }
    case "flatMap": {
      const transform = closureOf(node.id);
      return plain(rowsOf(table).flatMap((row) => [...(transform(row) as Iterable<unknown>)]));
    }
    case "filter": {
      const keep = closureOf(node.id);
      return picked(
        table,
        rowsOf(table).flatMap((row, place) => (keep(row) ? [place] : [])),
      );
    }
    case "mapPartitions": {
      const transform = closureOf(node.id);
      return plain([...(transform(rowsOf(table).values()) as Iterable<unknown>)]);
    }
    case "mapBatches": {
      if (rowsOf(table).length === 0) return node.schema ? typed(node.schema, []) : plain([]);
      const answer = answeredBatch(closureOf(node.id)(viewedBatch(table)));
      return node.schema === undefined ? answer : conformed(answer, node.schema);
    }
    case "conform":
      return conformed(table, node.schema);
    case "mapAsync":
      throw new EngineError("INTERNAL", "mapAsync is evaluated by mapAsyncStep");
  }
}

export async function mapAsyncStep(
  node: Extract<ClosureNode, { kind: "mapAsync" }>,
  table: Table,
  closureOf: ClosureOf,
): Promise<Table> {
  const transform = closureOf(node.id);
  const rows: unknown[] = [];
  for (const row of rowsOf(table)) rows.push(await transform(row));
  return plain(rows);
}

/** The rows with the columns of a schema. Throws INPUT_MALFORMED for the first value that does not fit. */
export function conformed(table: Table, schema: Schema): Table {
  const records = rowsOf(table).map(recordOf);
  const own = (field: Field): DataType | undefined =>
    table.kind === "typed"
      ? table.schema.fields.find(({ name }) => name === field.name)?.type
      : undefined;
  const rows = records.map((record, place) =>
    Object.fromEntries(
      schema.fields.map((field) => {
        const { name, type } = field;
        const from = own(field);
        // A value of the same type need not be asked, and may be finer than rows can show.
        if (table.kind === "typed" && from !== undefined && sameType(from, type)) {
          const raw = table.rows[place]![name] ?? null;
          return [name, raw === null ? rawFitting(null, field, place) : raw];
        }
        return [name, rawFitting(record[name], field, place)];
      }),
    ),
  );
  return typed(schema, rows);
}

function rawFitting(value: unknown, field: Field, place: number): Raw {
  const isNothing = value === null || value === undefined;
  if (isNothing ? field.nullable : fits(value, field.type)) return rawOfRow(value, field.type);
  throw new EngineError(
    "INPUT_MALFORMED",
    `column ${field.name} of row ${place}: ${String(value)} does not fit ${fieldText(field)}`,
  );
}

function isWhole(value: unknown, bits: bigint): boolean {
  if (typeof value !== "bigint" && !Number.isSafeInteger(value)) return false;
  const whole = BigInt(value as number);
  const limit = 2n ** bits;
  return bits === 53n ? whole > -limit && whole < limit : whole >= -limit && whole < limit;
}

/** Digits that a decimal's text has before and after its point, zeros that say nothing left out. */
function isDecimal(value: unknown, precision: number, scale: number): boolean {
  if (!["number", "bigint", "string"].includes(typeof value)) return false;
  const match = /^[-+]?0*(\d*)(?:\.(\d*?)0*)?$/.exec(String(value));
  if (match === null) return false;
  const [, whole = "", fraction = ""] = match;
  return fraction.length <= scale && whole.length <= precision - scale;
}

function fits(value: unknown, type: DataType): boolean {
  switch (type.kind) {
    case "bool":
      return typeof value === "boolean";
    case "int32":
      return isWhole(value, 31n);
    case "int53":
      return isWhole(value, 53n);
    case "int64":
      return isWhole(value, 63n);
    case "float64":
      return (
        typeof value === "number" || (typeof value === "bigint" && BigInt(Number(value)) === value)
      );
    case "utf8":
      return typeof value === "string";
    case "binary":
      return value instanceof Uint8Array;
    case "date":
      return value instanceof Date && value.getTime() % 86_400_000 === 0;
    case "timestamp":
      return value instanceof Date && Number.isFinite(value.getTime());
    case "decimal":
      return isDecimal(value, type.precision, type.scale);
    case "list":
      return Array.isArray(value) && value.every((item) => fitsField(item, type.item));
    case "struct":
      return (
        typeof value === "object" &&
        value !== null &&
        !Array.isArray(value) &&
        type.fields.every((field) =>
          fitsField((value as Record<string, unknown>)[field.name], field),
        )
      );
    case "null":
      return false;
    default:
      return true;
  }
}

function fitsField(value: unknown, field: Field): boolean {
  return value === null || value === undefined ? field.nullable : fits(value, field.type);
}
