// What tests of jobs import: `import { testJob } from "millrace/testing"`.

export { type TestedJob, type TestJobOptions, testJob } from "./test-job.ts";
