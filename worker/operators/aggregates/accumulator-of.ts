// The accumulator of an aggregate of the plan, by its name.

import { EngineError } from "../../../proto/errors.ts";
import type { AggregateCall } from "../../../proto/plan/expr.ts";
import type { AggregateName } from "../../../proto/plan/functions/aggregates.ts";
import type { Accumulator } from "./accumulator.ts";
import { countAccumulator } from "./count.ts";
import { distinctAccumulator } from "./distinct-values.ts";
import { edgeAccumulator, extremeAccumulator } from "./extremes.ts";
import { approxCountAccumulator } from "./hyper-log-log.ts";
import { listAccumulator } from "./lists.ts";
import { averageAccumulator, varianceAccumulator } from "./moments.ts";
import { exactQuantileAccumulator } from "./quantiles.ts";
import { sumAccumulator } from "./sum.ts";
import { quantileAccumulator } from "./t-digest.ts";
import { truthAccumulator } from "./truth.ts";

function shareOf(call: AggregateCall): number {
  const share = call.args[1];
  const q = share?.kind === "literal" ? Number(share.text ?? "NaN") : Number.NaN;
  if (q >= 0 && q <= 1) return q;
  const message = `${call.function} needs a share from 0 to 1 as a literal`;
  throw new EngineError("PLAN_INVALID", message);
}

const accumulators: Readonly<Record<AggregateName, (call: AggregateCall) => Accumulator>> = {
  count: countAccumulator,
  countDistinct: countAccumulator,
  sum: sumAccumulator,
  avg: averageAccumulator,
  min: () => extremeAccumulator("min"),
  max: () => extremeAccumulator("max"),
  first: () => edgeAccumulator("first"),
  last: () => edgeAccumulator("last"),
  approxCountDistinct: approxCountAccumulator,
  approxQuantile: (call) => quantileAccumulator(shareOf(call)),
  median: () => exactQuantileAccumulator(0.5),
  quantile: (call) => exactQuantileAccumulator(shareOf(call)),
  variance: () => varianceAccumulator("variance"),
  stddev: () => varianceAccumulator("stddev"),
  collectList: listAccumulator,
  anyTrue: () => truthAccumulator("any"),
  allTrue: () => truthAccumulator("all"),
};

/** Of which states are numbers, or values that were picked out of a batch. */
const copying: ReadonlySet<string> = new Set([
  ...(["count", "sum", "avg", "min", "max", "first", "last", "variance", "stddev"] as const),
] satisfies AggregateName[]);

function isOfDifferent(call: AggregateCall): boolean {
  return call.function === "countDistinct" || (call.distinct && call.args.length > 0);
}

/** Whether an aggregate keeps nothing of the columns that it is given. */
export function copiesArguments(call: AggregateCall): boolean {
  return copying.has(call.function) && !isOfDifferent(call);
}

/** `last`: the phase in which results come out, `whole` or `final`. */
export function accumulatorOf(call: AggregateCall, phase: "partial" | "last"): Accumulator {
  if (!Object.hasOwn(accumulators, call.function)) {
    throw new EngineError("PLAN_INVALID", `there is no aggregate '${call.function}'`);
  }
  const make = accumulators[call.function as AggregateName];
  return isOfDifferent(call) ? distinctAccumulator(make(call), phase) : make(call);
}
