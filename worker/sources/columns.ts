// Sources of typed columns: files of every columnar format, with the columns of their folders.

import { type Batch, makeBatch } from "../../proto/batch/batch.ts";
import type { Column } from "../../proto/batch/column.ts";
import { EngineError, unreachable } from "../../proto/errors.ts";
import { constantColumn, partitionValue, partitionValues } from "../../proto/formats/hive.ts";
import { type Bound, mayBeTrue, type RangeOf } from "../../proto/formats/pruning.ts";
import type { FileRange, SourceProgram, TaskSplit } from "../../proto/plan/program.ts";
import type { Field, Schema } from "../../proto/plan/types.ts";
import { arrowColumns } from "./arrow-columns.ts";
import { csvColumns } from "./csv-columns.ts";
import { ndjsonColumns } from "./ndjson-columns.ts";
import { parquetRange } from "./parquet.ts";
import type { SourceWorld } from "./source.ts";

export type ColumnsProgram = Extract<SourceProgram, { kind: "columns" }>;

/** Where a columnar source hands its batches; `bytes` are those read since the last call. */
export interface BatchSink {
  /** Returns false when no more rows are wanted. */
  pushBatch(batch: Batch, bytes: number): Promise<boolean>;
}

/** What of one file is wanted, without the columns that its folders tell. */
export interface FileSelection {
  readonly range: FileRange;
  readonly program: ColumnsProgram;
  readonly fields: readonly Field[];
  /** All columns that the file may hold, wanted or not. */
  readonly schema: Schema;
}

/** Counts what is read; `take` answers the bytes since it was last asked. */
export interface ByteCount {
  add(bytes: number): void;
  take(): number;
}

function byteCount(): ByteCount {
  let bytes = 0;
  return {
    add: (more) => {
      bytes += more;
    },
    take: () => {
      const taken = bytes;
      bytes = 0;
      return taken;
    },
  };
}

export interface ColumnsWorld extends SourceWorld {
  readonly count: ByteCount;
}

function batchesOf(selection: FileSelection, world: ColumnsWorld): AsyncIterable<Batch> {
  const { format } = selection.program;
  switch (format) {
    case "parquet":
      return parquetRange(selection, world);
    case "arrow":
      return arrowColumns(selection, world);
    case "csv":
      return csvColumns(selection, world);
    case "ndjson":
      return ndjsonColumns(selection, world);
    default:
      return unreachable(format);
  }
}

function wantedFields({ options, columns }: ColumnsProgram): readonly Field[] {
  const { fields } = options.schema;
  if (columns === undefined) return fields;
  return columns.map((name) => {
    const field = fields.find((candidate) => candidate.name === name);
    if (field !== undefined) return field;
    throw new EngineError("INTERNAL", `column "${name}" is wanted, but not in the schema`);
  });
}

/** Columns of the schema that the file's folders tell, with their values. */
function folderValues(program: ColumnsProgram, uri: string): ReadonlyMap<string, unknown> {
  const values = new Map<string, unknown>();
  if (program.options.partitionColumns !== true) return values;
  const texts = partitionValues(uri);
  for (const field of program.options.schema.fields) {
    const text = texts.get(field.name);
    if (text !== undefined) values.set(field.name, partitionValue(field, text));
  }
  return values;
}

function boundOf(value: unknown): Bound | undefined {
  switch (typeof value) {
    case "number":
    case "bigint":
      return value;
    case "boolean":
      return Number(value);
    case "string":
      return new TextEncoder().encode(value);
    default:
      return value instanceof Date ? value.getTime() / 86_400_000 : undefined;
  }
}

/** Whether the folders alone leave out the whole file. */
function isLeftOut(program: ColumnsProgram, values: ReadonlyMap<string, unknown>): boolean {
  if (program.pruning === undefined || values.size === 0) return false;
  const rangeOf: RangeOf = (name) => {
    const field = program.options.schema.fields.find((candidate) => candidate.name === name);
    if (field === undefined || !values.has(name) || field.type.kind === "decimal") return undefined;
    const value = values.get(name);
    const bound = boundOf(value);
    const isNothing = value === null;
    return {
      type: field.type,
      min: bound,
      max: bound,
      mayHaveNulls: isNothing,
      mayHaveValues: !isNothing,
    };
  };
  return !mayBeTrue(program.pruning, rangeOf);
}

/** The batch with the folders' columns in their places. */
function withFolders(
  batch: Batch,
  fields: readonly Field[],
  values: ReadonlyMap<string, unknown>,
): Batch {
  let next = 0;
  const columns = fields.map((field): Column => {
    if (values.has(field.name)) return constantColumn(field, values.get(field.name), batch.rows);
    const column = batch.columns[next++];
    if (column?.name === field.name) return column;
    throw new EngineError("INTERNAL", `column "${field.name}" is missing in a batch`);
  });
  return { ...makeBatch("record", columns), rows: batch.rows };
}

/** What a schema says is never null must not be: later steps rely on it. */
function checkNulls(batch: Batch, fields: readonly Field[], uri: string): void {
  for (const [index, { name, nullable }] of fields.entries()) {
    if (nullable || batch.columns[index]?.validity === undefined) continue;
    throw new EngineError(
      "INPUT_MALFORMED",
      `column "${name}" of ${uri} holds nulls, and the schema says that it has none; declare it nullable`,
      { file: uri },
    );
  }
}

export async function readColumns(
  split: TaskSplit,
  program: ColumnsProgram,
  world: SourceWorld,
  sink: BatchSink,
): Promise<void> {
  const wanted = wantedFields(program);
  const count = byteCount();
  for (const range of split.ranges) {
    world.onFile(range.uri);
    const values = folderValues(program, range.uri);
    if (isLeftOut(program, values)) continue;
    // What the folders tell is in no file, which does not mean that it is null there.
    const inFile = (field: Field): boolean => !values.has(field.name);
    const fields = wanted.filter(inFile);
    const schema = { fields: program.options.schema.fields.filter(inFile) };
    for await (const batch of batchesOf({ range, program, fields, schema }, { ...world, count })) {
      checkNulls(batch, fields, range.uri);
      const whole = values.size === 0 ? batch : withFolders(batch, wanted, values);
      if (!(await sink.pushBatch(whole, count.take()))) return;
    }
  }
}
