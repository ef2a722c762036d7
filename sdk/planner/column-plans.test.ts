// Golden plans of work on typed columns: `UPDATE_GOLDENS=1 npx vitest run sdk/planner` rewrites testdata/.

import { readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { InputFile, PlanTargets } from "../../proto/plan/bundle.ts";
import type { Expr, NamedAggregate, SortExpr } from "../../proto/plan/expr.ts";
import type { Action, JoinNode, JoinType, LogicalNode } from "../../proto/plan/logical.ts";
import {
  decimalType,
  float64Type,
  int32Type,
  int64Type,
  type Schema,
  utf8Type,
} from "../../proto/plan/types.ts";
import { planAction } from "./plan-action.ts";
import { fileReads } from "./plan-inputs.ts";

const orders: Schema = {
  fields: [
    { name: "id", type: int64Type, nullable: false },
    { name: "shop", type: utf8Type, nullable: true },
    { name: "price", type: float64Type, nullable: true },
  ],
};
const shops: Schema = {
  fields: [
    { name: "shop", type: utf8Type, nullable: false },
    { name: "city", type: utf8Type, nullable: true },
    { name: "size", type: int32Type, nullable: true },
  ],
};

const read = (id: number, name: string, schema: Schema): LogicalNode => ({
  kind: "readColumns",
  id,
  format: "parquet",
  pattern: `s3://b/${name}/`,
  options: { schema },
});
const readOrders = read(0, "orders", orders);
const readShops = read(1, "shops", shops);

const col = (name: string): Expr => ({ kind: "column", name });
const float = (text: string): Expr => ({ kind: "literal", type: float64Type, text });
const call = (name: string, ...args: readonly Expr[]): Expr => ({ kind: "call", name, args });
const sum = (name: string, arg: Expr): NamedAggregate => ({
  name,
  call: { function: "sum", args: [arg], distinct: false },
});
const desc = (expr: Expr): SortExpr => ({ expr, direction: "desc", nulls: "last" });

const where = (input: LogicalNode, id: number, predicate: Expr): LogicalNode => ({
  kind: "where",
  id,
  input,
  predicate,
});
const byShop = (input: LogicalNode, id: number): LogicalNode => ({
  kind: "aggregate",
  id,
  input,
  keys: [{ name: "shop", expr: col("shop") }],
  aggregates: [sum("total", col("price"))],
});
const join = (
  left: LogicalNode,
  right: LogicalNode,
  type: JoinType,
  more: Partial<JoinNode> = {},
): LogicalNode => ({
  kind: "join",
  id: 9,
  left,
  right,
  type,
  on: [{ left: col("shop"), right: col("shop") }],
  rightNames: [],
  ...more,
});
const sorted = (input: LogicalNode, id: number): LogicalNode => ({
  kind: "sortBy",
  id,
  input,
  keys: [desc(col("price"))],
});
const limit = (input: LogicalNode, id: number, rows: number, offset?: number): LogicalNode => ({
  kind: "limit",
  id,
  input,
  rows,
  ...(offset === undefined ? {} : { offset }),
});
const collect = (input: LogicalNode): Action => ({ kind: "collect", input });

const mebibyte = 1024 * 1024;
const targets: PlanTargets = {
  splitBytes: 16 * mebibyte,
  partitionBytes: 32 * mebibyte,
  coalescedBytes: mebibyte,
};

function filesOf(name: string, mebibytes: number): readonly InputFile[] {
  return [{ uri: `s3://b/${name}/part-0.parquet`, sizeBytes: mebibytes * mebibyte }];
}

const select = (input: LogicalNode, id: number, ...names: readonly string[]): LogicalNode => ({
  kind: "select",
  id,
  input,
  columns: names.map((name) => ({ name, expr: col(name) })),
});
const and = (...parts: readonly Expr[]): Expr => call("and", ...parts);
const text = (value: string): Expr => ({ kind: "literal", type: utf8Type, text: value });
const joined = join(readOrders, readShops, "inner");
const crossed = join(readOrders, readShops, "cross", {
  on: [],
  rightNames: [{ from: "shop", to: "shop_right" }],
});
const isDear = call("gt", col("price"), float("1"));
const isNear = call("eq", col("city"), text("Oslo"));

const byShopAndTotal: LogicalNode = {
  kind: "aggregate",
  id: 3,
  input: byShop(where(joined, 2, isNear), 8),
  keys: ["shop", "total"].map((name) => ({ name, expr: col(name) })),
  aggregates: [sum("price", col("total"))],
};
const byOrder = (input: LogicalNode, ...names: readonly string[]): LogicalNode => ({
  ...{ kind: "aggregate", id: 3, input, aggregates: [sum("total", col("price"))] },
  keys: names.map((name) => ({ name, expr: col(name) })),
});
const others: LogicalNode = {
  ...{ kind: "select", id: 6, input: readOrders },
  columns: ["id", "shop"].map((name) => ({ name: `other_${name}`, expr: col(name) })),
};
const withOthers = (type: JoinType): LogicalNode =>
  join(readOrders, others, type, {
    ...{ on: [{ left: col("id"), right: col("other_id") }], strategy: "broadcast" },
  });
const shared = where(readOrders, 2, call("gt", col("price"), float("1")));
/** Both sides are the same files. */
const inPlace = (type: JoinType, left: LogicalNode = readOrders): LogicalNode =>
  join(left, others, type, { on: [{ left: col("id"), right: col("other_id") }] });
const cutJoin = join(readOrders, readShops, "left", { strategy: "shuffle" });
const ofOtherNames = (type: JoinType): LogicalNode =>
  join(readOrders, renamedShops, type, {
    on: [{ left: col("shop"), right: col("own") }],
    strategy: "shuffle",
  });
const renamedShops: LogicalNode = {
  kind: "select",
  id: 6,
  input: readShops,
  columns: [{ name: "own", expr: col("shop") }],
};
const byOwnShop = (input: LogicalNode): LogicalNode => ({
  kind: "aggregate",
  id: 3,
  input,
  keys: [{ name: "own", expr: col("own") }],
  aggregates: [sum("total", col("price"))],
});

const first: LogicalNode = where(
  {
    kind: "window",
    id: 3,
    input: readOrders,
    windows: ["rank", "rowNumber"].map((name) => ({
      name,
      call: {
        ...{ function: name, args: [], partitionBy: [col("shop")], orderBy: [desc(col("price"))] },
        frame: { unit: "peers", start: { kind: "unbounded" }, end: { kind: "offset", rows: 0 } },
      },
    })),
  },
  4,
  and(call("ne", col("shop"), text("a")), call("lt", col("rank"), float("3"))),
);
const large = { orders: 64, shops: 40 };
const smallShops = { orders: 64, shops: 1 };

const goldens: readonly (readonly [string, Action, typeof large])[] = [
  ["columns-aggregate", collect(byShop(shared, 3)), large],
  ["columns-aggregate-one-task", collect(byShop(shared, 3)), { orders: 1, shops: 1 }],
  ["aggregate-behind-join", collect(byShop(cutJoin, 3)), large],
  ["aggregate-behind-aggregate", collect(byShop(byShopAndTotal, 4)), large],
  ["aggregate-by-right-key", collect(byOwnShop(ofOtherNames("inner"))), large],
  ["aggregate-by-right-key-of-left-join", collect(byOwnShop(ofOtherNames("left"))), large],
  ["columns-sort", collect(sorted(readOrders, 3)), large],
  ["columns-top", collect(limit(sorted(readOrders, 3), 4, 10)), large],
  ["columns-top-offset", collect(limit(sorted(readOrders, 3), 4, 10, 5)), large],
  ["columns-limit-offset", collect(limit(readOrders, 4, 10, 5)), large],
  ["columns-distinct", collect({ kind: "distinct", id: 3, input: readOrders }), large],
  ["join-broadcast", collect(join(readOrders, readShops, "left")), smallShops],
  ["join-shuffle", collect(join(readOrders, readShops, "inner")), large],
  ["join-full-shuffles", collect(join(readOrders, readShops, "full")), smallShops],
  ["join-hint", collect(join(readOrders, readShops, "semi", { strategy: "broadcast" })), large],
  ["join-keeps-left", collect(join(readShops, readOrders, "right")), smallShops],
  ["join-self", collect(join(shared, byShop(shared, 3), "inner")), large],
  [
    "union",
    collect({ kind: "union", id: 5, inputs: [byShop(readOrders, 3), byShop(shared, 4)] }),
    large,
  ],
  ["union-of-one", collect({ kind: "union", id: 5, inputs: [shared, shared] }), large],
  [
    "orders-by-decimals",
    collect({
      kind: "orderBy",
      id: 3,
      input: {
        kind: "select",
        id: 2,
        input: readOrders,
        columns: [
          { name: "shop", expr: col("shop") },
          {
            name: "cost",
            expr: { kind: "cast", input: col("price"), to: decimalType(15, 2), onFailure: "error" },
          },
        ],
      },
      key: { by: { kind: "column", name: "cost" }, direction: "desc" },
    }),
    large,
  ],
  [
    "rate-of-async",
    collect({ kind: "mapAsync", id: 3, input: readOrders, concurrency: 8, ratePerSecond: 50 }),
    large,
  ],
  ["rules-columns", collect(select(sorted(readOrders, 3), 4, "price")), large],
  ["rules-columns-of-join", collect(select(joined, 4, "city", "price")), large],
  ["rules-where-below-join", collect(where(joined, 4, and(isDear, isNear))), large],
  [
    "rules-where-stays-above-left-join",
    collect(where(join(readOrders, readShops, "left"), 4, and(isDear, isNear))),
    large,
  ],
  [
    "rules-cross-to-inner",
    collect(where(crossed, 4, and(call("eq", col("shop"), col("shop_right")), isDear))),
    large,
  ],
  [
    "rules-where-below-aggregate",
    collect(
      where(
        byShop(readOrders, 3),
        4,
        and(call("eq", col("shop"), text("a")), call("gt", col("total"), float("2"))),
      ),
    ),
    large,
  ],
  [
    "rules-where-of-constants",
    collect(where(readOrders, 4, call("lt", float("1"), call("add", float("1"), float("1"))))),
    large,
  ],
  ["rules-count-reads-one-column", { kind: "count", input: where(readOrders, 4, isDear) }, large],
  [
    "rules-equal-parts-are-one",
    collect(
      join(byShop(readOrders, 3), byShop(readOrders, 4), "inner", {
        rightNames: [{ from: "total", to: "total2" }],
      }),
    ),
    large,
  ],
  ["rules-first-of-windows", collect(select(first, 5, "shop", "price")), large],
  ["rules-first-of-windows-one-task", collect(first), { orders: 1, shops: 1 }],
  [
    "except",
    collect({ kind: "except", id: 5, left: readOrders, right: shared, all: false }),
    large,
  ],
];

/** Over files of which each row group has order ids of its own, as their footers tell. */
const clusteredGoldens: typeof goldens = [
  ["clustered-aggregate", collect(byOrder(shared, "shop", "id")), large],
  ["clustered-by-other-key", collect(byOrder(shared, "shop")), large],
  ["clustered-distinct", collect({ kind: "distinct", id: 3, input: shared, on: ["id"] }), large],
  ["clustered-key-of-inner-join", collect(byOrder(withOthers("inner"), "other_id")), large],
  ["clustered-key-of-left-join", collect(byOrder(withOthers("left"), "other_id")), large],
  ["clustered-anti-join-in-place", collect(byOrder(inPlace("anti", shared), "id")), large],
  ["clustered-inner-join-in-place", collect(byOrder(inPlace("inner"), "other_id")), large],
  ["clustered-joins-in-place", collect(inPlace("semi", inPlace("left", shared))), large],
];

test.each([
  ...goldens.map((each) => [...each, false] as const),
  ...clusteredGoldens.map((each) => [...each, true] as const),
])("plans %s", (name, action, sizes, isClustered) => {
  const files = new Map(
    fileReads(action).map((node) => {
      const of = node.pattern.includes("orders") ? "orders" : "shops";
      return [node.id, filesOf(of, sizes[of])] as const;
    }),
  );
  // Sides that are counted turn out large.
  const clustered = new Map(isClustered ? [[readOrders.id, ["id"]]] : []);
  const inputs = { files, schemas: new Map(), clustered };
  const planned = planAction(action, 0, inputs, { targets, measured: [1e9, 1e9] });
  const { logical, optimised, physical } = planned.text;
  const printed = `logical\n${logical}\noptimised\n${optimised}\nphysical\n${physical}`;
  const file = new URL(`testdata/${name}.txt`, import.meta.url);
  if (process.env.UPDATE_GOLDENS === "1") writeFileSync(file, printed);
  expect(printed).toBe(readFileSync(file, "utf8"));
});

test("what files hold together says nothing of columns that folders name", () => {
  const options = { schema: orders, partitionColumns: true };
  const inFolders = { ...readOrders, options } as LogicalNode;
  const files = new Map([[readOrders.id, filesOf("orders", 64)]]);
  const inputs = { files, schemas: new Map(), clustered: new Map([[readOrders.id, ["id"]]]) };
  const stagesOf = (input: LogicalNode) =>
    planAction(collect(byOrder(input, "id")), 0, inputs, { targets }).graph.stages.length;
  expect([stagesOf(readOrders), stagesOf(inFolders)]).toEqual([1, 2]);
});

test.each<[string, LogicalNode, RegExp]>([
  [
    "a column that is not there",
    where(readOrders, 2, call("gt", col("prise"), float("1"))),
    /where#2: there is no column prise; did you mean price\?/,
  ],
  [
    "a comparison of unlike types",
    where(readOrders, 2, call("gt", col("shop"), float("1"))),
    /cannot compare utf8 with float64/,
  ],
  [
    "a condition that is no bool",
    where(readOrders, 2, col("price")),
    /condition price is float64, not bool/,
  ],
  [
    "a join on unlike keys",
    join(readOrders, readShops, "inner", { on: [{ left: col("id"), right: col("city") }] }),
    /join#9: id is int64 and city is utf8; cast one of them/,
  ],
  [
    "two columns of a name",
    join(readOrders, readShops, "inner", { on: [{ left: col("shop"), right: col("city") }] }),
    /two columns shop; rename one/,
  ],
  [
    "a union of other columns",
    { kind: "union", id: 5, inputs: [readOrders, readShops] },
    /different columns/,
  ],
])("refuses %s", (_, input, message) => {
  const action = collect(input);
  const files = new Map(fileReads(action).map((node) => [node.id, filesOf("a", 1)] as const));
  const planning = () => planAction(action, 0, { files, schemas: new Map() }, { targets });
  expect(planning).toThrow(message);
  expect(planning).toThrow(expect.objectContaining({ code: "PLAN_INVALID" }));
});
