// Queries 10 to 15 of TPC-H on one thread.

import { numbersOf, textsOf, whereText } from "../../column-values.ts";
import {
  compareTexts,
  dayOf,
  nationKey,
  nationNames,
  nationsBy,
  partsWhere,
  scan,
  type Tables,
} from "./tables.ts";

/** Returned items. */
export async function q10(tables: Tables) {
  const [from, to] = [dayOf("1993-10-01"), dayOf("1994-01-01")];
  const customerOf = new Int32Array(tables.room.orders);
  for await (const { rows, ...t } of scan(tables, "orders", [
    "o_orderkey",
    "o_custkey",
    "o_orderdate",
  ])) {
    const [keys, customers] = [numbersOf(t.o_orderkey), numbersOf(t.o_custkey)];
    const dates = numbersOf(t.o_orderdate);
    for (let row = 0; row < rows; row++) {
      if (dates[row]! >= from && dates[row]! < to) customerOf[keys[row]!] = customers[row]!;
    }
  }
  const revenues = new Float64Array(tables.room.customer);
  const isReturn = whereText((flag) => flag === "R");
  for await (const { rows, ...t } of scan(tables, "lineitem", [
    "l_orderkey",
    "l_returnflag",
    "l_extendedprice",
    "l_discount",
  ])) {
    const [orders, returned] = [numbersOf(t.l_orderkey), isReturn(t.l_returnflag, rows)];
    const [price, discount] = [numbersOf(t.l_extendedprice), numbersOf(t.l_discount)];
    for (let row = 0; row < rows; row++) {
      const customer = customerOf[orders[row]!]!;
      if (customer === 0 || returned[row] === 0) continue;
      revenues[customer]! += price[row]! * (100 - discount[row]!);
    }
  }
  const best = [...revenues.keys()]
    .filter((customer) => revenues[customer]! > 0)
    .sort((a, b) => revenues[b]! - revenues[a]!)
    .slice(0, 20);
  const details = await detailsOf(tables, new Set(best));
  return best.map((customer) => {
    const [name, ...rest] = details.get(customer) ?? [];
    return [customer, name, revenues[customer]! / 1e4, ...rest];
  });
}

/** Name, balance, nation, address, phone and comment of some customers. */
async function detailsOf(
  tables: Tables,
  wanted: ReadonlySet<number>,
): Promise<Map<number, readonly unknown[]>> {
  const nations = await nationNames(tables);
  const details = new Map<number, readonly unknown[]>();
  for await (const { rows, ...t } of scan(tables, "customer", [
    "c_custkey",
    "c_name",
    "c_acctbal",
    "c_nationkey",
    "c_address",
    "c_phone",
    "c_comment",
  ])) {
    const [keys, homes] = [numbersOf(t.c_custkey), numbersOf(t.c_nationkey)];
    const balances = numbersOf(t.c_acctbal);
    for (let row = 0; row < rows; row++) {
      if (!wanted.has(keys[row]!)) continue;
      const rest = [t.c_address, t.c_phone, t.c_comment].map((column) => textsOf(column)(row));
      const start = [textsOf(t.c_name)(row), balances[row]! / 1e2, nations.get(homes[row]!)];
      details.set(keys[row]!, [...start, ...rest]);
    }
  }
  return details;
}

/** Important stock. */
export async function q11(tables: Tables) {
  const germany = await nationKey(tables, "GERMANY");
  const nations = await nationsBy(tables, "supplier");
  const values = new Float64Array(tables.room.part);
  let total = 0;
  for await (const { rows, ...t } of scan(tables, "partsupp", [
    "ps_partkey",
    "ps_suppkey",
    "ps_availqty",
    "ps_supplycost",
  ])) {
    const [parts, suppliers] = [numbersOf(t.ps_partkey), numbersOf(t.ps_suppkey)];
    const [available, cost] = [numbersOf(t.ps_availqty), numbersOf(t.ps_supplycost)];
    for (let row = 0; row < rows; row++) {
      if (nations[suppliers[row]!] !== germany) continue;
      const worth = cost[row]! * available[row]!;
      values[parts[row]!]! += worth;
      total += worth;
    }
  }
  const least = (total * 0.0001) / tables.scale;
  return [...values.keys()]
    .filter((part) => values[part]! > least)
    .sort((a, b) => values[b]! - values[a]!)
    .map((part) => [part, values[part]! / 1e2]);
}

