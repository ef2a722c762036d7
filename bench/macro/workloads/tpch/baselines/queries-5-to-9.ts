// Queries 5 to 9 of TPC-H on one thread: joins are arrays indexed by keys.

import { numbersOf } from "../../column-values.ts";
import {
  compareTexts,
  dayOf,
  nationKey,
  nationNames,
  nationsBy,
  partsWhere,
  scan,
  type Tables,
  years,
} from "./tables.ts";

const nowhere = 255;

/** The nation of each order's customer, where the order falls in a time; otherwise 255. */
async function nationsOfOrders(tables: Tables, from: number, to: number): Promise<Uint8Array> {
  const homes = await nationsBy(tables, "customer");
  const nations = new Uint8Array(tables.room.orders).fill(nowhere);
  for await (const { rows, ...t } of scan(tables, "orders", [
    "o_orderkey",
    "o_custkey",
    "o_orderdate",
  ])) {
    const [keys, customers] = [numbersOf(t.o_orderkey), numbersOf(t.o_custkey)];
    const dates = numbersOf(t.o_orderdate);
    for (let row = 0; row < rows; row++) {
      if (dates[row]! >= from && dates[row]! < to) nations[keys[row]!] = homes[customers[row]!]!;
    }
  }
  return nations;
}

/** Local supplier volume. */
export async function q5(tables: Tables) {
  const asia = await nationNames(tables, "ASIA");
  const sellers = await nationsBy(tables, "supplier");
  const buyers = await nationsOfOrders(tables, dayOf("1994-01-01"), dayOf("1995-01-01"));
  const revenues = new Float64Array(nowhere);
  for await (const { rows, ...t } of scan(tables, "lineitem", [
    "l_orderkey",
    "l_suppkey",
    "l_extendedprice",
    "l_discount",
  ])) {
    const [orders, suppliers] = [numbersOf(t.l_orderkey), numbersOf(t.l_suppkey)];
    const [price, discount] = [numbersOf(t.l_extendedprice), numbersOf(t.l_discount)];
    for (let row = 0; row < rows; row++) {
      const nation = sellers[suppliers[row]!]!;
      if (buyers[orders[row]!] !== nation) continue;
      revenues[nation]! += price[row]! * (100 - discount[row]!);
    }
  }
  return [...asia]
    .filter(([nation]) => revenues[nation]! > 0)
    .sort(([a], [b]) => revenues[b]! - revenues[a]!)
    .map(([nation, name]) => [name, revenues[nation]! / 1e4]);
}

/** Forecasting revenue change. */
export async function q6(tables: Tables) {
  let revenue = 0;
  const [from, to] = [dayOf("1994-01-01"), dayOf("1995-01-01")];
  for await (const { rows, ...t } of scan(tables, "lineitem", [
    "l_quantity",
    "l_extendedprice",
    "l_discount",
    "l_shipdate",
  ])) {
    const [quantity, shipped] = [numbersOf(t.l_quantity), numbersOf(t.l_shipdate)];
    const [price, discount] = [numbersOf(t.l_extendedprice), numbersOf(t.l_discount)];
    for (let row = 0; row < rows; row++) {
      const off = discount[row]!;
      if (shipped[row]! < from || shipped[row]! >= to || off < 5 || off > 7) continue;
      if (quantity[row]! < 2400) revenue += price[row]! * off;
    }
  }
  return [[revenue / 1e4]];
}

