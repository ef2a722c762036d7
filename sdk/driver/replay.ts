// Repeats a driver program up to one action, to get at the functions that its plan names.

import { EngineError, toEngineError } from "../../proto/errors.ts";
import type { ActionOutcome, ReplayedClosures, ReplayRequest } from "../../proto/plan/bundle.ts";
import { firstDifference, planDigest } from "../../proto/plan/digest.ts";
import type { Action } from "../../proto/plan/logical.ts";
import { createRunSession, type RunSession } from "./run-session.ts";

const advice =
  "run() has to do the same each time: use mr.now() and mr.random(), and let nothing from outside " +
  "decide what is computed";

function diverged(request: ReplayRequest, what: string, cause?: unknown): EngineError {
  const { jobId } = request.context;
  return new EngineError(
    "PLAN_DIVERGED",
    `repeating run() of job ${jobId} up to action ${request.actionIndex}: ${what}; ${advice}`,
    {},
    cause,
  );
}

function closuresOf(session: RunSession, request: ReplayRequest): ReplayedClosures {
  return {
    closure: (node) => {
      const closure = session.closure(node);
      if (closure === undefined) throw diverged(request, `node ${node} has no function`);
      return closure;
    },
  };
}

/** `run` is given the session and does what the user wrote. */
export function replay(
  request: ReplayRequest,
  run: (session: RunSession) => Promise<unknown>,
): Promise<ReplayedClosures> {
  return new Promise((resolve, reject) => {
    const never = new Promise<ActionOutcome>(() => {});

    function reached(action: Action): void {
      const difference = firstDifference(request.planDigest, planDigest(action));
      if (difference === undefined) resolve(closuresOf(session, request));
      else reject(diverged(request, difference));
    }

    const session = createRunSession(request.context.workingFolder, (action, index) => {
      if (index === request.actionIndex) {
        reached(action);
        return never;
      }
      const recorded = request.history[index];
      // An action that ran beside the wanted one may have no outcome yet; nothing here may wait for it.
      return recorded === undefined ? never : Promise.resolve(recorded);
    });

    run(session).then(
      () => reject(diverged(request, "it ended before that action")),
      (thrown: unknown) => {
        const { message } = toEngineError(thrown);
        reject(diverged(request, `it failed before that action (${message})`, thrown));
      },
    );
  });
}
