// What `import … from "millrace"` means inside a job module: small, and free of everything but the job.

export { z } from "zod";
export { EngineError } from "../proto/errors.ts";
export { Dataset } from "./dataset/dataset.ts";
export { defineJob, type Job, type JobOptions } from "./dataset/define-job.ts";
export type { Millrace } from "./dataset/millrace.ts";
export { createBundle } from "./driver/create-bundle.ts";
