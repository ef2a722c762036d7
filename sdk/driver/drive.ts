// Runs a driver program to its end, its actions on a cluster.

import { EngineError } from "../../proto/errors.ts";
import type { ActionOutcome, DriverHost, InputFile, JobContext } from "../../proto/plan/bundle.ts";
import { planDigest } from "../../proto/plan/digest.ts";
import { isGlob } from "../../proto/plan/glob.ts";
import { lockStepDigest, planLockStep } from "../../proto/plan/lock-step.ts";
import type { Action, NodeId } from "../../proto/plan/logical.ts";
import type { LockStep } from "../../proto/plan/stage.ts";
import type { Schema } from "../../proto/plan/types.ts";
import { decodeValue, encodeValue } from "../../proto/plan/values.ts";
import type { Job } from "../dataset/define-job.ts";
import { createMillrace } from "../dataset/millrace.ts";
import { planAction } from "../planner/plan-action.ts";
import { fileReads, type PlanInputs } from "../planner/plan-inputs.ts";
import type { ActionNumbers } from "./numbering.ts";
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
  const orEnd = (outcome: Promise<ActionOutcome>): Promise<ActionOutcome> =>
    outcome.catch((failure: unknown) => {
      endJob(failure);
      return new Promise<never>(() => {});
    });
  const session = new DriverSession(
    context.workingFolder,
    (action, numbers) => orEnd(perform(host, action, numbers)),
    (step, actionIndex) => orEnd(performLockStep(host, step, actionIndex)),
  );
  const run = async (): Promise<string> => {
    const result = await job.run(createMillrace(session, context.submittedWallMs, random), params);
    session.end();
    return encodeValue(result);
  };
  return await Promise.race([run(), unrepeatable]);
}

/** Counts sides of joins first where the plan asks for it; then the action itself. */
async function perform(
  host: DriverHost,
  action: Action,
  numbers: ActionNumbers,
): Promise<ActionOutcome> {
  const digest = planDigest(action);
  const measured: number[] = [];
  let inputs: PlanInputs | undefined;
  for (;;) {
    const actionIndex = numbers.next();
    const recorded = await host.recordedOutcome(actionIndex, digest);
    if (recorded !== undefined) {
      if (!isMeasured(recorded)) {
        numbers.settled();
        return recorded;
      }
      measured.push(countOf(recorded.parts));
      continue;
    }
    inputs ??= await planInputs(host, action);
    const planned = planAction(action, actionIndex, inputs, host.planTargets, measured);
    if (planned.graph.measures !== true) numbers.settled();
    const outcome = await host.runAction(planned);
    if (!isMeasured(outcome)) {
      numbers.settled();
      return outcome;
    }
    measured.push(countOf(outcome.parts));
  }
}

type Measured = Extract<ActionOutcome, { readonly kind: "result" }>;

export function isMeasured(outcome: ActionOutcome | undefined): outcome is Measured {
  return outcome?.kind === "result" && outcome.measured === true;
}

function countOf(parts: readonly string[]): number {
  return parts.reduce((sum, part) => sum + (decodeValue(part) as number), 0);
}

async function performLockStep(
  host: DriverHost,
  step: LockStep,
  actionIndex: number,
): Promise<ActionOutcome> {
  const recorded = await host.recordedOutcome(actionIndex, lockStepDigest(step));
  return recorded ?? (await host.runAction(planLockStep(step, actionIndex)));
}

/** Files of every source, and the schemas of those that did not declare one. */
async function planInputs(host: DriverHost, action: Action): Promise<PlanInputs> {
  const files = new Map<NodeId, readonly InputFile[]>();
  const schemas = new Map<NodeId, Schema>();
  for (const node of fileReads(action)) {
    const found = await listInputs(host, node.pattern);
    files.set(node.id, found);
    if (node.kind !== "readColumns" || node.options.schema !== undefined) continue;
    schemas.set(node.id, await host.describeInput(node.format, found, node.options));
  }
  return { files, schemas };
}

async function listInputs(host: DriverHost, pattern: string): Promise<readonly InputFile[]> {
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
