// Runs a driver program to its end, its actions on a cluster.

import { EngineError } from "../../proto/errors.ts";
import type { ActionOutcome, DriverHost, InputFile, JobContext } from "../../proto/plan/bundle.ts";
import { planDigest } from "../../proto/plan/digest.ts";
import { isGlob } from "../../proto/plan/glob.ts";
import { planNodes } from "../../proto/plan/inputs.ts";
import type { Action } from "../../proto/plan/logical.ts";
import { encodeValue } from "../../proto/plan/values.ts";
import type { Job } from "../dataset/define-job.ts";
import { createMillrace } from "../dataset/millrace.ts";
import { planAction } from "../planner/plan-action.ts";
import { parseParams } from "./params.ts";
import { seededRandom } from "./random.ts";
import { DriverSession } from "./session.ts";

/** Tagged JSON of what `run` returned. Rejects with what `run` threw, or with what kept an action from running. */
export async function drive(job: Job, context: JobContext, host: DriverHost): Promise<string> {
  const params = parseParams(job.params, context.paramsJson);
  const random = seededRandom(context.seed);
  // What is not recorded as an outcome could not be thrown again on a replay, so it ends the whole job:
  // a program that caught it would go on in a way that no worker could follow.
  let endJob: (failure: unknown) => void = () => {};
  const unrepeatable = new Promise<never>((_, reject) => {
    endJob = reject;
  });
  const session = new DriverSession(context.workingFolder, (action, actionIndex) =>
    perform(host, action, actionIndex).catch((failure: unknown) => {
      endJob(failure);
      return new Promise<never>(() => {});
    }),
  );
  const run = async (): Promise<string> => {
    const result = await job.run(createMillrace(session, context.submittedWallMs, random), params);
    session.end();
    return encodeValue(result);
  };
  return await Promise.race([run(), unrepeatable]);
}

async function perform(
  host: DriverHost,
  action: Action,
  actionIndex: number,
): Promise<ActionOutcome> {
  const recorded = await host.recordedOutcome(actionIndex, planDigest(action));
  if (recorded !== undefined) return recorded;
  const files = await listInputs(host, action);
  return await host.runAction(planAction(action, actionIndex, files, host.planTargets));
}

async function listInputs(host: DriverHost, action: Action): Promise<readonly InputFile[]> {
  const [source] = planNodes(action.input);
  if (source === undefined || !("pattern" in source)) {
    throw new EngineError("PLAN_INVALID", "the plan begins with a step that reads nothing");
  }
  const { pattern } = source;
  try {
    return await host.listInputs(pattern);
  } catch (failure) {
    const isMissing = failure instanceof EngineError && failure.code === "INPUT_NOT_FOUND";
    if (!isMissing || pattern.endsWith("/") || isGlob(pattern)) throw failure;
    // `s3://bucket/folder` without its last '/'.
    return await host.listInputs(`${pattern}/`).catch(() => {
      throw failure;
    });
  }
}
