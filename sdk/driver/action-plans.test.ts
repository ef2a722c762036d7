// Which plans of an action look at its files, and which go on from what the last one found.

import { expect, test } from "vitest";
import type { DriverHost } from "../../proto/plan/bundle.ts";
import type { Action, CacheNode, LogicalNode } from "../../proto/plan/logical.ts";
import { int64Type, type Schema } from "../../proto/plan/types.ts";
import { ActionPlans } from "./action-plans.ts";
import { connectorsOf } from "./connectors.ts";
import { InputLookup } from "./input-lookup.ts";
import { KeptOutputs } from "./kept-outputs.ts";

const schema: Schema = { fields: [{ name: "id", type: int64Type, nullable: false }] };
const read = (id: number): LogicalNode => ({
  ...{ kind: "readColumns", id, format: "parquet", pattern: `s3://b/${id}/` },
  options: { schema },
});
const id = { kind: "column", name: "id" } as const;
const seven = { kind: "literal", type: int64Type, text: "7" } as const;
const filtered: LogicalNode = {
  ...{ kind: "where", id: 3, input: read(2) },
  predicate: { kind: "call", name: "gt", args: [id, seven] },
};
const cache: CacheNode = { kind: "cache", id: 4, input: filtered };
const joined = (right: LogicalNode): LogicalNode => ({
  ...{ kind: "join", id: 5, type: "inner", left: read(1), right, rightNames: [] },
  on: [{ left: id, right: id }],
});

function world(more: Partial<DriverHost> = {}) {
  const listed: string[] = [];
  let sizeBytes = 500 * 1024 * 1024;
  const host: DriverHost = {
    describeInput: async () => schema,
    listInputs: async (pattern) => {
      listed.push(pattern);
      return [{ uri: `${pattern}a`, sizeBytes: sizeBytes++ }];
    },
    recordedOutcome: async () => undefined,
    runAction: async () => {
      throw new Error("nothing runs here");
    },
    ...more,
  };
  const inputs = new InputLookup(
    host,
    connectorsOf(() => undefined),
  );
  return { world: { host, inputs, kept: new KeptOutputs() }, listed };
}

test("files are listed once for the counts of an action and for itself, so that all of them see the same", async () => {
  const { world: own, listed } = world();
  const plans = new ActionPlans(own, { kind: "collect", input: joined(filtered) });
  const counting = await plans.plan(0, { measured: [] });
  expect(counting.graph.measures).toBe(true);
  const last = await plans.plan(1, { measured: [10] });
  expect(last.graph.measures).toBeUndefined();
  expect([counting.graph.actionIndex, last.graph.actionIndex]).toEqual([0, 1]);
  expect(listed).toEqual(["s3://b/1/", "s3://b/2/"]);
  await new ActionPlans(own, plans.action).plan(2, { measured: [] });
  expect(listed).toHaveLength(4);
});

test("where something that was kept came or went, the plan is made anew", async () => {
  const { world: own, listed } = world();
  const making = await new ActionPlans(own, { kind: "count", input: cache }).plan(0, {});
  own.kept.add(making.keeps, { kind: "result", parts: ["1"] });
  listed.length = 0;
  const plans = new ActionPlans(own, { kind: "collect", input: joined(cache) });
  await plans.plan(1, {});
  expect(listed).toEqual(["s3://b/1/"]);
  own.kept.retain([]);
  await plans.plan(1, {});
  expect(listed).toEqual(["s3://b/1/", "s3://b/1/", "s3://b/2/"]);
});

test("a folder that bears the number of its action is that of the plan", async () => {
  const { world: own } = world({ scratchUri: "mem://scratch/j/" });
  const action: Action = { kind: "checkpoint", input: joined(filtered) };
  const plans = new ActionPlans(own, action);
  expect((await plans.plan(0, { measured: [] })).graph.measures).toBe(true);
  const { graph } = await plans.plan(1, { measured: [10] });
  expect(graph.stages.at(-1)!.output).toMatchObject({
    folderUri: "mem://scratch/j/_checkpoint-1/",
  });
});
