// What a compiled job module exports: the job, ready to be described, driven and replayed.

import { EngineError } from "../../proto/errors.ts";
import type {
  ActionOutcome,
  DriverHost,
  InputFile,
  JobBundle,
  JobContext,
  PlannedAction,
} from "../../proto/plan/bundle.ts";
import { planDigest } from "../../proto/plan/digest.ts";
import type { Action, LogicalNode } from "../../proto/plan/logical.ts";
import { planNodes } from "../../proto/plan/text.ts";
import { encodeValue } from "../../proto/plan/values.ts";
import { randomStream } from "../../proto/ports/random.ts";
import { isJob, type Job } from "../dataset/define-job.ts";
import { createMillrace } from "../dataset/millrace.ts";
import { planAction } from "../planner/plan-action.ts";
import { checkParams, describeParams, parseFlags } from "./params.ts";
import { replay } from "./replay.ts";
import { createRunSession, type RunSession } from "./run-session.ts";

function parseJson(paramsJson: string): unknown {
  try {
    return JSON.parse(paramsJson);
  } catch (cause) {
    throw new EngineError("PARAMS_INVALID", "the parameters are not JSON", {}, cause);
  }
}

/** 2^32 values in [0, 1), in the order of the calls: the same for every replay of a job. */
function random(seed: number): () => number {
  const stream = randomStream(seed).child("mr.random");
  return () => stream.nextU32() / 2 ** 32;
}

async function start(job: Job, context: JobContext, session: RunSession): Promise<unknown> {
  const params = checkParams(job.params, parseJson(context.paramsJson));
  const mr = createMillrace(session, context.submittedWallMs, random(context.seed));
  return await job.run(mr, params);
}

function patternOf(node: LogicalNode): string | undefined {
  return "pattern" in node ? node.pattern : undefined;
}

async function inputsOf(action: Action, host: DriverHost): Promise<InputFile[]> {
  const files: InputFile[] = [];
  for (const node of planNodes(action.input)) {
    const pattern = patternOf(node);
    if (pattern !== undefined) files.push(...(await host.listInputs(pattern)));
  }
  return files;
}

/** Runs actions on the cluster, but for those that an earlier driver of the job finished. */
async function drive(job: Job, context: JobContext, host: DriverHost): Promise<string> {
  async function runAction(action: Action, index: number): Promise<ActionOutcome> {
    const recorded = await host.recordedOutcome(index, planDigest(action));
    if (recorded !== undefined) return recorded;
    const files = await inputsOf(action, host);
    const planned = planAction(action, index, files, host.planTargets);
    const inProcess: PlannedAction["inProcess"] = {
      action,
      closure: (node) => session.closure(node),
    };
    return await host.runAction({ ...planned, inProcess });
  }
  const session = createRunSession(context.workingFolder, runAction);
  return encodeValue(await start(job, context, session));
}

/**
 * Makes the exports of a bundle from the default export of a job module.
 * @param value what the module exports by default
 * @throws JOB_MODULE_NO_DEFAULT when that was not made by `defineJob`
 */
export function createBundle(value: unknown): JobBundle {
  if (!isJob(value)) {
    throw new EngineError(
      "JOB_MODULE_NO_DEFAULT",
      "the module's default export is no job; write `export default defineJob({ … })`",
    );
  }
  const job: Job = value;
  return {
    describe: () => ({ name: job.name, params: describeParams(job.params) }),
    parseFlags: (flags) => ({ paramsJson: parseFlags(job.params, flags) }),
    checkParams: (paramsJson) => {
      checkParams(job.params, parseJson(paramsJson));
    },
    drive: (context, host) => drive(job, context, host),
    replay: (request) => replay(request, (session) => start(job, request.context, session)),
  };
}
