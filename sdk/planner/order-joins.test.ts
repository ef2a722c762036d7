// The order of joins, and the columns that they are given, as plans that a reader can check.

import { expect, test } from "vitest";
import type { InputFile } from "../../proto/plan/bundle.ts";
import type { Expr } from "../../proto/plan/expr.ts";
import type { Action, JoinNode, LogicalNode } from "../../proto/plan/logical.ts";
import { logicalText } from "../../proto/plan/text.ts";
import { int64Type, type Schema, utf8Type } from "../../proto/plan/types.ts";
import { PlanSizes } from "./estimate.ts";
import { KnownSchemas } from "./known-schemas.ts";
import { narrowJoins } from "./narrow-joins.ts";
import { orderJoins } from "./order-joins.ts";
import { fileReads } from "./plan-inputs.ts";

const schemaOf = (...names: readonly string[]): Schema => ({
  fields: names.map((name) => ({
    name,
    type: name.endsWith("Name") ? utf8Type : int64Type,
    nullable: false,
  })),
});
const read = (id: number, name: string, schema: Schema): LogicalNode => ({
  ...{ kind: "readColumns", id, format: "parquet", pattern: name, options: { schema } },
});
const facts = read(0, "facts", schemaOf("shop", "amount", "paid"));
const shops = read(1, "shops", schemaOf("shopId", "shopName", "town"));
const towns = read(2, "towns", schemaOf("townId", "townName", "land"));
const lands = read(3, "lands", schemaOf("landId", "landName"));

const column = (name: string): Expr => ({ kind: "column", name });
const join = (
  id: number,
  [left, leftKey]: readonly [LogicalNode, string],
  [right, rightKey]: readonly [LogicalNode, string],
  more: Partial<JoinNode> = {},
): JoinNode => ({
  ...{ kind: "join", id, left, right, type: "inner", rightNames: [] },
  on: [{ left: column(leftKey), right: column(rightKey) }],
  ...more,
});
const withShops = join(4, [facts, "shop"], [shops, "shopId"]);
const withTowns = join(5, [withShops, "town"], [towns, "townId"]);

const mebibyte = 1024 * 1024;

function shown(action: Action, sizes: Readonly<Record<string, number>> = {}): string {
  const files = new Map(
    fileReads(action).map(({ id, pattern }): [number, readonly InputFile[]] => {
      const sizeBytes = (sizes[pattern] ?? (pattern === "facts" ? 1000 : 1)) * mebibyte;
      return [id, [{ uri: pattern, sizeBytes }]];
    }),
  );
  const schemas = new KnownSchemas(new Map());
  const sizesOf = new PlanSizes({ files, schemas: new Map() });
  const ordered = { ...action, input: orderJoins(action.input, schemas, sizesOf) };
  const before = schemas.of(action.input)?.fields.map(({ name }) => name);
  expect(schemas.of(ordered.input)?.fields.map(({ name }) => name)).toEqual(before);
  return logicalText(narrowJoins(ordered, schemas))
    .trimEnd()
    .split("\n")
    .map((line) => line.replace(/ parquet (\w+) .*/, " $1").replace(/#\d+/, ""))
    .join("\n");
}

const collect = (input: LogicalNode): Action => ({ kind: "collect", input });
const orderOf = (input: LogicalNode, sizes?: Readonly<Record<string, number>>): string =>
  shown(collect(input), sizes)
    .replace(/ +(join|readColumns|where|select)/g, " $1")
    .split("\n")
    .slice(1)
    .map((line) => line.trim().replace(/^readColumns /, ""))
    .join("; ");

test("a table that is joined to a side is joined to it first, however long the chain", () => {
  expect(orderOf(withTowns)).toBe(
    "join inner on shop = shopId; facts; join inner on town = townId; shops; towns",
  );
  const withLands = join(6, [withTowns, "land"], [lands, "landId"]);
  expect(orderOf(withLands)).toBe(
    "join inner on shop = shopId; facts; join inner on town = townId; shops; " +
      "join inner on land = landId; towns; lands",
  );
  expect(orderOf(join(5, [withShops, "town"], [towns, "townId"], { type: "semi" }))).toBe(
    "join inner on shop = shopId; facts; join semi on town = townId; shops; towns",
  );
});

test.each<[string, LogicalNode]>([
  ["by a column of the facts", join(5, [withShops, "paid"], [towns, "townId"])],
  ["with a hint", join(5, [withShops, "town"], [towns, "townId"], { strategy: "shuffle" })],
  ["of all left rows", join(5, [withShops, "town"], [towns, "townId"], { type: "left" })],
  [
    "over one that keeps all left rows",
    join(5, [{ ...withShops, type: "left" }, "town"], [towns, "townId"]),
  ],
  [
    "with new names",
    join(5, [withShops, "town"], [towns, "townId"], {
      rightNames: [{ from: "townName", to: "name" }],
    }),
  ],
])("a join %s stays where it is", (_, node) => {
  expect(orderOf(node)).toMatch(/join \w+ on \w+ = townId.*; join \w+ on shop = shopId/);
});

test("a side far larger than the rows that are joined to it is not joined first", () => {
  expect(orderOf(withTowns, { facts: 1, shops: 500 })).toMatch(/^join inner on town = townId/);
});

test("what several steps read is not joined for one of them", () => {
  const union: LogicalNode = { kind: "union", id: 7, inputs: [withTowns, withTowns] };
  expect(orderOf(union)).toContain("join inner on shop = shopId; facts; join inner on town");
  const both: LogicalNode = {
    ...{ kind: "union", id: 7 },
    inputs: [
      withTowns,
      join(
        8,
        [withShops, "town"],
        [read(9, "others", schemaOf("townId", "townName", "land")), "townId"],
      ),
    ],
  };
  expect(orderOf(both)).toContain("join inner on town = townId; join inner on shop = shopId");
});

test("joins get the columns that are read above them, and no others", () => {
  const paid: LogicalNode = {
    ...{ kind: "where", id: 9, input: facts },
    predicate: { kind: "call", name: "eq", args: [column("paid"), column("amount")] },
  };
  const joined = join(5, [join(4, [paid, "shop"], [shops, "shopId"]), "amount"], [towns, "townId"]);
  const select: LogicalNode = {
    ...{ kind: "select", id: 10, input: joined },
    columns: [{ name: "name", expr: column("townName") }],
  };
  expect(shown(collect(select))).toMatchInlineSnapshot(`
    "collect
      select townName as name
        join inner on amount = townId
          select amount
            join inner on shop = shopId
              select shop, amount
                where (paid = amount)
                  readColumns facts
              readColumns shops
          readColumns towns"
  `);
  // A count needs no column: one is left, since rows without columns have no number.
  const pairs: JoinNode = { ...joined, type: "cross", on: [] };
  expect(shown({ kind: "count", input: pairs })).toContain("select shop\n");
});
