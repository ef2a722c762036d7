// Plans of one action of a driver program, which asks for several where sides of joins are counted first, or where
// something that was kept is lost.

import { EngineError } from "../../proto/errors.ts";
import type { DriverHost, PlannedAction } from "../../proto/plan/bundle.ts";
import { planDigest } from "../../proto/plan/digest.ts";
import type { Action } from "../../proto/plan/logical.ts";
import { scratchFolder } from "../../proto/plan/scratch-folder.ts";
import { openJoins } from "../planner/decide-joins.ts";
import { explainAction } from "../planner/explain-action.ts";
import {
  type PlanOptions,
  type PreparedAction,
  planPrepared,
  prepareAction,
} from "../planner/plan-action.ts";
import type { InputLookup } from "./input-lookup.ts";
import type { KeptOutputs } from "./kept-outputs.ts";

export interface PlanningWorld {
  readonly host: DriverHost;
  readonly inputs: InputLookup;
  readonly kept: KeptOutputs;
}

export class ActionPlans {
  readonly action: Action;
  readonly #world: PlanningWorld;
  /** Of the last plan: as long as nothing else is cut away, all plans see the same files. */
  #prepared: PreparedAction | undefined;

  constructor(world: PlanningWorld, action: Action) {
    this.#world = world;
    this.action = action;
  }

  async plan(actionIndex: number, options: PlanOptions): Promise<PlannedAction> {
    const { host, inputs, kept } = this.#world;
    const cut = withFolder(kept.cut(this.action), host.scratchUri, actionIndex);
    const { planTargets: targets } = host;
    const all = { ...options, measurable: openJoins(this.action) };
    if (cut.kind === "explain") {
      const digest = planDigest(this.action);
      const aims = targets === undefined ? {} : { targets };
      const found = await inputs.of(cut, kept.all);
      return explainAction(cut, actionIndex, found, { ...all, ...aims, digest });
    }
    if (this.#prepared?.action !== cut) {
      this.#prepared = prepareAction(cut, await inputs.of(cut, kept.all), targets);
    }
    return planPrepared(this.#prepared, actionIndex, all);
  }
}

function withFolder(action: Action, scratchUri: string | undefined, actionIndex: number): Action {
  const isPlaced = action.kind === "checkpoint" && action.folderUri !== undefined;
  if (isPlaced || (action.kind !== "rows" && action.kind !== "checkpoint")) return action;
  if (scratchUri !== undefined) {
    return { ...action, folderUri: scratchFolder(action.kind, scratchUri, actionIndex) };
  }
  if (action.kind === "rows") return action;
  throw new EngineError(
    "PLAN_INVALID",
    "checkpoint() has no folder to write to: this cluster has no scratch folder. Set MILLRACE_SCRATCH for workers " +
      "and clients, or say where: checkpoint({ folder })",
  );
}
