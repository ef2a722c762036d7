// Runs a driver program again, up to one action, to get at the functions in it with all they captured.

import { EngineError } from "../../proto/errors.ts";
import type { ActionOutcome, ReplayedClosures, ReplayRequest } from "../../proto/plan/bundle.ts";
import { firstDifference, planDigest } from "../../proto/plan/digest.ts";
import { lockStepDigest, lockStepText } from "../../proto/plan/lock-step.ts";
import { actionText } from "../../proto/plan/text.ts";
import type { Job } from "../dataset/define-job.ts";
import { createMillrace } from "../dataset/millrace.ts";
import { isMeasured } from "./drive.ts";
import { parseParams } from "./params.ts";
import { seededRandom } from "./random.ts";
import { DriverSession } from "./session.ts";

/** Nothing of `run` after the wanted action is run. Rejects with PLAN_DIVERGED. */
export async function replay(job: Job, request: ReplayRequest): Promise<ReplayedClosures> {
  const { context, history, actionIndex } = request;
  const params = parseParams(job.params, context.paramsJson);
  const random = seededRandom(context.seed);
  let arrive: () => void = () => {};
  let diverge: (failure: unknown) => void = () => {};
  const arrived = new Promise<void>((resolve, reject) => {
    arrive = resolve;
    diverge = reject;
  });
  const never = new Promise<never>(() => {});
  const recall = async (index: number, text: string, digest: string): Promise<ActionOutcome> => {
    if (index === actionIndex) {
      const failure = divergence(job, request, text, digest);
      if (failure === undefined) arrive();
      else diverge(failure);
    }
    const outcome = index < actionIndex ? history[index] : undefined;
    return outcome ?? (await never);
  };
  const session = new DriverSession(
    context.workingFolder,
    (action, numbers) => {
      let index = numbers.next();
      // Counts that its plan asked for have numbers of their own.
      while (index < actionIndex && isMeasured(history[index])) index = numbers.next();
      numbers.settled();
      return recall(index, actionText(action), planDigest(action));
    },
    (step, index) => recall(index, lockStepText(step), lockStepDigest(step)),
  );
  const run = async (): Promise<void> => {
    await job.run(createMillrace(session, context.submittedWallMs, random), params);
  };
  run().then(
    () => diverge(neverArrived(job, request, "run returned before it")),
    (thrown: unknown) => diverge(neverArrived(job, request, "run threw before it", thrown)),
  );
  await arrived;
  return {
    closure: (node) => closureOf(job, session, node),
    takeCounters: () => session.takeCounters(),
  };
}

function divergence(
  job: Job,
  request: ReplayRequest,
  text: string,
  digest: string,
): EngineError | undefined {
  const difference = firstDifference(request.planDigest, digest);
  if (difference === undefined) return undefined;
  return new EngineError(
    "PLAN_DIVERGED",
    `action ${request.actionIndex} (${text}) of job ${job.name} was planned otherwise when run ` +
      `was repeated: ${difference}; ${advice}`,
  );
}

const advice =
  "run must do the same each time: use mr.now() and mr.random(), and read files by mr.read only";

function neverArrived(
  job: Job,
  request: ReplayRequest,
  what: string,
  thrown?: unknown,
): EngineError {
  const why = thrown instanceof Error ? ` (${thrown.name}: ${thrown.message})` : "";
  const stack = thrown instanceof Error ? thrown.stack : undefined;
  return new EngineError(
    "PLAN_DIVERGED",
    `action ${request.actionIndex} of job ${job.name} was not reached when run was repeated: ` +
      `${what}${why}; ${advice}`,
    stack === undefined ? {} : { stack },
    thrown,
  );
}

function closureOf(job: Job, session: DriverSession, node: number): (...args: never[]) => unknown {
  const closure = session.closure(node);
  if (closure !== undefined) return closure;
  throw new EngineError("PLAN_DIVERGED", `step #${node} of job ${job.name} has no function`);
}
