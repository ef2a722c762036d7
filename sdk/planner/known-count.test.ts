// Counts that footers tell have no stages; where anything leaves rows out or makes more, they are counted.

import { expect, test } from "vitest";
import type { AggregateCall } from "../../proto/plan/expr.ts";
import type { Action, LogicalNode } from "../../proto/plan/logical.ts";
import { physicalText } from "../../proto/plan/text.ts";
import { int64Type } from "../../proto/plan/types.ts";
import { planAction } from "./plan-action.ts";

const schema = { fields: [{ name: "id", type: int64Type, nullable: false }] };
const id = { kind: "column", name: "id" } as const;
const read: LogicalNode = {
  ...{ kind: "readColumns", id: 0, pattern: "file:///t/", format: "parquet", options: { schema } },
};
const inputs = {
  files: new Map([[0, [{ uri: "file:///t/a.parquet", sizeBytes: 10 }]]]),
  schemas: new Map(),
  rows: new Map([[0, 3_000_000]]),
};

function planned(input: LogicalNode, kind: "count" | "collect" = "count"): string {
  const action: Action = { kind, input };
  return physicalText(planAction(action, 0, inputs).graph).split("\n")[0]!;
}

const isKnown = "3000000, known before";
const select: LogicalNode = {
  kind: "select",
  id: 1,
  input: read,
  columns: [{ name: "id", expr: id }],
};

test.each<[string, LogicalNode]>([
  ["the files as they are", read],
  ["chosen columns", select],
  [
    "an order",
    { kind: "sortBy", id: 2, input: select, keys: [{ expr: id, direction: "asc", nulls: "last" }] },
  ],
])("of %s", (_, node) => expect(planned(node)).toBe(isKnown));

test.each<[string, LogicalNode]>([
  [
    "a condition",
    {
      kind: "where",
      id: 1,
      input: read,
      predicate: { kind: "literal", type: { kind: "bool" }, text: "false" },
    },
  ],
  ["a limit", { kind: "limit", id: 1, input: read, rows: 5 }],
  ["functions", { kind: "map", id: 1, input: read }],
  ["what is kept", { kind: "cache", id: 1, input: read }],
])("not behind %s", (_, node) => expect(planned(node)).toMatch(/^stage 0/));

const aggregate = (call: Partial<AggregateCall>): LogicalNode => ({
  ...{ kind: "aggregate", id: 1, input: select, keys: [] },
  aggregates: [{ name: "n", call: { function: "count", args: [], distinct: false, ...call } }],
});

test("as an aggregate", () => {
  expect(planned(aggregate({}), "collect")).toBe('[{"n":3000000}], known before');
});

test.each<[string, Partial<AggregateCall>]>([
  ["with a condition", { filter: { kind: "literal", type: { kind: "bool" }, text: "false" } }],
  ["of values that may be null", { args: [id] }],
  ["of another function", { function: "sum", args: [id] }],
])("not as an aggregate %s", (_, call) => {
  expect(planned(aggregate(call), "collect")).toMatch(/^stage 0/);
});

test("not where the rows are wanted", () => expect(planned(read, "collect")).toMatch(/^stage 0/));
