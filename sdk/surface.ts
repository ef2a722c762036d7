// What jobs are written with: the same to an application that imports `millrace` and inside a compiled job.

export { z } from "zod";
export type { ErrorCode, ErrorDetails } from "../proto/errors.ts";
export { EngineError } from "../proto/errors.ts";
export type { CommittedOutput } from "../proto/plan/bundle.ts";
export type {
  FilterValue,
  PlannedSource,
  SinkWrite,
  SourceFilter,
  SourceRequest,
  SplitAdvice,
  StageAttempt,
  StagedPart,
  TaskAttempt,
  WrittenRows,
} from "../proto/plan/connector.ts";
export type { Aggregate } from "./columns/aggregate.ts";
export type { UnknownColumn } from "./columns/any-column.ts";
export type { BooleanColumn } from "./columns/boolean-column.ts";
export type { ColumnFor, Columns } from "./columns/column-for.ts";
export {
  binary,
  bool,
  type ColumnType,
  type Decimal,
  date,
  decimal,
  float64,
  int32,
  int53,
  int64,
  json,
  list,
  struct,
  timestamp,
  utf8,
} from "./columns/column-type.ts";
export type { DateColumn } from "./columns/date-column.ts";
export type { Expression, SortTerm } from "./columns/expression.ts";
export { asc, col, desc, every, type FreeColumn, lit, some, when } from "./columns/free.ts";
export {
  avg,
  concatWs,
  count,
  countDistinct,
  denseRank,
  makeDate,
  makeList,
  makeStruct,
  makeTimestamp,
  max,
  min,
  ntile,
  percentRank,
  rank,
  rowNumber,
  sum,
} from "./columns/functions.ts";
export type { BinaryColumn, ListColumn, StructColumn } from "./columns/nested-column.ts";
export type { BigintColumn, DecimalColumn, NumberColumn } from "./columns/number-column.ts";
export { type RowOf, type RowSchema, schema } from "./columns/schema.ts";
export type { StringColumn } from "./columns/string-column.ts";
export type { Frame, WindowOptions, WindowValue } from "./columns/window.ts";
export type { Batch, BatchColumn, BatchColumns, SourceColumns } from "./dataset/batch-view.ts";
export type { ColumnOf, CsvRow, Sortable } from "./dataset/columns.ts";
export { Dataset } from "./dataset/dataset.ts";
export { defineJob, type Job, type JobOptions } from "./dataset/define-job.ts";
export type { GroupedDataset, PivotedDataset } from "./dataset/group-steps.ts";
export type { JobLock, JobLockOptions } from "./dataset/job-lock.ts";
export { broadcast } from "./dataset/join-steps.ts";
export type { Millrace } from "./dataset/millrace.ts";
export type {
  CsvInferredOptions,
  CsvLayout,
  CsvReadOptions,
  InferredReadOptions,
  NdjsonReadOptions,
  Reader,
} from "./dataset/reader.ts";
export type { Counter } from "./dataset/session.ts";
export { defineSink, type Sink, type SinkDefinition } from "./dataset/sink.ts";
export { defineSource, type Source, type SourceDefinition } from "./dataset/source.ts";
export type { DatasetWriter } from "./dataset/writer.ts";
