// How long planning takes: from a logical plan of so many steps to the stage graph that is sent.

import { planDigest } from "../../proto/plan/digest.ts";
import { planNodes } from "../../proto/plan/inputs.ts";
import type { Action } from "../../proto/plan/logical.ts";
import { float64, int32, utf8 } from "../../sdk/columns/column-type.ts";
import { count } from "../../sdk/columns/functions.ts";
import { schema } from "../../sdk/columns/schema.ts";
import { nodeOf } from "../../sdk/dataset/dataset-base.ts";
import { createMillrace, type Millrace } from "../../sdk/dataset/millrace.ts";
import { seededRandom } from "../../sdk/driver/random.ts";
import { DriverSession } from "../../sdk/driver/session.ts";
import { planAction } from "../../sdk/planner/plan-action.ts";
import { fileReads } from "../../sdk/planner/plan-inputs.ts";
import { type Figure, percentile } from "./statistics.ts";

const flight = schema({ origin: utf8, delay: int32.nullable(), distance: float64 });
const airport = schema({ origin: utf8, city: utf8 });

/** Conditions, new columns and functions in turn, with a join at every 50th: so many steps. */
function pipeline(mr: Millrace, steps: number) {
  let rows = mr.read.parquet("s3://bucket/flights/", { schema: flight });
  const airports = mr.read.parquet("s3://bucket/airports/", { schema: airport });
  for (let step = 0; step < steps; step++) {
    if (step % 50 === 49) {
      rows = rows.join(airports, "origin", "semi");
      continue;
    }
    switch (step % 4) {
      case 0:
        rows = rows.where((c) => c.delay.gt(step));
        break;
      case 1:
        rows = rows.withColumn("distance", (c) => c.distance.add(step));
        break;
      case 2:
        rows = rows.withColumn("delay", (c) => c.delay.add(1));
        break;
      default:
        rows = rows.filter(({ distance }) => distance < step);
    }
  }
  return rows.groupBy("origin").agg({ flights: count() });
}

function planOnce(steps: number): { readonly nodes: number; readonly milliseconds: number } {
  const never = async (): Promise<never> => await new Promise<never>(() => {});
  const session = new DriverSession("/", never, never);
  const input = nodeOf(pipeline(createMillrace(session, 0, seededRandom(1)), steps));
  const action: Action = { kind: "collect", input };
  const uri = (pattern: string) => [{ uri: `${pattern}a.parquet`, sizeBytes: 1e9 }];
  const files = new Map(fileReads(action).map(({ id, pattern }) => [id, uri(pattern)]));
  const beganMs = performance.now();
  planDigest(action);
  planAction(action, 0, { files, schemas: new Map() });
  return { nodes: planNodes(input).length, milliseconds: performance.now() - beganMs };
}

/** Of plans that are made again and again in one process, as a loop in `run` makes them. */
export function measurePlanning(repetitions: number): Figure[] {
  const figures: Figure[] = [];
  for (const [steps, mostMs] of [
    [30, 5],
    [940, 300],
  ] as const) {
    const plans = Array.from({ length: repetitions }, () => planOnce(steps));
    const times = plans.map(({ milliseconds }) => milliseconds);
    const measure = `planning ${plans[0]!.nodes} steps`;
    const p50 = { measure, what: "p50", unit: "ms", values: [percentile(times, 0.5)] };
    figures.push({ ...p50, aim: { kind: "most", value: mostMs } });
    figures.push({ measure, what: "the first", unit: "ms", values: [times[0]!] });
  }
  return figures;
}
