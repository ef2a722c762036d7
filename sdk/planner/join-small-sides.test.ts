// Sides that are joined to each other first, as plans that a reader can check.

import { expect, test } from "vitest";
import type { InputFile } from "../../proto/plan/bundle.ts";
import type { Expr } from "../../proto/plan/expr.ts";
import type { JoinNode, LogicalNode } from "../../proto/plan/logical.ts";
import { logicalText } from "../../proto/plan/text.ts";
import { int32Type, int64Type, utf8Type } from "../../proto/plan/types.ts";
import { PlanSizes } from "./estimate.ts";
import { joinSmallSides } from "./join-small-sides.ts";
import { KnownSchemas } from "./known-schemas.ts";
import { narrowJoins } from "./narrow-joins.ts";
import { fileReads } from "./plan-inputs.ts";
import { parquetTable } from "./testing/parquet-table.ts";

const lines = parquetTable(0, "lines", { part: int64Type, seller: int64Type, amount: int64Type });
const parts = parquetTable(1, "parts", { number: int64Type, name: utf8Type });
const offers = parquetTable(2, "offers", { offered: int64Type, by: int64Type, cost: int64Type });
const sellers = parquetTable(3, "sellers", { id: int64Type, town: utf8Type });

const column = (name: string): Expr => ({ kind: "column", name });
const green: LogicalNode = {
  ...{ kind: "where", id: 4, input: parts },
  predicate: { kind: "call", name: "contains", args: [column("name"), column("name")] },
};
function join(
  id: number,
  left: LogicalNode,
  right: LogicalNode,
  on: readonly (readonly [string, string])[],
  more: Partial<JoinNode> = {},
): JoinNode {
  const keys = on.map(([own, other]) => ({ left: column(own), right: column(other) }));
  return { kind: "join", id, left, right, type: "inner", rightNames: [], on: keys, ...more };
}
const ofGreen = join(5, lines, green, [["part", "number"]]);
const offered = [
  ["part", "offered"],
  ["seller", "by"],
] as const;

function planOf(input: LogicalNode): string {
  const action = { kind: "collect", input } as const;
  const files = new Map(
    fileReads(action).map(({ id, pattern }) => {
      const sizeBytes = pattern === "sellers" ? 1000 : 100_000_000;
      return [id, [{ uri: pattern, sizeBytes }] as readonly InputFile[]];
    }),
  );
  const schemas = new KnownSchemas(new Map());
  const sizes = new PlanSizes({ files, schemas: new Map() });
  const after = joinSmallSides(input, schemas, sizes, 1_000_000);
  expect(schemas.of(after)).toEqual(schemas.of(input));
  const narrow = narrowJoins({ ...action, input: after }, schemas);
  expect(schemas.of(narrow.input)).toEqual(schemas.of(input));
  return logicalText({ ...action, input: after })
    .trimEnd()
    .split("\n")
    .slice(1)
    .map((line) => line.replace(/ parquet (\w+) .*/, " $1").replace(/#\d+/, ""))
    .map((line) => line.trim().replace(/^readColumns /, ""))
    .join("; ");
}
const isAsBefore = (input: LogicalNode) => !/join inner on number = /.test(planOf(input));

test("two sides of one key are joined to each other, and to the facts by all keys", () => {
  expect(planOf(join(6, ofGreen, offers, offered))).toBe(
    "join inner on part = number and seller = by; lines; join inner on number = offered; " +
      "where contains(name, name); parts; offers",
  );
});

test("also past a join that stands between, with the columns in their order", () => {
  const withSellers = join(6, ofGreen, sellers, [["seller", "id"]]);
  expect(planOf(join(7, withSellers, offers, offered))).toBe(
    "select part, seller, amount, number, name, id, town, offered, by, cost; " +
      "join inner on seller = id; join inner on part = number and seller = by; lines; " +
      "join inner on number = offered; where contains(name, name); parts; offers; sellers",
  );
});

const ofAll = join(5, lines, parts, [["part", "number"]]);
const other = parquetTable(2, "offers", { offered: int32Type, by: int64Type, cost: int64Type });

test.each<[string, LogicalNode]>([
  ["where no rows are left out of the first", join(6, ofAll, offers, offered)],
  ["where the second is small", join(6, ofGreen, sellers, [["part", "id"]])],
  ["by another key", join(6, ofGreen, offers, [["seller", "by"]])],
  ["by keys of two types", join(6, ofGreen, other, offered)],
  ["with an outer join", join(6, ofGreen, offers, offered, { type: "left" })],
  ["where the first join is read by others", both(join(6, ofGreen, offers, offered), ofGreen)],
])("not %s", (_, input) => {
  expect(isAsBefore(input)).toBe(true);
});

function both(left: LogicalNode, right: LogicalNode): LogicalNode {
  const names = ["part", "seller", "amount", "number", "name"];
  const rightNames = names.map((from) => ({ from, to: `other ${from}` }));
  return join(9, left, right, [["part", "part"]], { type: "left", rightNames });
}