/** Volume shipping. */
export async function q7(tables: Tables) {
  const [france, germany] = [await nationKey(tables, "FRANCE"), await nationKey(tables, "GERMANY")];
  const sellers = await nationsBy(tables, "supplier");
  const buyers = await nationsOfOrders(tables, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
  const names = ["FRANCE", "GERMANY"];
  const placeOf = (nation: number): number => (nation === france ? 0 : nation === germany ? 1 : -1);
  const [from, to] = [dayOf("1995-01-01"), dayOf("1996-12-31")];
  const volumes = new Float64Array(4);
  for await (const { rows, ...t } of scan(tables, "lineitem", [
    "l_orderkey",
    "l_suppkey",
    "l_extendedprice",
    "l_discount",
    "l_shipdate",
  ])) {
    const [orders, suppliers] = [numbersOf(t.l_orderkey), numbersOf(t.l_suppkey)];
    const [price, discount] = [numbersOf(t.l_extendedprice), numbersOf(t.l_discount)];
    const shipped = numbersOf(t.l_shipdate);
    for (let row = 0; row < rows; row++) {
      const seller = placeOf(sellers[suppliers[row]!]!);
      if (seller < 0 || shipped[row]! < from || shipped[row]! > to) continue;
      if (placeOf(buyers[orders[row]!]!) !== 1 - seller) continue;
      volumes[2 * seller + years[shipped[row]!]! - 1995]! += price[row]! * (100 - discount[row]!);
    }
  }
  return [...volumes.keys()]
    .filter((at) => volumes[at]! > 0)
    .map((at) => {
      const seller = Math.floor(at / 2);
      return [names[seller], names[1 - seller], 1995 + (at % 2), volumes[at]! / 1e4];
    });
}

/** National market share. */
export async function q8(tables: Tables) {
  const america = await nationNames(tables, "AMERICA");
  const brazil = await nationKey(tables, "BRAZIL");
  const sellers = await nationsBy(tables, "supplier");
  const homes = await nationsBy(tables, "customer");
  const isWanted = await partsWhere(tables, "p_type", (type) => type === "ECONOMY ANODIZED STEEL");
  const [from, to] = [dayOf("1995-01-01"), dayOf("1996-12-31")];
  const yearOfOrder = new Int16Array(tables.room.orders);
  for await (const { rows, ...t } of scan(tables, "orders", [
    "o_orderkey",
    "o_custkey",
    "o_orderdate",
  ])) {
    const [keys, customers] = [numbersOf(t.o_orderkey), numbersOf(t.o_custkey)];
    const dates = numbersOf(t.o_orderdate);
    for (let row = 0; row < rows; row++) {
      if (dates[row]! < from || dates[row]! > to || !america.has(homes[customers[row]!]!)) continue;
      yearOfOrder[keys[row]!] = years[dates[row]!]!;
    }
  }
  const [brazilian, all] = [new Float64Array(2), new Float64Array(2)];
  for await (const { rows, ...t } of scan(tables, "lineitem", [
    "l_orderkey",
    "l_partkey",
    "l_suppkey",
    "l_extendedprice",
    "l_discount",
  ])) {
    const [orders, parts] = [numbersOf(t.l_orderkey), numbersOf(t.l_partkey)];
    const suppliers = numbersOf(t.l_suppkey);
    const [price, discount] = [numbersOf(t.l_extendedprice), numbersOf(t.l_discount)];
    for (let row = 0; row < rows; row++) {
      if (isWanted[parts[row]!] === 0) continue;
      const year = yearOfOrder[orders[row]!]! - 1995;
      if (year < 0) continue;
      const volume = price[row]! * (100 - discount[row]!);
      all[year]! += volume;
      if (sellers[suppliers[row]!] === brazil) brazilian[year]! += volume;
    }
  }
  return [0, 1]
    .filter((year) => all[year]! > 0)
    .map((year) => [1995 + year, brazilian[year]! / all[year]!]);
}

/** What suppliers ask for some parts: by part and supplier in one number. Small tables have pairs twice. */
async function costsOf(tables: Tables, isWanted: Uint8Array): Promise<Map<number, number[]>> {
  const costs = new Map<number, number[]>();
  for await (const { rows, ...t } of scan(tables, "partsupp", [
    "ps_partkey",
    "ps_suppkey",
    "ps_supplycost",
  ])) {
    const [parts, suppliers] = [numbersOf(t.ps_partkey), numbersOf(t.ps_suppkey)];
    const cost = numbersOf(t.ps_supplycost);
    for (let row = 0; row < rows; row++) {
      if (isWanted[parts[row]!] === 0) continue;
      const pair = parts[row]! * tables.room.supplier + suppliers[row]!;
      const known = costs.get(pair);
      if (known === undefined) costs.set(pair, [cost[row]!]);
      else known.push(cost[row]!);
    }
  }
  return costs;
}

const firstYear = 1992;
const yearsInAll = 8;

/** Product type profit. */
export async function q9(tables: Tables) {
  const isGreen = await partsWhere(tables, "p_name", (name) => name.includes("green"));
  const costs = await costsOf(tables, isGreen);
  const nations = await nationsBy(tables, "supplier");
  const yearOfOrder = new Int16Array(tables.room.orders);
  for await (const { rows, ...t } of scan(tables, "orders", ["o_orderkey", "o_orderdate"])) {
    const [keys, dates] = [numbersOf(t.o_orderkey), numbersOf(t.o_orderdate)];
    for (let row = 0; row < rows; row++) yearOfOrder[keys[row]!] = years[dates[row]!]!;
  }
  const profits = new Float64Array(nowhere * yearsInAll);
  const counts = new Float64Array(nowhere * yearsInAll);
  for await (const { rows, ...t } of scan(tables, "lineitem", [
    "l_orderkey",
    "l_partkey",
    "l_suppkey",
    "l_quantity",
    "l_extendedprice",
    "l_discount",
  ])) {
    const [orders, parts] = [numbersOf(t.l_orderkey), numbersOf(t.l_partkey)];
    const [suppliers, quantity] = [numbersOf(t.l_suppkey), numbersOf(t.l_quantity)];
    const [price, discount] = [numbersOf(t.l_extendedprice), numbersOf(t.l_discount)];
    for (let row = 0; row < rows; row++) {
      if (isGreen[parts[row]!] === 0) continue;
      const nation = nations[suppliers[row]!]!;
      const group = nation * yearsInAll + yearOfOrder[orders[row]!]! - firstYear;
      for (const cost of costs.get(parts[row]! * tables.room.supplier + suppliers[row]!) ?? []) {
        profits[group]! += price[row]! * (100 - discount[row]!) - cost * quantity[row]!;
        counts[group]!++;
      }
    }
  }
  const names = await nationNames(tables);
  return [...counts.keys()]
    .filter((group) => counts[group]! > 0)
    .map((group) => {
      const name = names.get(Math.floor(group / yearsInAll)) ?? "";
      return [name, firstYear + (group % yearsInAll), profits[group]! / 1e4] as const;
    })
    .sort(([a, year], [b, other]) => compareTexts(a, b) || other - year);
}
