// Turns a job's definition into what a compiled module exports.

import type { JobBundle } from "../../proto/plan/bundle.ts";
import type { Job } from "../dataset/define-job.ts";
import { describeParams } from "./describe.ts";
import { drive } from "./drive.ts";
import { parseFlags } from "./flags.ts";
import { parseParams } from "./params.ts";
import { replay } from "./replay.ts";

export function createBundle(job: Job): JobBundle {
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