/** Shipping modes and order priority. */
export async function q12(tables: Tables) {
  const isUrgent = new Uint8Array(tables.room.orders);
  const isHigh = whereText((priority) => priority === "1-URGENT" || priority === "2-HIGH");
  for await (const { rows, ...t } of scan(tables, "orders", ["o_orderkey", "o_orderpriority"])) {
    const [keys, high] = [numbersOf(t.o_orderkey), isHigh(t.o_orderpriority, rows)];
    for (let row = 0; row < rows; row++) isUrgent[keys[row]!] = high[row]!;
  }
  const counts = new Map<string, [high: number, low: number]>();
  const isWanted = whereText((mode) => mode === "MAIL" || mode === "SHIP");
  const [from, to] = [dayOf("1994-01-01"), dayOf("1995-01-01")];
  for await (const { rows, ...t } of scan(tables, "lineitem", [
    "l_orderkey",
    "l_shipmode",
    "l_shipdate",
    "l_commitdate",
    "l_receiptdate",
  ])) {
    const [orders, wanted] = [numbersOf(t.l_orderkey), isWanted(t.l_shipmode, rows)];
    const [shipped, promised] = [numbersOf(t.l_shipdate), numbersOf(t.l_commitdate)];
    const [received, mode] = [numbersOf(t.l_receiptdate), textsOf(t.l_shipmode)];
    for (let row = 0; row < rows; row++) {
      if (wanted[row] === 0 || received[row]! < from || received[row]! >= to) continue;
      if (shipped[row]! >= promised[row]! || promised[row]! >= received[row]!) continue;
      const count = counts.get(mode(row)) ?? [0, 0];
      count[isUrgent[orders[row]!] === 1 ? 0 : 1]++;
      counts.set(mode(row), count);
    }
  }
  return [...counts]
    .sort(([a], [b]) => compareTexts(a, b))
    .map(([mode, [high, low]]) => [mode, high, low]);
}

/** Customer distribution. */
export async function q13(tables: Tables) {
  const ordered = new Int32Array(tables.room.customer);
  const isSpecial = whereText((comment) => {
    const at = comment.indexOf("special");
    return at >= 0 && comment.includes("requests", at + "special".length);
  });
  for await (const { rows, ...t } of scan(tables, "orders", ["o_custkey", "o_comment"])) {
    const [customers, special] = [numbersOf(t.o_custkey), isSpecial(t.o_comment, rows)];
    for (let row = 0; row < rows; row++) if (special[row] === 0) ordered[customers[row]!]!++;
  }
  const distribution = new Map<number, number>();
  for await (const { rows, ...t } of scan(tables, "customer", ["c_custkey"])) {
    const keys = numbersOf(t.c_custkey);
    for (let row = 0; row < rows; row++) {
      const count = ordered[keys[row]!]!;
      distribution.set(count, (distribution.get(count) ?? 0) + 1);
    }
  }
  return [...distribution].sort(([a, m], [b, n]) => n - m || b - a);
}

/** Promotion effect. */
export async function q14(tables: Tables) {
  const isPromotion = await partsWhere(tables, "p_type", (type) => type.startsWith("PROMO"));
  const [from, to] = [dayOf("1995-09-01"), dayOf("1995-10-01")];
  let [promoted, all] = [0, 0];
  for await (const { rows, ...t } of scan(tables, "lineitem", [
    "l_partkey",
    "l_extendedprice",
    "l_discount",
    "l_shipdate",
  ])) {
    const [parts, shipped] = [numbersOf(t.l_partkey), numbersOf(t.l_shipdate)];
    const [price, discount] = [numbersOf(t.l_extendedprice), numbersOf(t.l_discount)];
    for (let row = 0; row < rows; row++) {
      if (shipped[row]! < from || shipped[row]! >= to) continue;
      const revenue = price[row]! * (100 - discount[row]!);
      all += revenue;
      if (isPromotion[parts[row]!] === 1) promoted += revenue;
    }
  }
  return [[(100 * promoted) / all]];
}

/** Top supplier. */
export async function q15(tables: Tables) {
  const revenues = new Float64Array(tables.room.supplier);
  const [from, to] = [dayOf("1996-01-01"), dayOf("1996-04-01")];
  for await (const { rows, ...t } of scan(tables, "lineitem", [
    "l_suppkey",
    "l_extendedprice",
    "l_discount",
    "l_shipdate",
  ])) {
    const [suppliers, shipped] = [numbersOf(t.l_suppkey), numbersOf(t.l_shipdate)];
    const [price, discount] = [numbersOf(t.l_extendedprice), numbersOf(t.l_discount)];
    for (let row = 0; row < rows; row++) {
      if (shipped[row]! < from || shipped[row]! >= to) continue;
      revenues[suppliers[row]!]! += price[row]! * (100 - discount[row]!);
    }
  }
  const most = revenues.reduce((a, b) => Math.max(a, b), 0);
  const found: (readonly [key: number, ...rest: unknown[]])[] = [];
  for await (const { rows, ...t } of scan(tables, "supplier", [
    "s_suppkey",
    "s_name",
    "s_address",
    "s_phone",
  ])) {
    const keys = numbersOf(t.s_suppkey);
    const details = [textsOf(t.s_name), textsOf(t.s_address), textsOf(t.s_phone)];
    for (let row = 0; row < rows; row++) {
      if (revenues[keys[row]!] !== most) continue;
      found.push([keys[row]!, ...details.map((text) => text(row)), most / 1e4]);
    }
  }
  return found.sort(([a], [b]) => a - b);
}
