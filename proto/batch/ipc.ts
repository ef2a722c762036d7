// Batches as Arrow IPC bytes: stream format between workers, file format for outputs. Only here is Arrow used.

import {
  Bool,
  type Data,
  type DataType,
  Field,
  Float64,
  Int64,
  makeData,
  Null,
  RecordBatch,
  RecordBatchFileWriter,
  RecordBatchReader,
  RecordBatchStreamWriter,
  Schema,
  Struct,
  TimestampMillisecond,
  Type,
  Utf8,
} from "apache-arrow";
import { assert, EngineError, unreachable } from "../errors.ts";
import { type Batch, type BatchShape, makeBatch } from "./batch.ts";
import type { Column, NullMeaning } from "./column.ts";

const shapeKey = "millrace.shape";
const typeKey = "millrace.type";
const nullsKey = "millrace.nulls";

function arrowType(column: Column): DataType {
  switch (column.type) {
    case "utf8":
    case "json":
      return new Utf8();
    case "float64":
      return new Float64();
    case "int53":
    case "int64":
      return new Int64();
    case "timestamp":
      return new TimestampMillisecond();
    case "bool":
      return new Bool();
    case "null":
      return new Null();
    default:
      return unreachable(column);
  }
}

function fieldOf(column: Column): Field {
  const metadata = new Map<string, string>();
  if (column.type === "int53" || column.type === "json") metadata.set(typeKey, column.type);
  if (column.nulls === "missing") metadata.set(nullsKey, "missing");
  const nullable = column.validity !== undefined || column.type === "null";
  return new Field(column.name, arrowType(column), nullable, metadata);
}

function invalidCount(bits: Uint8Array | undefined, length: number): number {
  let count = 0;
  if (bits === undefined) return 0;
  for (let i = 0; i < length; i++) if (((bits[i >> 3]! >> (i & 7)) & 1) === 0) count++;
  return count;
}

function dataOf(column: Column): Data {
  const { length } = column;
  const nullCount = invalidCount(column.validity, length);
  const nulls = { length, nullCount, nullBitmap: column.validity ?? null };
  switch (column.type) {
    case "utf8":
    case "json":
      return makeData({
        type: new Utf8(),
        ...nulls,
        valueOffsets: column.offsets,
        data: column.values,
      });
    case "float64":
      return makeData({ type: new Float64(), ...nulls, data: column.values });
    case "int53":
    case "int64":
      return makeData({ type: new Int64(), ...nulls, data: column.values });
    case "timestamp":
      return makeData({ type: new TimestampMillisecond(), ...nulls, data: column.values });
    case "bool":
      return makeData({ type: new Bool(), ...nulls, data: column.values });
    case "null":
      return makeData({ type: new Null(), length });
    default:
      return unreachable(column);
  }
}

function schemaOf(batch: Batch): Schema {
  return new Schema(batch.columns.map(fieldOf), new Map([[shapeKey, batch.shape]]));
}

function recordBatchOf(batch: Batch, schema: Schema): RecordBatch {
  const struct = makeData({
    type: new Struct(schema.fields),
    length: batch.rows,
    nullCount: 0,
    children: batch.columns.map(dataOf),
  });
  return new RecordBatch(schema, struct);
}

/** One self-contained IPC stream. */
export function batchToStreamBytes(batch: Batch): Uint8Array {
  const writer = new RecordBatchStreamWriter();
  writer.write(recordBatchOf(batch, schemaOf(batch)));
  writer.finish();
  return writer.toUint8Array(true);
}

/** One IPC file. All batches must have the same columns and shape as the first. */
export function batchesToFileBytes(batches: readonly Batch[]): Uint8Array {
  const first = batches[0];
  assert(first !== undefined, "an Arrow file needs at least one batch");
  const fields = first.columns.map((column, index) => {
    const nullable = batches.some((batch) => batch.columns[index]?.validity !== undefined);
    const field = fieldOf(column);
    return nullable ? new Field(field.name, field.type, true, field.metadata) : field;
  });
  const schema = new Schema(fields, new Map([[shapeKey, first.shape]]));
  const writer = new RecordBatchFileWriter();
  for (const batch of batches) writer.write(recordBatchOf(batch, schema));
  writer.finish();
  return writer.toUint8Array(true);
}

function nullsOf(field: Field): NullMeaning {
  return field.metadata.get(nullsKey) === "missing" ? "missing" : "null";
}

function columnOf(field: Field, data: Data): Column {
  const { length } = data;
  assert(data.offset === 0, `column ${field.name} is a slice`);
  const validity = data.nullCount > 0 ? data.nullBitmap : undefined;
  const base = { name: field.name, length, nulls: nullsOf(field), validity: validity ?? undefined };
  const declared = field.metadata.get(typeKey);
  switch (field.type.typeId) {
    case Type.Utf8: {
      const offsets = (data.valueOffsets as Int32Array).subarray(0, length + 1);
      const type = declared === "json" ? "json" : "utf8";
      return { ...base, type, offsets, values: data.values as Uint8Array };
    }
    case Type.Float:
      return {
        ...base,
        type: "float64",
        values: (data.values as Float64Array).subarray(0, length),
      };
    case Type.Int: {
      const type = declared === "int53" ? "int53" : "int64";
      return { ...base, type, values: (data.values as BigInt64Array).subarray(0, length) };
    }
    case Type.Timestamp:
      return {
        ...base,
        type: "timestamp",
        values: (data.values as BigInt64Array).subarray(0, length),
      };
    case Type.Bool:
      return { ...base, type: "bool", values: data.values as Uint8Array };
    case Type.Null:
      return { ...base, validity: undefined, type: "null" };
    default:
      throw new EngineError(
        "MESSAGE_INVALID",
        `column ${field.name} of a batch has the unknown Arrow type ${String(field.type)}`,
      );
  }
}

function shapeOf(schema: Schema): BatchShape {
  const shape = schema.metadata.get(shapeKey);
  if (shape === "scalar" || shape === "record" || shape === "pair") return shape;
  throw new EngineError("MESSAGE_INVALID", `a batch has the unknown shape ${String(shape)}`);
}

/** The batches of one IPC stream or file that an engine wrote; columns are views of the bytes. */
export function batchesOfBytes(bytes: Uint8Array): Batch[] {
  const reader = RecordBatchReader.from(bytes);
  const batches: Batch[] = [];
  for (const record of reader) {
    const shape = shapeOf(record.schema);
    const columns = record.schema.fields.map((field: Field, index: number) => {
      const data = record.data.children[index];
      assert(data !== undefined, `column ${field.name} of a batch has no data`);
      return columnOf(field, data);
    });
    batches.push(makeBatch(shape, columns));
  }
  return batches;
}
