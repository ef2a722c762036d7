// Runs a driver program to its end, its actions on a cluster.

import { assert, EngineError } from "../../proto/errors.ts";
import { plansPerActionMax } from "../../proto/limits.ts";
import type { ActionOutcome, DriverHost, JobContext } from "../../proto/plan/bundle.ts";
import { sinkWrite } from "../../proto/plan/connector.ts";
import { planDigest } from "../../proto/plan/digest.ts";
import { lockStepDigest, planLockStep } from "../../proto/plan/lock-step.ts";
import type { Action } from "../../proto/plan/logical.ts";
import { encodeResult } from "../../proto/plan/rows-text.ts";
import type { LockStep } from "../../proto/plan/stage.ts";
import { decodeValue } from "../../proto/plan/values.ts";
import type { Job } from "../dataset/define-job.ts";
import { createMillrace } from "../dataset/millrace.ts";
import { ActionPlans } from "./action-plans.ts";
import { type Connectors, connectorsOf } from "./connectors.ts";
import { InputLookup } from "./input-lookup.ts";
import { KeptOutputs } from "./kept-outputs.ts";
import type { ActionNumbers } from "./numbering.ts";
import { parseParams } from "./params.ts";
import { seededRandom } from "./random.ts";
import { DriverSession } from "./session.ts";

/** Tagged JSON of what `run` returned. Rejects with what `run` threw, or with what kept an action from running. */
export async function drive(job: Job, context: JobContext, host: DriverHost): Promise<string> {
  const params = parseParams(job.params, context.paramsJson);
  const random = seededRandom(context.seed);
  const connectors = connectorsOf((node) => session.closure(node));
  // What is not recorded as an outcome could not be thrown again on a replay, so it ends the whole job:
  // a program that caught it would go on in a way that no worker could follow.
  let endJob: (failure: unknown) => void = () => {};
  const unrepeatable = new Promise<never>((_, reject) => {
    endJob = reject;
  });
  const orEnd = (
    outcome: Promise<ActionOutcome>,
    placed = (failure: unknown): unknown => failure,
  ): Promise<ActionOutcome> =>
    outcome.catch((failure: unknown) => {
      endJob(placed(failure));
      return new Promise<never>(() => {});
    });
  const { jobId } = context;
  const inputs = new InputLookup(host, connectors);
  const kept = new KeptOutputs();
  const performing: Performing = { host, connectors, inputs, jobId, kept, unknown: [] };
  const session: DriverSession = new DriverSession(
    context.workingFolder,
    (action, numbers) =>
      orEnd(perform(performing, action, numbers), (failure) => session.placed(failure, action)),
    (step, actionIndex) => orEnd(performLockStep(host, step, actionIndex)),
    (folderUri) => linesOrEnd(host, folderUri, endJob),
  );
  const run = async (): Promise<string> => {
    const result = await job.run(createMillrace(session, context.submittedWallMs, random), params);
    session.end();
    return encodeResult(result);
  };
  return await Promise.race([run(), unrepeatable]);
}

/** What the actions of one program run on. */
interface Performing {
  readonly host: DriverHost;
  readonly connectors: Connectors;
  readonly inputs: InputLookup;
  readonly jobId: string;
  readonly kept: KeptOutputs;
  /** Actions that an earlier driver ended and that keep something, whose plans nobody here knows yet. */
  readonly unknown: RecordedAction[];
}

interface RecordedAction {
  readonly action: Action;
  readonly measured: readonly number[];
  readonly outcome: Exclude<ActionOutcome, { readonly kind: "failed" }>;
}

/** Counts sides of joins first where the plan asks for it; then the action itself. */
async function perform(
  performing: Performing,
  action: Action,
  numbers: ActionNumbers,
): Promise<ActionOutcome> {
  const digest = planDigest(action);
  const measured: number[] = [];
  const plans = new ActionPlans(performing, action);
  for (;;) {
    const actionIndex = numbers.next();
    const recorded = await performing.host.recordedOutcome(actionIndex, digest);
    const outcome =
      recorded ?? (await runPlanned(performing, plans, { actionIndex, digest, measured }, numbers));
    if (isMeasured(outcome)) {
      measured.push(countOf(outcome.parts));
      continue;
    }
    numbers.settled();
    // Only what is kept has to be known; what the action read may be gone since.
    if (recorded !== undefined && recorded.kind !== "failed" && recorded.kept !== undefined) {
      performing.unknown.push({ action, measured, outcome: recorded });
    }
    return outcome;
  }
}

interface Asked {
  readonly actionIndex: number;
  readonly digest: string;
  readonly measured: readonly number[];
}

/** Plans the action and runs it; again from further down where something that was kept is gone. */
async function runPlanned(
  performing: Performing,
  plans: ActionPlans,
  { actionIndex, digest, measured }: Asked,
  numbers: ActionNumbers,
): Promise<ActionOutcome> {
  const { host, connectors, jobId, kept, unknown } = performing;
  const { action } = plans;
  if (action.kind === "stage") await connectors.begin(action, sinkWrite(jobId, actionIndex));
  for (let known = unknown.shift(); known !== undefined; known = unknown.shift()) {
    const again = new ActionPlans(performing, known.action);
    const { keeps } = await again.plan(0, { measured: known.measured });
    kept.add(keeps, known.outcome);
  }
  for (let planned = 0; planned < plansPerActionMax; planned++) {
    const plan = await plans.plan(actionIndex, { digest, measured });
    if (plan.graph.measures !== true) numbers.settled();
    const answer = await host.runAction(plan);
    if (answer.kind !== "unplanned") {
      if (answer.kind !== "failed") kept.add(plan.keeps, answer);
      return answer;
    }
    kept.retain(answer.kept);
  }
  throw new EngineError(
    "UNAVAILABLE",
    `what action ${actionIndex} reads was lost ${plansPerActionMax} times after it had been kept; ` +
      "check that the workers stay alive",
  );
}

/** What cannot be read ends the whole job, as what keeps an action from running does. */
async function* linesOrEnd(
  host: DriverHost,
  folderUri: string,
  endJob: (failure: unknown) => void,
): AsyncGenerator<readonly string[]> {
  try {
    assert(
      host.readLines !== undefined,
      `rows were written to ${folderUri} for a host without files`,
    );
    yield* host.readLines(folderUri);
  } catch (failure) {
    endJob(failure);
    await new Promise<never>(() => {});
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
  if (recorded !== undefined) return recorded;
  const answer = await host.runAction(planLockStep(step, actionIndex));
  assert(answer.kind !== "unplanned", `${step.kind} of lock ${step.name} was to be planned again`);
  return answer;
}
