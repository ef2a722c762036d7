// Where groups are left out that a join drops anyway, and where they are not.

import { expect, test } from "vitest";
import type { Expr } from "../../proto/plan/expr.ts";
import type { JoinKey, JoinNode, JoinType, LogicalNode } from "../../proto/plan/logical.ts";
import { logicalText } from "../../proto/plan/text.ts";
import { int64Type, type Schema } from "../../proto/plan/types.ts";
import { readersOf } from "../rules/rule.ts";
import { areGroupsOwn, withFewerGroups } from "./fewer-groups.ts";
import { KnownSchemas } from "./known-schemas.ts";

const column = (name: string): Expr => ({ kind: "column", name });
const call = (name: string, ...args: Expr[]): Expr => ({ kind: "call", name, args });
const seven: Expr = { kind: "literal", type: int64Type, text: "7" };
const schemaOf = (...names: string[]): Schema => ({
  fields: names.map((name) => ({ name, type: int64Type, nullable: true })),
});
const read = (id: number, ...names: string[]): LogicalNode => ({
  kind: "readColumns",
  id,
  format: "parquet",
  pattern: `s3://b/${id}`,
  options: { schema: schemaOf(...names) },
});
const items = read(0, "part", "shop", "amount");
const parts = read(1, "id", "at");
const key = (left: string, right: string): JoinKey => ({
  left: column(left),
  right: column(right),
});
const sums = (keys: readonly { readonly name: string; readonly expr: Expr }[]): LogicalNode => ({
  ...{ kind: "aggregate", id: 2, input: items, keys },
  aggregates: [
    { name: "sum", call: { function: "sum", args: [column("amount")], distinct: false } },
  ],
});
const byPart = sums([{ name: "part", expr: column("part") }]);
const join = (
  left: LogicalNode,
  right: LogicalNode,
  on: readonly JoinKey[],
  type: JoinType = "inner",
): JoinNode => ({ kind: "join", id: 9, left, right, type, on, rightNames: [] });

/** The plan below the join, without its sources; the columns are those of before. */
function planOf(node: JoinNode, small: "left" | "right"): string {
  const after = withFewerGroups(node, small);
  const schemas = new KnownSchemas(new Map());
  expect(schemas.of(after)).toEqual(schemas.of(node));
  const lines = logicalText({ kind: "collect", input: after }).trimEnd().split("\n").slice(2);
  return lines
    .filter((line) => !/readColumns/.test(line))
    .map((line) => line.slice(4))
    .join("\n");
}

test("rows that are grouped by a key of the join are those whose keys the small side has", () => {
  expect(planOf(join(parts, byPart, [key("id", "part")]), "left")).toBe(
    `aggregate#2 by part: sum(amount) as sum
  join#9 semi on part = id broadcast`,
  );
  expect(planOf(join(byPart, parts, [key("part", "id")]), "right")).toBe(
    `aggregate#2 by part: sum(amount) as sum
  join#9 semi on part = id broadcast`,
  );
  expect(planOf(join(byPart, parts, [key("part", "id")], "semi"), "right")).toContain("semi on");
});

test("names are those below, through conditions, selects, expressions and distinct rows", () => {
  const odd = sums([
    { name: "odd", expr: call("add", column("part"), seven) },
    { name: "shop", expr: column("shop") },
  ]);
  const most: LogicalNode = {
    ...{ kind: "where", id: 3, input: odd },
    predicate: call("gt", column("sum"), seven),
  };
  const named: LogicalNode = {
    ...{ kind: "select", id: 4, input: most },
    columns: [
      { name: "by", expr: column("odd") },
      { name: "where", expr: column("shop") },
      { name: "sum", expr: column("sum") },
    ],
  };
  // What is made of groups is no key of theirs.
  const on = [key("id", "by"), key("at", "where"), key("id", "sum")];
  expect(planOf(join(parts, named, on), "left")).toBe(
    `select#4 odd as by, shop as where, sum
  where#3 (sum > int64 "7")
    aggregate#2 by (part + int64 "7") as odd, shop: sum(amount) as sum
      join#9 semi on (part + int64 "7") = id and shop = at broadcast`,
  );
  const firsts: LogicalNode = { kind: "distinct", id: 5, input: items, on: ["part"] };
  expect(planOf(join(parts, firsts, [key("id", "part"), key("at", "shop")]), "left")).toBe(
    `distinct#5 on part
  join#9 semi on part = id broadcast`,
  );
});

test("nothing changes where a group may come out without a partner, or has no key of the join", () => {
  for (const type of ["left", "right", "full", "anti"] as const) {
    for (const small of ["left", "right"] as const) {
      const left = join(byPart, parts, [key("part", "id")], type);
      const right = join(parts, byPart, [key("id", "part")], type);
      expect(withFewerGroups(left, small)).toBe(left);
      expect(withFewerGroups(right, small)).toBe(right);
    }
  }
  const found = join(parts, byPart, [key("id", "part")], "semi");
  expect(withFewerGroups(found, "left")).toBe(found);
  const bySum = join(parts, byPart, [key("id", "sum")]);
  expect(withFewerGroups(bySum, "left")).toBe(bySum);
  const plain = join(parts, items, [key("id", "part")]);
  expect(withFewerGroups(plain, "left")).toBe(plain);
});

test("groups that others read, or that are made of the small side's rows, stay as they are", () => {
  const isOwn = (node: JoinNode, above: LogicalNode = node) =>
    areGroupsOwn(node.right, node.left, readersOf(above));
  expect(isOwn(join(parts, byPart, [key("id", "part")]))).toBe(true);
  const alone = join(parts, byPart, [key("id", "part")]);
  expect(isOwn(alone, join(alone, byPart, [key("id", "part")]))).toBe(false);
  const few = join(items, parts, [key("part", "id")]);
  const ofFew = { ...byPart, input: few } as LogicalNode;
  expect(isOwn(join(few, ofFew, [key("part", "part")]))).toBe(false);
});
