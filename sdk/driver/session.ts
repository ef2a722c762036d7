// One run of a driver program: numbers its nodes and actions, keeps its functions, reads its outcomes.

import { EngineError, fromErrorRecord, unreachable } from "../../proto/errors.ts";
import { planNodesMax } from "../../proto/limits.ts";
import type { ActionOutcome, CommittedOutput } from "../../proto/plan/bundle.ts";
import { planNodes } from "../../proto/plan/inputs.ts";
import type { Action, NodeId } from "../../proto/plan/logical.ts";
import { actionText } from "../../proto/plan/text.ts";
import { decodeValue } from "../../proto/plan/values.ts";
import type { Closure, Session } from "../dataset/session.ts";
import { collectedRowsMax } from "../planner/collected-rows.ts";
import { OrderedOutcomes } from "./ordered-outcomes.ts";

/** Runs or recalls an action. Stays pending for ever where the program must not go on. */
export type PerformAction = (action: Action, actionIndex: number) => Promise<ActionOutcome>;

export class DriverSession implements Session {
  readonly workingFolder: string;
  readonly #perform: PerformAction;
  readonly #outcomes = new OrderedOutcomes();
  readonly #closures = new Map<NodeId, Closure>();
  #nodes = 0;
  #actions = 0;
  #isOver = false;

  constructor(workingFolder: string, perform: PerformAction) {
    this.workingFolder = workingFolder;
    this.#perform = perform;
  }

  nextNode(closure?: Closure): NodeId {
    const id = this.#nodes++;
    if (closure !== undefined) this.#closures.set(id, closure);
    return id;
  }

  /** The user's function of a node; undefined for nodes without one. */
  closure(node: NodeId): Closure | undefined {
    return this.#closures.get(node);
  }

  async collect(action: Extract<Action, { kind: "collect" }>): Promise<readonly unknown[]> {
    const parts = resultParts(action, await this.#run(action));
    const rows = parts.flatMap((part) => decodeValue(part) as unknown[]);
    // Each task kept the first rows of its own; the first of all come first in task order.
    return rows.slice(0, collectedRowsMax(action));
  }

  async count(action: Extract<Action, { kind: "count" }>): Promise<number> {
    const parts = resultParts(action, await this.#run(action));
    return parts.reduce((sum, part) => sum + (decodeValue(part) as number), 0);
  }

  async write(action: Extract<Action, { kind: "write" }>): Promise<CommittedOutput> {
    const outcome = await this.#run(action);
    if (outcome.kind === "committed") return outcome.output;
    return failWith(action, outcome);
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

  #run(action: Action): Promise<ActionOutcome> {
    if (this.#isOver) {
      throw new EngineError(
        "PLAN_INVALID",
        `${actionText(action)} was started after run had returned; await everything in run`,
      );
    }
    const nodes = planNodes(action.input).length;
    if (nodes > planNodesMax) {
      throw new EngineError(
        "PLAN_INVALID",
        `${actionText(action)} stands on a plan of ${nodes} steps, and at most ${planNodesMax} are allowed; ` +
          "write an intermediate output and read it",
      );
    }
    return this.#outcomes.inTurn(this.#perform(action, this.#actions++));
  }
}

function resultParts(action: Action, outcome: ActionOutcome): readonly string[] {
  return outcome.kind === "result" ? outcome.parts : failWith(action, outcome);
}

function failWith(action: Action, outcome: ActionOutcome): never {
  switch (outcome.kind) {
    case "failed":
      throw fromErrorRecord(outcome.error);
    case "result":
    case "committed":
      throw new EngineError(
        "MESSAGE_INVALID",
        `${actionText(action)} was answered with an outcome of the kind '${outcome.kind}'`,
      );
    default:
      return unreachable(outcome);
  }
}
