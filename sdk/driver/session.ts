// One run of a driver program: numbers its nodes and actions, keeps its functions, reads its outcomes.

import { assert, EngineError, fromErrorRecord, unreachable } from "../../proto/errors.ts";
import { planNodesMax } from "../../proto/limits.ts";
import type { ActionOutcome, CommittedOutput } from "../../proto/plan/bundle.ts";
import { planNodes } from "../../proto/plan/inputs.ts";
import { lockStepText, lockToken } from "../../proto/plan/lock-step.ts";
import type { Action, LogicalNode, NodeId } from "../../proto/plan/logical.ts";
import type { LockStep } from "../../proto/plan/stage.ts";
import { actionText } from "../../proto/plan/text.ts";
import { decodeValue } from "../../proto/plan/values.ts";
import type { Closure, Counter, HeldLock, Session } from "../dataset/session.ts";
import { stagedParts } from "../dataset/sink.ts";
import { analyzedText } from "../planner/analyzed-text.ts";
import { collectedRowsMax } from "../planner/collected-rows.ts";
import { openJoins } from "../planner/decide-joins.ts";
import { cutAtKept, Leaves } from "../planner/kept-leaves.ts";
import { CallSites } from "./call-sites.ts";
import { Counters } from "./counters.ts";
import { type ActionNumbers, Numbering } from "./numbering.ts";
import { OrderedOutcomes } from "./ordered-outcomes.ts";

/** Runs or recalls an action. Stays pending for ever where the program must not go on. */
export type PerformAction = (action: Action, numbers: ActionNumbers) => Promise<ActionOutcome>;

/**
 * Lines of what an action wrote for this program to read, some at a time. Stays pending for ever where the program
 * must not go on.
 */
export type ReadLines = (folderUri: string) => AsyncGenerator<readonly string[]>;

/** The same for a lock step, which is numbered among the actions. */
export type PerformLockStep = (step: LockStep, actionIndex: number) => Promise<ActionOutcome>;

export class DriverSession implements Session {
  readonly workingFolder: string;
  readonly #perform: PerformAction;
  readonly #performLockStep: PerformLockStep;
  readonly #readLines: ReadLines;
  readonly #functionRunning: () => string | undefined;
  readonly #outcomes = new OrderedOutcomes();
  readonly #closures = new Map<NodeId, Closure>();
  #nodes = 0;
  readonly #numbering = new Numbering();
  readonly #counters = new Counters();
  /** Datasets that an action has made whose outcome the program has: plans of later ones end there. */
  readonly #made = new Set<NodeId>();
  readonly #leaves = new Leaves();
  readonly #sites = new CallSites();
  #isOver = false;

  constructor(
    workingFolder: string,
    perform: PerformAction,
    performLockStep: PerformLockStep,
    readLines: ReadLines = noLines,
    functionRunning: () => string | undefined = () => undefined,
  ) {
    this.workingFolder = workingFolder;
    this.#perform = perform;
    this.#performLockStep = performLockStep;
    this.#readLines = readLines;
    this.#functionRunning = functionRunning;
  }

  nextNode(closure?: Closure): NodeId {
    this.#checkOutside("a dataset was made");
    const id = this.#nodes++;
    if (closure !== undefined) this.#closures.set(id, closure);
    this.#sites.step(id);
    return id;
  }

  /** What kept an action from running or from ending well, with its place in the program. */
  placed(failure: unknown, action: Action): unknown {
    return this.#sites.placed(failure, action);
  }

  /** The user's function of a node; undefined for nodes without one. */
  closure(node: NodeId): Closure | undefined {
    return this.#closures.get(node);
  }

  counter(name: string): Counter {
    return this.#counters.counter(name);
  }

  /** What functions added in this process since the last time. */
  takeCounters(): Readonly<Record<string, number>> {
    return this.#counters.take();
  }

