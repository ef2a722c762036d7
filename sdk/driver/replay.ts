// Runs a driver program again, up to one action, to get at the functions in it with all they captured.

import { assert, EngineError } from "../../proto/errors.ts";
import type { ActionOutcome, ReplayedClosures, ReplayRequest } from "../../proto/plan/bundle.ts";
import { differingStep, firstDifference, planDigest } from "../../proto/plan/digest.ts";
import { lockStepDigest, lockStepText } from "../../proto/plan/lock-step.ts";
import type { Action } from "../../proto/plan/logical.ts";
import { actionText } from "../../proto/plan/text.ts";
import type { Job } from "../dataset/define-job.ts";
import { createMillrace } from "../dataset/millrace.ts";
import { isMeasured } from "./drive.ts";
import type { ActionNumbers } from "./numbering.ts";
import { parseParams } from "./params.ts";
import { seededRandom } from "./random.ts";
import { DriverSession } from "./session.ts";

/** Nothing of `run` after the wanted action is run. Rejects with PLAN_DIVERGED. */
export async function replay(job: Job, request: ReplayRequest): Promise<ReplayedClosures> {
  const replaying = new Replay(job, request);
  await replaying.arrived();
  return {
    closure: (node) => closureOf(job, replaying.session, node),
    takeCounters: () => replaying.session.takeCounters(),
    goOn: (later) => replaying.goOn(later),
  };
}

interface Deferred {
  readonly promise: Promise<void>;
  resolve(): void;
  reject(failure: unknown): void;
}

function deferred(): Deferred {
  let settle: Pick<Deferred, "resolve" | "reject"> | undefined;
  const promise = new Promise<void>((resolve, reject) => {
    settle = { resolve, reject };
  });
  return { promise, ...settle! };
}

/** A driver program that stands still at the action that was wanted last. */
class Replay {
  readonly #job: Job;
  readonly session: DriverSession;
  #request: ReplayRequest;
  #arrived = deferred();
  /** Resolved, and made anew, when a later action is wanted. */
  #wentOn = deferred();

  constructor(job: Job, request: ReplayRequest) {
    this.#job = job;
    this.#request = request;
    const { context } = request;
    this.session = new DriverSession(
      context.workingFolder,
      (action, numbers) => this.#recallAction(action, numbers),
      (step, index) => {
        this.#pass(index, lockStepText(step), lockStepDigest(step), (failure) => failure);
        return this.#outcomeOf(index);
      },
      (folderUri) => this.#linesOf(folderUri),
      () => this.#request.functionRunning?.(),
    );
    const params = parseParams(job.params, context.paramsJson);
    const random = seededRandom(context.seed);
    const mr = createMillrace(this.session, context.submittedWallMs, random);
    const run = async (): Promise<unknown> => await job.run(mr, params);
    run().then(
      () => this.#miss("run returned before it"),
      (thrown: unknown) => this.#miss("run threw before it", thrown),
    );
  }

  /** Resolves once the program stands at the wanted action. */
  arrived(): Promise<void> {
    return this.#arrived.promise;
  }

  async goOn(request: ReplayRequest): Promise<void> {
    this.#request = request;
    this.#arrived = deferred();
    const before = this.#wentOn;
    this.#wentOn = deferred();
    before.resolve();
    await this.arrived();
  }

  #miss(what: string, thrown?: unknown): void {
    this.#arrived.reject(neverArrived(this.#job, this.#request, what, thrown));
  }

  async #recallAction(action: Action, numbers: ActionNumbers): Promise<ActionOutcome> {
    for (;;) {
      const index = numbers.next();
      this.#pass(index, actionText(action), planDigest(action), (failure) =>
        this.session.placed(failure, action),
      );
      // Whether it counted for its plan, and another number follows, shows when a later one is wanted.
      while (index >= this.#request.actionIndex) await this.#wentOn.promise;
      if (isMeasured(this.#request.history[index])) continue;
      numbers.settled();
      return this.#outcomeOf(index);
    }
  }

  /** A program that cannot read what it read before does not go on. */
  async *#linesOf(folderUri: string): AsyncGenerator<readonly string[]> {
    try {
      const { readLines } = this.#request;
      assert(
        readLines !== undefined,
        `rows were written to ${folderUri} for a replay without files`,
      );
      yield* readLines(folderUri);
    } catch (failure) {
      this.#arrived.reject(failure);
      await new Promise<never>(() => {});
    }
  }

  #pass(
    index: number,
    text: string,
    digest: string,
    placed: (failure: EngineError) => unknown,
  ): void {
    if (index !== this.#request.actionIndex) return;
    const failure = divergence(this.#job, this.#request, text, digest);
    if (failure === undefined) this.#arrived.resolve();
    else this.#arrived.reject(placed(failure));
  }

  async #outcomeOf(index: number): Promise<ActionOutcome> {
    for (;;) {
      const { actionIndex, history } = this.#request;
      const outcome = index < actionIndex ? history[index] : undefined;
      if (outcome !== undefined) return outcome;
      await this.#wentOn.promise;
    }
  }
}

function divergence(
  job: Job,
  request: ReplayRequest,
  text: string,
  digest: string,
): EngineError | undefined {
  const difference = firstDifference(request.planDigest, digest);
  if (difference === undefined) return undefined;
  const operator = differingStep(request.planDigest, digest);
  return new EngineError(
    "PLAN_DIVERGED",
    `action ${request.actionIndex} (${text}) of job ${job.name} was planned otherwise when run ` +
      `was repeated: ${difference}; ${advice}`,
    operator === undefined ? {} : { operator },
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
