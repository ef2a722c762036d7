// What `import … from "millrace"` means inside a compiled job: the definition, and the runtime around it.

export { z } from "zod";
export type { ErrorCode, ErrorDetails } from "../proto/errors.ts";
export { EngineError } from "../proto/errors.ts";
export type { CommittedOutput } from "../proto/plan/bundle.ts";
export type { ColumnOf, CsvRow, Sortable } from "./dataset/columns.ts";
export { Dataset } from "./dataset/dataset.ts";
export { defineJob, type Job, type JobOptions } from "./dataset/define-job.ts";
export type { JobLock, JobLockOptions } from "./dataset/job-lock.ts";
export type { Millrace } from "./dataset/millrace.ts";
export type { CsvLayout, CsvReadOptions, NdjsonReadOptions, Reader } from "./dataset/reader.ts";
export type { DatasetWriter } from "./dataset/writer.ts";
/** For the entry that the bundler puts before a job module. */
export { createBundle } from "./driver/create-bundle.ts";
