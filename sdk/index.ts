// The public surface of Millrace: what applications and job modules import.

export { z } from "zod";
export { EngineError, type ErrorCode, type ErrorDetails } from "../proto/errors.ts";
export type { CommittedOutput } from "../proto/plan/bundle.ts";
export type { JobView, LockView } from "../proto/wire/views.ts";
export type { Client } from "./client/client.ts";
export type { ClusterLock } from "./client/held-lock.ts";
export type { LockOptions } from "./client/lock-claim.ts";
export { type ConnectOptions, connect, type S3Options } from "./client/main.ts";
export type { ColumnOf, CsvRow, Sortable } from "./dataset/columns.ts";
export { Dataset } from "./dataset/dataset.ts";
export { defineJob, type Job, type JobOptions } from "./dataset/define-job.ts";
export type { JobLock, JobLockOptions } from "./dataset/job-lock.ts";
export type { Millrace } from "./dataset/millrace.ts";
export type { Reader } from "./dataset/reader.ts";
export type { DatasetWriter } from "./dataset/writer.ts";
