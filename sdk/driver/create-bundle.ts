// Turns a job's definition into what a compiled module exports.

import { EngineError } from "../../proto/errors.ts";
import type { JobBundle } from "../../proto/plan/bundle.ts";
import { isJob } from "../dataset/define-job.ts";
import { describeParams } from "./describe.ts";
import { drive } from "./drive.ts";
import { parseFlags } from "./flags.ts";
import { parseParams } from "./params.ts";
import { replay } from "./replay.ts";

/** `job`: the module's default export, whatever it is. Throws JOB_MODULE_NO_DEFAULT when it is no job. */
export function createBundle(job: unknown): JobBundle {
  if (!isJob(job)) {
    throw new EngineError(
      "JOB_MODULE_NO_DEFAULT",
      "the module's default export was not made by defineJob; write `export default defineJob({ … })`",
    );
  }
  return {
    describe: () => ({
      name: job.name,
      params: describeParams(job.params).fields.map(
        ({ kind: _kind, isList: _isList, ...field }) => field,
      ),
    }),
    parseFlags: (flags) => parseFlags(job.params, flags),
    checkParams: (paramsJson) => void parseParams(job.params, paramsJson),
    drive: (context, host) => drive(job, context, host),
    replay: (request) => replay(job, request),
  };
}
