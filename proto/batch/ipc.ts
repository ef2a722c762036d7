// Batches as Arrow IPC bytes: stream format between workers, file format for outputs.

import {
  AsyncByteQueue,
  type Field,
  makeData,
  RecordBatch,
  RecordBatchFileWriter,
  RecordBatchReader,
  RecordBatchStreamWriter,
  RecordBatchWriter,
  Schema,
  Struct,
} from "apache-arrow";
import { assert, EngineError } from "../errors.ts";
import { dataOf } from "./arrow-data.ts";
import { columnOf } from "./arrow-read.ts";
import { fieldOfColumn } from "./arrow-types.ts";
import { type Batch, type BatchShape, makeBatch } from "./batch.ts";

const shapeKey = "millrace.shape";

function schemaOf(batch: Batch): Schema {
  const fields = batch.columns.map((column) =>
    fieldOfColumn(column, column.validity !== undefined || column.type === "null"),
  );
  return new Schema(fields, new Map([[shapeKey, batch.shape]]));
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

/**
 * Gathers what a writer writes. The library's own way joins pieces that share a buffer and so loses the second of
 * two columns that are the same (`select(a as b, a as c)`).
 */
class Pieces extends AsyncByteQueue {
  private readonly pieces: Uint8Array[] = [];
  private bytes = 0;

  override write(piece: ArrayBufferLike | ArrayBufferView): void {
    const bytes = ArrayBuffer.isView(piece)
      ? new Uint8Array(piece.buffer, piece.byteOffset, piece.byteLength)
      : new Uint8Array(piece);
    this.pieces.push(bytes);
    this.bytes += bytes.length;
  }

  joined(): Uint8Array {
    const out = new Uint8Array(this.bytes);
    let at = 0;
    for (const piece of this.pieces) {
      out.set(piece, at);
      at += piece.length;
    }
    return out;
  }
}

const { _writeSchema: writeSchemaMessage } = RecordBatchWriter.prototype as unknown as {
  _writeSchema(this: RecordBatchWriter, schema: Schema): unknown;
};

/**
 * A file is a stream between its marks, with the schema in front, as some readers go through it (DuckDB). The library
 * leaves that out, since it reads the schema in the footer.
 */
class FileWriter extends RecordBatchFileWriter {
  protected override _writeSchema(schema: Schema): this {
    super._writeSchema(schema);
    writeSchemaMessage.call(this, schema);
    return this;
  }
}

function written(
  writer: RecordBatchStreamWriter | RecordBatchFileWriter,
  batches: readonly RecordBatch[],
): Uint8Array {
  const pieces = new Pieces();
  writer.reset(pieces);
  for (const batch of batches) writer.write(batch);
  writer.finish();
  return pieces.joined();
}

/** One self-contained IPC stream. */
export function batchToStreamBytes(batch: Batch): Uint8Array {
  return written(new RecordBatchStreamWriter(), [recordBatchOf(batch, schemaOf(batch))]);
}

/** One IPC file. All batches must have the same columns and shape as the first. */
export function batchesToFileBytes(batches: readonly Batch[]): Uint8Array {
  return batchesToBytes(new FileWriter(), batches);
}

/** The same as one IPC stream. */
export function batchesToStreamBytes(batches: readonly Batch[]): Uint8Array {
  return batchesToBytes(new RecordBatchStreamWriter(), batches);
}

function batchesToBytes(
  writer: RecordBatchStreamWriter | RecordBatchFileWriter,
  batches: readonly Batch[],
): Uint8Array {
  const first = batches[0];
  assert(first !== undefined, "an Arrow file needs at least one batch");
  const fields = first.columns.map((column, index) => {
    const nullable = batches.some((batch) => {
      const own = batch.columns[index];
      return own?.validity !== undefined || own?.type === "null";
    });
    return fieldOfColumn(column, nullable);
  });
  const schema = new Schema(fields, new Map([[shapeKey, first.shape]]));
  return written(
    writer,
    batches.map((batch) => recordBatchOf(batch, schema)),
  );
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
