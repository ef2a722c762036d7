// conform: rows as columns of a schema. What a type can hold is converted; the first value that does not fit
// ends the job, named with its column and row.

import { type Batch, makeBatch } from "../../proto/batch/batch.ts";
import { buildColumnAs } from "../../proto/batch/build-column.ts";
import { type Column, columnType, isValid } from "../../proto/batch/column.ts";
import { parseDecimal } from "../../proto/batch/decimal.ts";
import { columnValues } from "../../proto/batch/decode-column.ts";
import { EngineError } from "../../proto/errors.ts";
import {
  commonType,
  type DataType,
  type Field,
  fieldText,
  type Schema,
  sameType,
  typeText,
} from "../../proto/plan/types.ts";
import { columnOf } from "../kernels/columns/concat.ts";
import { plainText, widen } from "../kernels/columns/widen.ts";
import { columnStage, type Stage } from "./stage.ts";

/** Where a batch stands, for errors. */
export interface ConformPlace {
  readonly operator: string;
  readonly partition: number;
  /** Number of the first row of the batch. */
  readonly firstRow: number;
}

const noFit = Symbol("does not fit");

function wholeNumber(value: unknown, min: number, max: number): unknown {
  const number = typeof value === "bigint" ? Number(value) : value;
  if (typeof number !== "number" || !Number.isInteger(number)) return noFit;
  return number >= min && number <= max ? number : noFit;
}

const maxSafe = Number.MAX_SAFE_INTEGER;

function bigWhole(value: unknown): unknown {
  if (typeof value === "number") return Number.isSafeInteger(value) ? BigInt(value) : noFit;
  return typeof value === "bigint" && BigInt.asIntN(64, value) === value ? value : noFit;
}

function decimal(value: unknown, precision: number, scale: number): unknown {
  if (typeof value !== "number" && typeof value !== "bigint" && typeof value !== "string") {
    return noFit;
  }
  return parseDecimal(String(value), precision, scale) === undefined ? noFit : String(value);
}

function list(value: unknown, item: Field): unknown {
  if (!Array.isArray(value)) return noFit;
  const items = value.map((one) => conformed(one, item));
  return items.includes(noFit) ? noFit : items;
}

function struct(value: unknown, fields: readonly Field[]): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return noFit;
  const out: Record<string, unknown> = {};
  for (const field of fields) {
    const own = Object.hasOwn(value, field.name)
      ? (value as Record<string, unknown>)[field.name]
      : undefined;
    const found = conformed(own, field);
    if (found === noFit) return noFit;
    out[field.name] = found;
  }
  return out;
}

const isDate = (value: unknown): value is Date =>
  value instanceof Date && Number.isFinite(value.getTime());

/** The value as the type has it, or `noFit`. */
function ofType(value: unknown, type: DataType): unknown {
  switch (type.kind) {
    case "bool":
      return typeof value === "boolean" ? value : noFit;
    case "int32":
      return wholeNumber(value, -(2 ** 31), 2 ** 31 - 1);
    case "int53":
      return wholeNumber(value, -maxSafe, maxSafe);
    case "int64":
      return bigWhole(value);
    case "float64":
      if (typeof value === "bigint") return BigInt(Number(value)) === value ? Number(value) : noFit;
      return typeof value === "number" ? value : noFit;
    case "utf8":
      return typeof value === "string" ? value : noFit;
    case "binary":
      return value instanceof Uint8Array ? value : noFit;
    case "date":
      return isDate(value) && value.getTime() % 86_400_000 === 0 ? value : noFit;
    case "timestamp":
      return isDate(value) ? value : noFit;
    case "decimal":
      return decimal(value, type.precision, type.scale);
    case "list":
      return list(value, type.item);
    case "struct":
      return struct(value, type.fields);
    case "null":
      return noFit;
    default:
      return value;
  }
}

function conformed(value: unknown, { type, nullable }: Field): unknown {
  if (value === null || value === undefined) return nullable ? null : noFit;
  return ofType(value, type);
}

