// The public surface of Millrace: what applications and job modules import.

export { z } from "zod";
export { EngineError, type ErrorCode, type ErrorDetails } from "../proto/errors.ts";
export type { CommittedOutput } from "../proto/plan/bundle.ts";
export { Dataset } from "./dataset/dataset.ts";
export { defineJob, type Job, type JobOptions } from "./dataset/define-job.ts";
export type { Millrace } from "./dataset/millrace.ts";
