// Batches to the bytes of one file, by format. An encoder answers bytes as soon as it has some.

import { type Batch, batchRows, makeBatch } from "../../proto/batch/batch.ts";
import { buildColumnAs } from "../../proto/batch/build-column.ts";
import { type Column, columnType } from "../../proto/batch/column.ts";
import { columnValues } from "../../proto/batch/decode-column.ts";
import { exactCommonType, unifyBatches } from "../../proto/batch/unify.ts";
import { EngineError } from "../../proto/errors.ts";
import { type Pack, type PackingCodec, packerOf } from "../../proto/formats/compression/codecs.ts";
import {
  asNulls,
  columnBytes,
  ParquetWriter,
  schemaOfBatch,
} from "../../proto/formats/parquet/write-file.ts";
import {
  arrowFileBytesMax,
  parquetGroupBytesMax,
  parquetGroupRowsMax,
} from "../../proto/limits/formats.ts";
import { outputWriteBytes } from "../../proto/limits/store.ts";
import type { OutputFormat, WriteOptions } from "../../proto/plan/logical.ts";
import {
  type DataType,
  type Field,
  type Schema,
  sameType,
  typeText,
} from "../../proto/plan/types.ts";
import { checkpointEncoder } from "./checkpoint-file.ts";
import { csvHeader, csvRecords } from "./csv-text.ts";
import { jsonColumns } from "./json-columns.ts";
import { linesOfJson, linesOfText } from "./row-text.ts";

export interface FileEncoder {
  /** Undefined: these rows need a file of their own, as their columns do not fit this one's. */
  add(batch: Batch): readonly Uint8Array[] | undefined;
  finish(): readonly Uint8Array[];
  /** Of the file, about, with what is held back. */
  bytesSoFar(): number;
  /** Whether it holds as much as it may, so that it has to be finished. */
  isFull(): boolean;
}

export function batchBytes(batch: Batch): number {
  return batch.columns.reduce((sum, column) => sum + columnBytes(column), 0);
}

/** Lines of any kind, packed in pieces: members of gzip and frames of zstd follow each other in a file. */
function linesEncoder(encode: (batch: Batch) => string, pack: Pack | undefined): FileEncoder {
  let bytes = 0;
  let held: Buffer[] = [];
  let heldBytes = 0;
  const take = (): readonly Uint8Array[] => {
    if (heldBytes === 0) return [];
    const whole = Buffer.concat(held);
    held = [];
    heldBytes = 0;
    const out = pack === undefined ? whole : pack(whole);
    bytes += out.length;
    return [out];
  };
  return {
    add: (batch) => {
      const lines = Buffer.from(encode(batch), "utf8");
      held.push(lines);
      heldBytes += lines.length;
      return heldBytes >= outputWriteBytes ? take() : [];
    },
    finish: take,
    bytesSoFar: () => bytes + (pack === undefined ? heldBytes : heldBytes / 3),
    isFull: () => false,
  };
}

function textEncoder(batch: Batch): string {
  const [value] = batch.columns;
  if (batch.columns.length === 1 && value !== undefined && batch.shape !== "scalar") {
    return linesOfText(columnValues(value));
  }
  return linesOfText(batchRows(batch));
}

function csvEncoder(options: WriteOptions, pack: Pack | undefined): FileEncoder {
  const { header = true, delimiter = "," } = options;
  let names: readonly string[] | undefined;
  return linesEncoder((batch) => {
    let head = "";
    if (names === undefined) {
      names = batch.columns.map(({ name }) => name);
      if (header) head = csvHeader(names, delimiter);
    } else checkNames(names, batch);
    const byName = new Map(batch.columns.map((column) => [column.name, column]));
    const columns = names.map((name) => byName.get(name) ?? nulls(name, batch.rows));
    return head + csvRecords({ ...makeBatch("record", columns), rows: batch.rows }, delimiter);
  }, pack);
}

function nulls(name: string, rows: number): Column {
  return { name, type: "null", length: rows, nulls: "null", validity: undefined };
}

function checkNames(names: readonly string[], batch: Batch): void {
  const other = batch.columns.find(({ name }) => !names.includes(name));
  if (other !== undefined) throw newColumn(other.name, names);
}

function newColumn(name: string, names: readonly string[]): EngineError {
  return new EngineError(
    "VALUE_UNSUPPORTED",
    `rows have a column "${name}" that earlier rows of the file had not (${names.join(", ")}); ` +
      "declare the columns of the dataset, so that all rows have them",
  );
}

