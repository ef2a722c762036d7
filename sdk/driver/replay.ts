// Runs a driver program again, up to one action, to get at the functions in it with all they captured.

import { EngineError } from "../../proto/errors.ts";
import type { ReplayedClosures, ReplayRequest } from "../../proto/plan/bundle.ts";
import { firstDifference, planDigest } from "../../proto/plan/digest.ts";
import type { Action } from "../../proto/plan/logical.ts";
import { actionText } from "../../proto/plan/text.ts";
import type { Job } from "../dataset/define-job.ts";
import { createMillrace } from "../dataset/millrace.ts";
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
  const session = new DriverSession(context.workingFolder, async (action, index) => {
    if (index === actionIndex) {
      const failure = divergence(job, request, action);
      if (failure === undefined) arrive();
      else diverge(failure);
    }
    const outcome = index < actionIndex ? history[index] : undefined;
    return outcome ?? (await never);
  });
  const run = async (): Promise<void> => {
    await job.run(createMillrace(session, context.submittedWallMs, random), params);
  };
  run().then(
    () => diverge(neverArrived(job, request, "run returned before it")),
    (thrown: unknown) => diverge(neverArrived(job, request, "run threw before it", thrown)),
  );
  await arrived;
  return { closure: (node) => closureOf(job, session, node) };
}

function divergence(job: Job, request: ReplayRequest, action: Action): EngineError | undefined {
  const difference = firstDifference(request.planDigest, planDigest(action));
  if (difference === undefined) return undefined;
  return new EngineError(
    "PLAN_DIVERGED",
    `action ${request.actionIndex} (${actionText(action)}) of job ${job.name} was planned otherwise when run ` +
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