function shown(value: unknown): string {
  if (value === null || value === undefined) return "null";
  if (typeof value === "string") return JSON.stringify(value.slice(0, 100));
  if (typeof value === "bigint") return `${value}n`;
  return value instanceof Date ? value.toISOString() : String(JSON.stringify(value)).slice(0, 100);
}

function misfit(field: Field, row: number, value: unknown, place: ConformPlace): EngineError {
  const { operator, partition, firstRow } = place;
  return new EngineError(
    "INPUT_MALFORMED",
    `column ${field.name}: ${shown(value)} does not fit ${fieldText(field)}; ` +
      "change the declared type, or convert the value before",
    { operator, partition, row: firstRow + row },
  );
}

function byValue(column: Column, field: Field, place: ConformPlace): Column {
  const values = columnValues(column);
  const out = new Array<unknown>(values.length);
  for (let row = 0; row < values.length; row++) {
    const value = conformed(values[row], field);
    if (value === noFit) throw misfit(field, row, values[row], place);
    out[row] = value;
  }
  return buildColumnAs(field.name, field.type, out, "null");
}

/** Whether each value of the one type has its own in the other, and it is not the nullability that counts. */
function widens(from: DataType, to: DataType): boolean {
  if (to.kind === "json" || to.kind === "list" || to.kind === "struct") return false;
  // Beyond 2^53 a float64 is no longer the same number.
  if (to.kind === "float64" && (from.kind === "int64" || from.kind === "decimal")) return false;
  if (to.kind === "decimal") return false;
  const common = commonType(from, to);
  return common !== undefined && sameType(common, to);
}

function conformColumn(column: Column, field: Field, place: ConformPlace): Column {
  const type = columnType(column);
  const isKnown = sameType(type, field.type) || widens(type, field.type);
  if (!isKnown || type.kind === "list" || type.kind === "struct") {
    return byValue(column, field, place);
  }
  if (!field.nullable && (column.validity !== undefined || column.type === "null")) {
    for (let row = 0; row < column.length; row++) {
      if (!isValid(column, row)) throw misfit(field, row, null, place);
    }
  }
  const typed = sameType(type, field.type) ? column : widen(plainText(column), field.type);
  return { ...typed, name: field.name, nulls: "null" };
}

function checkNames(batch: Batch, schema: Schema, place: ConformPlace): void {
  const { operator, partition, firstRow } = place;
  const names = new Set(batch.columns.map(({ name }) => name));
  const absent = schema.fields.find(({ name, nullable }) => !nullable && !names.has(name));
  if (absent !== undefined && batch.shape === "record" && batch.rows > 0) {
    throw new EngineError(
      "INPUT_MALFORMED",
      `the rows have no field ${absent.name}; they have ${[...names].join(", ")}`,
      { operator, partition, row: firstRow },
    );
  }
  const known = new Set(schema.fields.map(({ name }) => name));
  const extra = batch.columns.find(({ name }) => !known.has(name));
  if (extra === undefined || batch.shape === "record") return;
  throw new EngineError(
    "INPUT_MALFORMED",
    `the rows hold ${typeText(columnType(extra))} where objects with the keys ` +
      `${[...known].join(", ")} belong`,
    { operator, partition, row: firstRow },
  );
}

/** Keys that the schema does not name are left out. */
export function conformBatch(batch: Batch, schema: Schema, place: ConformPlace): Batch {
  checkNames(batch, schema, place);
  return makeBatch(
    "record",
    schema.fields.map((field) => conformColumn(columnOf(batch, field.name), field, place)),
  );
}

export function conformStage(
  schema: Schema,
  operator: string,
  partition: number,
  next: Stage,
): Stage {
  let firstRow = 0;
  return columnStage(next, (batch) => {
    const typed = conformBatch(batch, schema, { operator, partition, firstRow });
    firstRow += batch.rows;
    next.pushBatch(typed);
  });
}
