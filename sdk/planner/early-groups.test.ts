// Groups before joins, as plans that a reader can check.

import { expect, test } from "vitest";
import type { InputFile } from "../../proto/plan/bundle.ts";
import type { Expr, NamedAggregate } from "../../proto/plan/expr.ts";
import type { JoinNode, LogicalNode } from "../../proto/plan/logical.ts";
import { logicalText } from "../../proto/plan/text.ts";
import { decimalType, int64Type, utf8Type } from "../../proto/plan/types.ts";
import { earlyGroups } from "./early-groups.ts";
import { PlanSizes } from "./estimate.ts";
import { KnownSchemas } from "./known-schemas.ts";
import { fileReads } from "./plan-inputs.ts";
import { parquetTable } from "./testing/parquet-table.ts";

const sales = parquetTable(0, "sales", {
  buyer: int64Type,
  price: decimalType(15, 2),
  units: int64Type,
});
const buyers = parquetTable(1, "buyers", { number: int64Type, name: utf8Type, town: int64Type });
const towns = parquetTable(2, "towns", { place: int64Type, town_name: utf8Type });

const column = (name: string): Expr => ({ kind: "column", name });
const call = (name: string, ...args: readonly Expr[]): Expr => ({ kind: "call", name, args });
const join = (
  left: LogicalNode,
  right: LogicalNode,
  [leftKey, rightKey]: readonly [string, string],
  more: Partial<JoinNode> = {},
): JoinNode => ({
  ...{ kind: "join", id: 4, left, right, type: "inner", rightNames: [] },
  on: [{ left: column(leftKey), right: column(rightKey) }],
  ...more,
});
const withBuyers = join(sales, buyers, ["buyer", "number"]);
const withTowns = join(withBuyers, towns, ["town", "place"]);

const aggregate = (
  name: string,
  args: readonly Expr[],
  more: Partial<NamedAggregate["call"]> = {},
): NamedAggregate => ({
  name: "result",
  call: { function: name, args, distinct: false, ...more },
});
const paid = aggregate("sum", [call("multiply", column("price"), column("price"))]);

function planOf(
  input: LogicalNode,
  keys: readonly string[],
  aggregates: readonly NamedAggregate[] = [paid],
): string {
  const named = keys.map((name) => ({ name, expr: column(name) }));
  const node: LogicalNode = { kind: "aggregate", id: 9, input, keys: named, aggregates };
  const files = new Map(
    fileReads({ kind: "collect", input: node }).map(({ id, pattern }) => {
      return [id, [{ uri: pattern, sizeBytes: 1000 }] as readonly InputFile[]];
    }),
  );
  const schemas = new KnownSchemas(new Map());
  const after = earlyGroups(node, schemas, new PlanSizes({ files, schemas: new Map() }));
  expect(schemas.of(after)).toEqual(schemas.of(node));
  return logicalText({ kind: "collect", input: after })
    .trimEnd()
    .split("\n")
    .slice(1)
    .map((line) => line.replace(/ parquet (\w+) .*/, " $1").replace(/#\d+/, ""))
    .map((line) => line.trim().replace(/^readColumns /, ""))
    .join("; ");
}

test("rows are grouped by the key of a join before they find the texts beside it", () => {
  expect(planOf(withBuyers, ["number", "name"])).toBe(
    "aggregate by number, name: sum(result) as result; join inner on buyer = number; " +
      "aggregate by buyer: sum((price * price)) as result; sales; buyers",
  );
});

test("they are grouped below all joins that drop no rows", () => {
  expect(planOf(withTowns, ["number", "name", "town_name"])).toBe(
    "aggregate by number, name, town_name: sum(result) as result; join inner on town = place; " +
      "join inner on buyer = number; aggregate by buyer: sum((price * price)) as result; " +
      "sales; buyers; towns",
  );
  const turned = join(buyers, sales, ["number", "buyer"]);
  expect(planOf(turned, ["buyer", "name"], [aggregate("count", [])])).toBe(
    "aggregate by buyer, name: count() as result; join inner on number = buyer; buyers; sales",
  );
  expect(planOf(turned, ["buyer", "name"], [aggregate("max", [column("units")])])).toBe(
    "aggregate by buyer, name: max(result) as result; join inner on number = buyer; buyers; " +
      "aggregate by buyer: max(units) as result; sales",
  );
});

const near: LogicalNode = {
  ...{ kind: "where", id: 5, input: buyers },
  predicate: call("eq", column("name"), column("name")),
};
const whole = aggregate("sum", [column("units")]);
const failing = aggregate("sum", [call("multiply", column("units"), column("price"))]);

test.each<[string, LogicalNode, readonly string[], readonly NamedAggregate[]]>([
  ["keys that do not tell the join's apart", withBuyers, ["name"], [paid]],
  ["keys without a text of the other side", withBuyers, ["number"], [paid]],
  ["a join that drops rows", join(sales, near, ["buyer", "number"]), ["number", "name"], [paid]],
  ["an outer join", { ...withBuyers, type: "left" }, ["number", "name"], [paid]],
  ["a join with a hint", { ...withBuyers, strategy: "shuffle" }, ["number", "name"], [paid]],
  ["sums that could overflow", withBuyers, ["number", "name"], [whole]],
  ["values that could fail", withBuyers, ["number", "name"], [failing]],
  ["means", withBuyers, ["number", "name"], [aggregate("avg", [column("price")])]],
  [
    "different values",
    withBuyers,
    ["number", "name"],
    [aggregate("count", [column("price")], { distinct: true })],
  ],
  [
    "values of both sides",
    withBuyers,
    ["number", "name"],
    [aggregate("max", [column("town")]), paid],
  ],
])("are not of %s", (_, input, keys, aggregates) => {
  const named = aggregates.map((each, at) => ({ ...each, name: `result${at}` }));
  expect(planOf(input, keys, named).match(/aggregate/g)).toHaveLength(1);
});
