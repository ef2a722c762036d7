// One run of a job's `run`: numbers its nodes and actions, keeps its functions, and turns outcomes to values.

import { assert, type EngineError, fromErrorRecord, unreachable } from "../../proto/errors.ts";
import type { ActionOutcome, CommittedOutput } from "../../proto/plan/bundle.ts";
import type { Action, NodeId } from "../../proto/plan/logical.ts";
import { decodeValue } from "../../proto/plan/values.ts";
import type { Closure, Session } from "../dataset/session.ts";

export interface RunSession extends Session {
  /** The function of a node, as it was captured by this run. */
  closure(node: NodeId): Closure | undefined;
}

/** Settles an action: `index` counts the actions of the run in order of their start. */
export type ActionRunner = (action: Action, index: number) => Promise<ActionOutcome>;

function isWrongKind(action: Action, outcome: ActionOutcome): EngineError {
  return fromErrorRecord({
    code: "PLAN_DIVERGED",
    message: `a ${action.kind} action has the recorded outcome of another kind: ${outcome.kind}`,
  });
}

function parts(action: Action, outcome: ActionOutcome): readonly unknown[] {
  switch (outcome.kind) {
    case "result":
      return outcome.parts.map(decodeValue);
    case "failed":
      throw fromErrorRecord(outcome.error);
    case "committed":
      throw isWrongKind(action, outcome);
    default:
      return unreachable(outcome);
  }
}

function collected(
  action: Extract<Action, { kind: "collect" }>,
  outcome: ActionOutcome,
): unknown[] {
  const rows = parts(action, outcome).flat(1);
  // Each task stops at the limit by itself; together they may hold more.
  return action.input.kind === "limit" ? rows.slice(0, action.input.rows) : rows;
}

function counted(action: Action, outcome: ActionOutcome): number {
  return parts(action, outcome).reduce((sum: number, part) => {
    assert(typeof part === "number", `a count came as ${typeof part}`);
    return sum + part;
  }, 0);
}

function committed(action: Action, outcome: ActionOutcome): CommittedOutput {
  switch (outcome.kind) {
    case "committed":
      return outcome.output;
    case "failed":
      throw fromErrorRecord(outcome.error);
    case "result":
      throw isWrongKind(action, outcome);
    default:
      return unreachable(outcome);
  }
}

export function createRunSession(workingFolder: string, runAction: ActionRunner): RunSession {
  const closures = new Map<NodeId, Closure>();
  let nodes = 0;
  let actions = 0;
  return {
    workingFolder,
    closure: (node) => closures.get(node),
    nextNode: (closure) => {
      const id = nodes++;
      if (closure !== undefined) closures.set(id, closure);
      return id;
    },
    collect: async (action) => collected(action, await runAction(action, actions++)),
    count: async (action) => counted(action, await runAction(action, actions++)),
    write: async (action) => committed(action, await runAction(action, actions++)),
  };
}
