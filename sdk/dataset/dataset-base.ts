// What every step of a dataset builds on: the plan so far, and how the next node is put on it.

import { EngineError } from "../../proto/errors.ts";
import type { LogicalNode } from "../../proto/plan/logical.ts";
import type { Dataset } from "./dataset.ts";
import type { Closure, Session } from "./session.ts";

/** A node before it has its id. */
export type NodeDraft = LogicalNode extends infer Node
  ? Node extends LogicalNode
    ? Omit<Node, "id">
    : never
  : never;

type DatasetClass = new <T>(session: Session, node: LogicalNode) => Dataset<T>;

let sessionIn: (dataset: DatasetBase<unknown>) => Session;
let nodeIn: (dataset: DatasetBase<unknown>) => LogicalNode;

/** Holds a session and a node; the steps are added by the classes between this and `Dataset`. */
export abstract class DatasetBase<out T> {
  /** For the compiler only: which rows there are. */
  declare protected readonly row: T;
  readonly #session: Session;
  readonly #node: LogicalNode;

  static {
    sessionIn = (dataset) => dataset.#session;
    nodeIn = (dataset) => dataset.#node;
  }

  /** Jobs start from `mr.read`; there is no use in calling this. */
  constructor(session: Session, node: LogicalNode) {
    this.#session = session;
    this.#node = Object.freeze(node);
    Object.freeze(this);
  }
}

export function sessionOf(dataset: DatasetBase<unknown>): Session {
  return sessionIn(dataset);
}

export function nodeOf(dataset: DatasetBase<unknown>): LogicalNode {
  return nodeIn(dataset);
}

type UnaryNode = Extract<LogicalNode, { readonly input: LogicalNode }>;

/** A node that reads one dataset, before it has its id and input. */
export type StepDraft = UnaryNode extends infer Node
  ? Node extends UnaryNode
    ? Omit<Node, "id" | "input">
    : never
  : never;

/** The dataset with one more node that reads it, and the user's function of that node. */
export function step<T>(
  from: DatasetBase<unknown>,
  draft: StepDraft,
  closure?: Closure,
): Dataset<T> {
  return derive(from, { ...draft, input: nodeOf(from) } as NodeDraft, closure);
}

/** A dataset over a node that may read others too, and the user's function of that node. */
export function derive<T>(
  from: DatasetBase<unknown>,
  draft: NodeDraft,
  closure?: Closure,
): Dataset<T> {
  const session = sessionOf(from);
  const node = { ...draft, id: session.nextNode(closure) } as LogicalNode;
  return new (from.constructor as DatasetClass)(session, node);
}

/** Another dataset with the same rows. */
export function sameRows<T>(from: DatasetBase<T>): Dataset<T> {
  return new (from.constructor as DatasetClass)<T>(sessionOf(from), nodeOf(from));
}

/** The node of another dataset that a step reads too. Throws PLAN_INVALID where it cannot. */
export function otherNode(
  method: string,
  dataset: DatasetBase<unknown>,
  other: unknown,
): LogicalNode {
  if (!(other instanceof DatasetBase)) {
    throw new EngineError("PLAN_INVALID", `${method} was given ${typeof other}, not a dataset`);
  }
  if (sessionOf(other) === sessionOf(dataset)) return nodeOf(other);
  throw new EngineError("PLAN_INVALID", `${method} was given a dataset of another run of a job`);
}

/** For jobs that were not checked by `tsc`. */
export function checkedFunction(method: string, closure: unknown): Closure {
  if (typeof closure === "function") return closure as Closure;
  throw new EngineError("PLAN_INVALID", `${method} was given ${typeof closure}, not a function`);
}

/** For jobs that were not checked by `tsc`. */
export function checkedCount(
  method: string,
  what: string,
  value: number,
  { min, max }: { readonly min: number; readonly max?: number },
): number {
  const fits = Number.isSafeInteger(value) && value >= min && (max === undefined || value <= max);
  if (fits) return value;
  const upTo = max === undefined ? "on" : `to ${max}`;
  throw new EngineError(
    "PLAN_INVALID",
    `${method} of ${value} ${what}; give a whole number from ${min} ${upTo}`,
  );
}
