// Queries 1, 3 and 6 of TPC-H on one thread: typed arrays and Maps, amounts as whole hundredths.

import type { Column } from "../../../../proto/batch/column.ts";
import type { Baselines } from "../baseline-types.ts";
import { textAt, wordsOf } from "../column-values.ts";
import { numbersOf, readTable } from "../read-table.ts";

const dayOf = (text: string): number => Math.floor(new Date(text).getTime() / 86_400_000);
const dateOf = (day: number): string => new Date(day * 86_400_000).toISOString().slice(0, 10);

/** Sums of hundredths and their products stay exact below 2^53 up to about scale 10. */
interface Totals {
  quantity: number;
  price: number;
  discounted: number;
  charge: number;
  discount: number;
  rows: number;
}

const q1Columns = [
  "l_returnflag",
  "l_linestatus",
  "l_quantity",
  "l_extendedprice",
  "l_discount",
  "l_tax",
  "l_shipdate",
];

function addTo(groups: Map<string, Totals>, rows: number, columns: readonly Column[]): void {
  const [flags, statuses, ...rest] = columns;
  const [quantity, price, discount, tax] = rest.slice(0, 4).map(wordsOf);
  const shipped = numbersOf(rest[4]!);
  const last = dayOf("1998-09-02");
  for (let row = 0; row < rows; row++) {
    if (shipped[row]! > last) continue;
    const key = `${textAt(flags!, row)}|${textAt(statuses!, row)}`;
    let totals = groups.get(key);
    if (totals === undefined) {
      totals = { quantity: 0, price: 0, discounted: 0, charge: 0, discount: 0, rows: 0 };
      groups.set(key, totals);
    }
    const [cost, off] = [price![row]!, discount![row]!];
    const discounted = cost * (100 - off);
    totals.quantity += quantity![row]!;
    totals.price += cost;
    totals.discounted += discounted;
    totals.charge += discounted * (100 + tax![row]!);
    totals.discount += off;
    totals.rows++;
  }
}

async function q1(folder: string): Promise<unknown> {
  const groups = new Map<string, Totals>();
  for await (const { rows, columns } of readTable(`${folder}/lineitem.parquet`, q1Columns)) {
    addTo(groups, rows, columns);
  }
  return [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, { quantity, price, discounted, charge, discount, rows }]) => [
      ...key.split("|"),
      ...[quantity / 1e2, price / 1e2, discounted / 1e4, charge / 1e6],
      ...[quantity / 1e2 / rows, price / 1e2 / rows, discount / 1e2 / rows, rows],
    ]);
}

async function buildingOrders(folder: string): Promise<Map<number, readonly [number, number]>> {
  const customers = new Set<number>();
  const customerColumns = ["c_custkey", "c_mktsegment"];
  for await (const { rows, columns } of readTable(`${folder}/customer.parquet`, customerColumns)) {
    const keys = wordsOf(columns[0]!);
    for (let row = 0; row < rows; row++) {
      if (textAt(columns[1]!, row) === "BUILDING") customers.add(keys[row]!);
    }
  }
  const orders = new Map<number, readonly [number, number]>();
  const orderColumns = ["o_orderkey", "o_custkey", "o_orderdate", "o_shippriority"];
  for await (const { rows, columns } of readTable(`${folder}/orders.parquet`, orderColumns)) {
    const [keys, owners] = columns.slice(0, 2).map(wordsOf);
    const [dates, priorities] = columns.slice(2).map(numbersOf);
    for (let row = 0; row < rows; row++) {
      if (dates![row]! >= dayOf("1995-03-15") || !customers.has(owners![row]!)) continue;
      orders.set(keys![row]!, [dates![row]!, priorities![row]!]);
    }
  }
  return orders;
}

async function q3(folder: string): Promise<unknown> {
  const orders = await buildingOrders(folder);
  const revenues = new Map<number, number>();
  const names = ["l_orderkey", "l_extendedprice", "l_discount", "l_shipdate"];
  for await (const { rows, columns } of readTable(`${folder}/lineitem.parquet`, names)) {
    const [keys, price, discount] = columns.slice(0, 3).map(wordsOf);
    const shipped = numbersOf(columns[3]!);
    for (let row = 0; row < rows; row++) {
      const key = keys![row]!;
      if (shipped[row]! <= dayOf("1995-03-15") || !orders.has(key)) continue;
      revenues.set(key, (revenues.get(key) ?? 0) + price![row]! * (100 - discount![row]!));
    }
  }
  const dateOfOrder = (key: number): number => orders.get(key)?.[0] ?? 0;
  return [...revenues]
    .sort(([a, m], [b, n]) => n - m || dateOfOrder(a) - dateOfOrder(b))
    .slice(0, 10)
    .map(([key, revenue]) => [key, revenue / 1e4, dateOf(dateOfOrder(key)), orders.get(key)![1]]);
}

async function q6(folder: string): Promise<unknown> {
  let revenue = 0;
  const names = ["l_quantity", "l_extendedprice", "l_discount", "l_shipdate"];
  const [from, to] = [dayOf("1994-01-01"), dayOf("1995-01-01")];
  for await (const { rows, columns } of readTable(`${folder}/lineitem.parquet`, names)) {
    const [quantity, price, discount] = columns.slice(0, 3).map(wordsOf);
    const shipped = numbersOf(columns[3]!);
    for (let row = 0; row < rows; row++) {
      const off = discount![row]!;
      if (shipped[row]! < from || shipped[row]! >= to || off < 5 || off > 7) continue;
      if (quantity![row]! < 2400) revenue += price![row]! * off;
    }
  }
  return [[revenue / 1e4]];
}

export const tpchBaselines: Baselines = {
  q1: ({ folder }) => q1(String(folder)),
  q3: ({ folder }) => q3(String(folder)),
  q6: ({ folder }) => q6(String(folder)),
};
