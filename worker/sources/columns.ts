// Sources of typed columns: files of every columnar format, with the columns of their folders.

import { type Batch, makeBatch } from "../../proto/batch/batch.ts";
import type { Column } from "../../proto/batch/column.ts";
import { EngineError, unreachable } from "../../proto/errors.ts";
import { constantColumn, partitionValue, partitionValues } from "../../proto/formats/hive.ts";
import type { ColumnTest } from "../../proto/formats/parquet/row-filter.ts";
import { type Bound, mayBeTrue, type RangeOf } from "../../proto/formats/pruning.ts";
import type { Expr } from "../../proto/plan/expr.ts";
import type { FileRange, SourceProgram, TaskSplit } from "../../proto/plan/program.ts";
import type { Field, Schema } from "../../proto/plan/types.ts";
import type { KeyTest } from "../operators/stage.ts";
import { arrowColumns } from "./arrow-columns.ts";
import { type ColumnTests, columnTests } from "./column-tests.ts";
import { csvColumns } from "./csv-columns.ts";
import { testsOfKeys } from "./key-tests.ts";
import { ndjsonColumns } from "./ndjson-columns.ts";
import { parquetRange } from "./parquet.ts";
import type { SourceWorld } from "./source.ts";

export type ColumnsProgram = Extract<SourceProgram, { kind: "columns" }>;

/** What was read since the last batch, and rows that were left out because of a condition. */
export interface ReadSince {
  readonly bytes: number;
  readonly rowsLeftOut: number;
}

/** Where a columnar source hands its batches. */
export interface BatchSink {
  /** Names of the columns that are read, of which some may be none of the files'; undefined where all are wanted. */
  readonly wants?: ReadonlySet<string> | undefined;
  /** What has to be true of rows: those for which it is not may be left out. */
  readonly condition?: Expr | undefined;
  /** Of columns of which nothing but the condition is wanted, the others; undefined where all are wanted. */
  readonly wantedAfter?: ReadonlySet<string> | undefined;
  /** Rows for which they do not hold may be left out. */
  readonly keyTests?: readonly KeyTest[] | undefined;
  /** Whether nothing of batches that were pushed is used any more. */
  readonly letsGo?: (() => boolean) | undefined;
  /** `isKept`: the condition is true of all rows. Returns false when no more rows are wanted. */
  pushBatch(batch: Batch, since: ReadSince, isKept: boolean): Promise<boolean>;
}

/** What of one file is wanted, without the columns that its folders tell. */
export interface FileSelection {
  readonly range: FileRange;
  readonly program: ColumnsProgram;
  readonly fields: readonly Field[];
  /** All columns that the file may hold, wanted or not. */
  readonly schema: Schema;
  /** Rows for which they do not hold are to be left out; given for formats that can. */
  readonly tests?: readonly ColumnTest[];
  /** Whether nothing of batches so far is used once the next one is asked for. */
  readonly letsGo?: (() => boolean) | undefined;
}

/** Counts what is read; `take` answers what came since it was last asked. */
export interface ReadCount {
  add(bytes: number): void;
  leaveOut(rows: number): void;
  take(): ReadSince;
}

function readCount(): ReadCount {
  let bytes = 0;
  let rowsLeftOut = 0;
  return {
    add: (more) => {
      bytes += more;
    },
    leaveOut: (rows) => {
      rowsLeftOut += rows;
    },
    take: () => {
      const taken = { bytes, rowsLeftOut };
      bytes = 0;
      rowsLeftOut = 0;
      return taken;
    },
  };
}

export interface ColumnsWorld extends SourceWorld {
  readonly count: ReadCount;
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

function fieldsOf({ options, columns }: ColumnsProgram): readonly Field[] {
  const { fields } = options.schema;
  if (columns === undefined) return fields;
  return columns.map((name) => {
    const field = fields.find((candidate) => candidate.name === name);
    if (field !== undefined) return field;
    throw new EngineError("INTERNAL", `column "${name}" is wanted, but not in the schema`);
  });
}

/** A plan has one read for all that read a file, of which each may want other columns. */
function wantedFields(program: ColumnsProgram, { wants }: BatchSink): readonly Field[] {
  const fields = fieldsOf(program);
  if (wants === undefined) return fields;
  const wanted = fields.filter(({ name }) => wants.has(name));
  // Rows without columns have no number.
  return wanted.length > 0 ? wanted : fields.slice(0, 1);
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

/** What of a file is read, and whether its rows are those for which the condition is true. */
interface FileRead {
  readonly selection: FileSelection;
  readonly isKept: boolean;
}

/** What can be asked of the rows of a program's files. */
interface Asked {
  readonly ofCondition: ColumnTests | undefined;
  readonly ofKeys: readonly ColumnTest[];
}

const nothingAsked: Asked = { ofCondition: undefined, ofKeys: [] };

function askedOf({ condition, keyTests = [] }: BatchSink, fields: readonly Field[]): Asked {
  return {
    ofCondition: condition && columnTests(condition, fields),
    ofKeys: testsOfKeys(keyTests, fields),
  };
}

function fileRead(
  selection: FileSelection,
  { ofCondition, ofKeys }: Asked,
  { wantedAfter }: BatchSink,
): FileRead {
  const { fields, program } = selection;
  if (program.format !== "parquet") return { selection, isKept: false };
  const isInFile = ({ field }: ColumnTest) => fields.includes(field);
  const condition = ofCondition?.tests.every(isInFile) === true ? ofCondition : undefined;
  const tests = [...(condition?.tests ?? []), ...ofKeys.filter(isInFile)];
  if (tests.length === 0) return { selection, isKept: false };
  const isKept = condition?.areAll === true;
  const narrow = isKept && wantedAfter !== undefined;
  const wanted = narrow ? fields.filter(({ name }) => wantedAfter.has(name)) : fields;
  return { selection: { ...selection, fields: wanted, tests }, isKept };
}

export async function readColumns(
  split: TaskSplit,
  program: ColumnsProgram,
  world: SourceWorld,
  sink: BatchSink,
): Promise<void> {
  const wanted = wantedFields(program, sink);
  const count = readCount();
  const asked = askedOf(sink, wanted);
  for (const range of split.ranges) {
    world.onFile(range.uri);
    const values = folderValues(program, range.uri);
    if (isLeftOut(program, values)) continue;
    // What the folders tell is in no file, which does not mean that it is null there.
    const inFile = (field: Field): boolean => !values.has(field.name);
    const fields = wanted.filter(inFile);
    const schema = { fields: program.options.schema.fields.filter(inFile) };
    const read = fileRead(
      { range, program, fields, schema, letsGo: sink.letsGo },
      values.size === 0 ? asked : nothingAsked,
      sink,
    );
    const { selection, isKept } = read;
    for await (const batch of batchesOf(selection, { ...world, count })) {
      checkNulls(batch, selection.fields, range.uri);
      const whole = values.size === 0 ? batch : withFolders(batch, wanted, values);
      if (!(await sink.pushBatch(whole, count.take(), isKept))) return;
    }
  }
}