  async collect(action: Extract<Action, { kind: "collect" }>): Promise<readonly unknown[]> {
    const parts = resultParts(action, await this.#run(action));
    const rows = parts.flatMap((part) => decodeValue(part) as unknown[]);
    // Each task kept the first rows of its own; the first of all come first in task order.
    return rows.slice(0, collectedRowsMax(action));
  }

  async *rowParts(action: Extract<Action, { kind: "rows" }>): AsyncGenerator<readonly unknown[]> {
    const outcome = await this.#run(action);
    if (outcome.kind === "committed") {
      yield* this.#streamed(outcome.output.folderUri);
      return;
    }
    let left = collectedRowsMax(action) ?? Number.POSITIVE_INFINITY;
    for (const part of resultParts(action, outcome)) {
      const rows = (decodeValue(part) as readonly unknown[]).slice(0, left);
      left -= rows.length;
      yield rows;
      if (left === 0) return;
    }
  }

  /** Pieces come in turn with the outcomes of actions, so that programs that do both at once interleave alike. */
  async *#streamed(folderUri: string): AsyncGenerator<readonly unknown[]> {
    const pieces = this.#readLines(folderUri);
    try {
      for (;;) {
        const next = await this.#outcomes.inTurn(pieces.next());
        if (next.done === true) return;
        yield next.value.map(decodeValue);
      }
    } finally {
      await pieces.return(undefined);
    }
  }

  async toArrow(action: Extract<Action, { kind: "toArrow" }>): Promise<Uint8Array> {
    const [stream] = resultParts(action, await this.#run(action));
    return bytesOfBase64(decodeValue(stream ?? '""') as string);
  }

  async forEach(action: Extract<Action, { kind: "forEach" }>): Promise<void> {
    resultParts(action, await this.#run(action));
  }

  async explain(action: Action, options: { readonly analyze: boolean }): Promise<string> {
    const { input } = action;
    if (options.analyze) return await this.#analyze(input);
    const asked: Action = { kind: "explain", input };
    const [row] = resultParts(asked, await this.#run(asked)).flatMap((part) => decodeValue(part));
    assert(typeof row === "string", "the answer to explain is no text");
    return row;
  }

  async #analyze(input: LogicalNode): Promise<string> {
    const action: Action = { kind: "analyze", input };
    const outcome = await this.#run(action);
    if (outcome.kind !== "result") return failWith(actionText(action), outcome);
    return analyzedText(outcome.note ?? "[]", outcome.counters ?? []);
  }

  async count(action: Extract<Action, { kind: "count" }>): Promise<number> {
    const parts = resultParts(action, await this.#run(action));
    return parts.reduce((sum, part) => sum + (decodeValue(part) as number), 0);
  }

  async write(action: Extract<Action, { kind: "write" | "checkpoint" }>): Promise<CommittedOutput> {
    const outcome = await this.#run(action);
    if (outcome.kind === "committed") return outcome.output;
    return failWith(actionText(action), outcome);
  }

  async checkpoint(action: Extract<Action, { kind: "checkpoint" }>): Promise<CommittedOutput> {
    return await this.write(action);
  }

  async stage(action: Extract<Action, { kind: "stage" }>) {
    const { outcome, actionIndex } = await this.#runNumbered(action);
    return { parts: stagedParts(resultParts(action, outcome)), actionIndex };
  }

  async publish(action: Extract<Action, { kind: "publish" }>): Promise<void> {
    resultParts(action, await this.#run(action));
  }

  async lock(name: string, waitMs: number): Promise<HeldLock> {
    const step: LockStep = { kind: "lock", name, waitMs };
    const { outcome, actionIndex } = await this.#runLockStep(step);
    if (outcome.kind === "result") return { token: lockToken(outcome), actionIndex };
    return failWith(lockStepText(step), outcome);
  }

  async unlock(name: string, actionIndex: number): Promise<void> {
    const step: LockStep = { kind: "unlock", name, actionIndex };
    const { outcome } = await this.#runLockStep(step);
    if (outcome.kind !== "result") failWith(lockStepText(step), outcome);
  }

  /** Called once `run` has returned: throws PLAN_INVALID when it left an action behind. */
  end(): void {
    this.#isOver = true;
    const left = this.#outcomes.undelivered;
    if (left === 0) return;
    throw new EngineError(
      "PLAN_INVALID",
      `run returned while ${left === 1 ? "an action was" : `${left} actions were`} still running; ` +
        "put await before every count, take, first, collect, reduce and write",
    );
  }

  #checkOutside(what: string): void {
    const step = this.#functionRunning();
    if (step === undefined) return;
    throw new EngineError(
      "PLAN_INVALID",
      `${what} inside the function of ${step}; datasets belong to run, since functions run on workers: join the ` +
        "datasets, or collect() before what the function needs and let it use the result",
    );
  }

  #checkNotOver(what: string): void {
    this.#checkOutside(`${what} was started`);
    if (!this.#isOver) return;
    throw new EngineError(
      "PLAN_INVALID",
      `${what} was started after run had returned; await everything in run`,
    );
  }

  async #runLockStep(
    step: LockStep,
  ): Promise<{ readonly outcome: ActionOutcome; readonly actionIndex: number }> {
    this.#checkNotOver(lockStepText(step));
    let numbered = 0;
    const outcome = this.#numbering.one((actionIndex) => {
      numbered = actionIndex;
      return this.#performLockStep(step, actionIndex);
    });
    return { outcome: await this.#outcomes.inTurn(outcome), actionIndex: numbered };
  }

  async #run(action: Action): Promise<ActionOutcome> {
    const { outcome } = await this.#runNumbered(action);
    return outcome;
  }

