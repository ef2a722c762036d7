// `explain` without `analyze`: the plans as a row that a task hands back, so that it is recorded like any outcome and
// every run of the program reads the same.

import type { PlannedAction } from "../../proto/plan/bundle.ts";
import type { Action, ValuesNode } from "../../proto/plan/logical.ts";
import { encodeValue } from "../../proto/plan/values.ts";
import { type PlanOptions, planAction } from "./plan-action.ts";
import type { PlanInputs } from "./plan-inputs.ts";

/** The three plans, one after the other. */
export function plansText({ logical, optimised, physical }: PlannedAction["text"]): string {
  return `logical\n${logical}\noptimised\n${optimised}\n${physical}`;
}

/** Nothing is counted to choose between joins: their sizes are those that files tell. */
export function explainAction(
  { input }: Extract<Action, { readonly kind: "explain" }>,
  actionIndex: number,
  inputs: PlanInputs,
  { digest, ...options }: PlanOptions & { readonly digest: string },
): PlannedAction {
  const { text } = planAction({ kind: "collect", input }, actionIndex, inputs, options);
  const rowsJson = encodeValue([plansText(text)]);
  const row: ValuesNode = { kind: "values", id: input.id, rowsJson, rows: 1 };
  const nothing = { files: new Map(), schemas: new Map() };
  const told = planAction({ kind: "collect", input: row }, actionIndex, nothing, { digest });
  return { graph: { ...told.graph, label: "explain" }, keeps: new Map(), text };
}