/** Arrow stores one schema, which only all rows together tell where nothing declares it. */
function arrowEncoder(
  heldBytesMax: number,
  fileOf: (batches: readonly Batch[]) => Uint8Array,
): FileEncoder {
  const batches: Batch[] = [];
  let bytes = 0;
  return {
    add: (batch) => {
      batches.push(batch);
      bytes += batchBytes(batch);
      return [];
    },
    finish: () => (batches.length === 0 ? [] : [fileOf(unifyBatches(batches))]),
    bytesSoFar: () => bytes,
    isFull: () => bytes >= Math.min(heldBytesMax, arrowFileBytesMax),
  };
}

/** Whether no value yet told the type of all of it, as of the items of lists that were all empty. */
function isOpen(type: DataType): boolean {
  if (type.kind === "list") return isOpen(type.item.type);
  if (type.kind === "struct") return type.fields.some((field) => isOpen(field.type));
  return type.kind === "null";
}

/** The column as the file has it; undefined where the file's has no type yet. Numbers may be widened. */
function fitted(column: Column | undefined, field: Field, rows: number): Column | undefined {
  if (column === undefined) return asNulls(nulls(field.name, rows), field);
  const type = columnType(column);
  if (sameType(type, field.type)) return column;
  if (type.kind === "null") return asNulls(column, field);
  const common = exactCommonType(field.type, type);
  if (common !== undefined) {
    if (sameType(common, field.type)) {
      return buildColumnAs(field.name, field.type, columnValues(column), "null");
    }
    if (isOpen(field.type)) return undefined;
  }
  throw new EngineError(
    "VALUE_UNSUPPORTED",
    `column "${field.name}" holds ${typeText(type)}, but ${typeText(field.type)} in earlier rows of the file; ` +
      "declare the columns of the dataset, or convert them before they are written",
  );
}

/** Row groups are held as they come, so that their columns are known before the first is written. */
function parquetEncoder(codec: PackingCodec, pack: Pack, heldBytesMax: number): FileEncoder {
  const groupBytesMax = Math.min(heldBytesMax, parquetGroupBytesMax);
  let held: Batch[] = [];
  let heldRows = 0;
  let heldBytes = 0;
  let schema: Schema | undefined;
  let writer: ParquetWriter | undefined;
  const matched = (batch: Batch, { fields }: Schema): Batch | undefined => {
    checkNames(
      fields.map(({ name }) => name),
      batch,
    );
    const byName = new Map(batch.columns.map((column) => [column.name, column]));
    const columns: Column[] = [];
    for (const field of fields) {
      const column = fitted(byName.get(field.name), field, batch.rows);
      if (column === undefined) return undefined;
      columns.push(column);
    }
    return { shape: batch.shape, rows: batch.rows, columns };
  };
  const take = (): readonly Uint8Array[] => {
    if (heldRows === 0) return [];
    const batches = unifyBatches(held);
    held = [];
    heldRows = 0;
    heldBytes = 0;
    schema ??= schemaOfBatch(batches[0]!);
    writer ??= new ParquetWriter(schema, codec, pack);
    return [...batches.flatMap((batch) => writer!.write(batch)), ...writer.flush()];
  };
  return {
    add: (batch) => {
      const own = schema === undefined ? batch : matched(batch, schema);
      if (own === undefined) return undefined;
      held.push(own);
      heldRows += batch.rows;
      heldBytes += batchBytes(batch);
      return heldRows >= parquetGroupRowsMax || heldBytes >= groupBytesMax ? take() : [];
    },
    finish: () => [...take(), ...(writer?.finish() ?? [])],
    bytesSoFar: () => (writer?.bytesSoFar ?? 0) + heldBytes / 3,
    isFull: () => false,
  };
}

/** A function that makes an encoder for each file. `heldBytesMax`: of rows that wait until they are encoded together. */
export async function encodersOf(
  format: OutputFormat,
  options: WriteOptions,
  heldBytesMax: number,
): Promise<() => FileEncoder> {
  const { compression, schema } = options;
  if (format === "checkpoint") return () => checkpointEncoder(schema);
  if (format === "arrow") {
    // Late: its library takes as long to load as a small job to run.
    const { batchesToFileBytes } = await import("../../proto/batch/ipc.ts");
    return () => arrowEncoder(heldBytesMax, batchesToFileBytes);
  }
  if (format === "parquet") {
    const codec = compression ?? "snappy";
    const pack = await packerOf(codec);
    return () => parquetEncoder(codec, pack, heldBytesMax);
  }
  const packed = compression === "gzip" || compression === "zstd" ? compression : undefined;
  const pack = packed === undefined ? undefined : await packerOf(packed);
  switch (format) {
    case "text":
      return () => linesEncoder(textEncoder, pack);
    case "ndjson":
      return () => linesEncoder((batch) => linesOfJson(batchRows(jsonColumns(batch))), pack);
    case "csv":
      return () => csvEncoder(options, pack);
  }
}