  /** With the number of the action itself, after those that only count. */
  async #runNumbered(
    whole: Action,
  ): Promise<{ readonly outcome: ActionOutcome; readonly actionIndex: number }> {
    this.#checkNotOver(actionText(whole));
    const action = cutAtKept(whole, (cache) =>
      this.#made.has(cache.id) ? this.#leaves.of(cache) : undefined,
    );
    this.#sites.action(action);
    const nodes = planNodes(action.input);
    if (nodes.length > planNodesMax) {
      throw new EngineError(
        "PLAN_INVALID",
        `${actionText(action)} stands on a plan of ${nodes.length} steps, and at most ${planNodesMax} are ` +
          "allowed; cache() a dataset on the way and count() it, so that later plans begin there",
      );
    }
    let actionIndex = -1;
    const noted = (numbers: ActionNumbers): ActionNumbers => ({
      next: () => {
        actionIndex = numbers.next();
        return actionIndex;
      },
      settled: () => numbers.settled(),
    });
    const outcome = await this.#outcomes.inTurn(this.#start(action, noted));
    if (outcome.kind === "failed") throw this.placed(fromErrorRecord(outcome.error), action);
    this.#counters.settle(outcome.counters);
    if (action.kind === "explain") return { outcome, actionIndex };
    for (const node of nodes) if (node.kind === "cache") this.#made.add(node.id);
    return { outcome, actionIndex };
  }

  #start(action: Action, noted: (numbers: ActionNumbers) => ActionNumbers): Promise<ActionOutcome> {
    if (openJoins(action).size > 0) {
      return this.#numbering.several((numbers) => this.#perform(action, noted(numbers)));
    }
    const only = (actionIndex: number) => ({ next: () => actionIndex, settled: () => {} });
    return this.#numbering.one((actionIndex) => this.#perform(action, noted(only(actionIndex))));
  }
}

function noLines(folderUri: string): never {
  throw new EngineError("INTERNAL", `rows were written to ${folderUri}, which nobody reads here`);
}

/** Bytes of their own, of any JavaScript engine. */
function bytesOfBase64(text: string): Uint8Array {
  const characters = atob(text);
  const bytes = new Uint8Array(characters.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = characters.charCodeAt(i);
  return bytes;
}

function resultParts(action: Action, outcome: ActionOutcome): readonly string[] {
  return outcome.kind === "result" ? outcome.parts : failWith(actionText(action), outcome);
}

function failWith(what: string, outcome: ActionOutcome): never {
  switch (outcome.kind) {
    case "failed":
      throw fromErrorRecord(outcome.error);
    case "result":
    case "committed":
      throw new EngineError(
        "MESSAGE_INVALID",
        `${what} was answered with an outcome of the kind '${outcome.kind}'`,
      );
    default:
      return unreachable(outcome);
  }
}
