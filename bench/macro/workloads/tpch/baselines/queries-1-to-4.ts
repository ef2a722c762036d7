// Queries 1 to 4 of TPC-H on one thread. Amounts are whole hundredths: their sums are exact.

import { byText, numbersOf, textsOf, whereText } from "../../column-values.ts";
import { compareTexts, dateOf, dayOf, nationNames, scan, type Tables } from "./tables.ts";

const letters = 32;
const letterOf = (text: string): number => text.charCodeAt(0) - 65;

/** Pricing summary. */
export async function q1(tables: Tables) {
  const sum = (): Float64Array => new Float64Array(letters * letters);
  const [quantities, prices, discounted, charges] = [sum(), sum(), sum(), sum()];
  const [discounts, counts] = [sum(), sum()];
  const [flagOf, statusOf] = [byText(letterOf), byText(letterOf)];
  const last = dayOf("1998-09-02");
  for await (const { rows, ...t } of scan(tables, "lineitem", [
    "l_returnflag",
    "l_linestatus",
    "l_quantity",
    "l_extendedprice",
    "l_discount",
    "l_tax",
    "l_shipdate",
  ])) {
    const [flags, statuses] = [flagOf(t.l_returnflag, rows), statusOf(t.l_linestatus, rows)];
    const [quantity, price] = [numbersOf(t.l_quantity), numbersOf(t.l_extendedprice)];
    const [discount, tax] = [numbersOf(t.l_discount), numbersOf(t.l_tax)];
    const shipped = numbersOf(t.l_shipdate);
    for (let row = 0; row < rows; row++) {
      if (shipped[row]! > last) continue;
      const group = flags[row]! * letters + statuses[row]!;
      const cost = price[row]! * (100 - discount[row]!);
      quantities[group]! += quantity[row]!;
      prices[group]! += price[row]!;
      discounted[group]! += cost;
      charges[group]! += cost * (100 + tax[row]!);
      discounts[group]! += discount[row]!;
      counts[group]!++;
    }
  }
  const letter = (code: number): string => String.fromCharCode(65 + code);
  return [...counts.keys()]
    .filter((group) => counts[group]! > 0)
    .map((group) => [
      ...[letter(Math.floor(group / letters)), letter(group % letters)],
      ...[quantities[group]! / 1e2, prices[group]! / 1e2],
      ...[discounted[group]! / 1e4, charges[group]! / 1e6],
      ...[quantities, prices, discounts].map((each) => each[group]! / 1e2 / counts[group]!),
      counts[group],
    ]);
}

interface Supplier {
  readonly balance: number;
  readonly name: string;
  readonly nation: string;
  readonly contact: readonly string[];
}

async function suppliersOf(tables: Tables, region: string): Promise<Map<number, Supplier>> {
  const nations = await nationNames(tables, region);
  const suppliers = new Map<number, Supplier>();
  for await (const { rows, ...t } of scan(tables, "supplier", [
    "s_suppkey",
    "s_name",
    "s_address",
    "s_nationkey",
    "s_phone",
    "s_acctbal",
    "s_comment",
  ])) {
    const [keys, homes] = [numbersOf(t.s_suppkey), numbersOf(t.s_nationkey)];
    const [balances, name] = [numbersOf(t.s_acctbal), textsOf(t.s_name)];
    const contact = [textsOf(t.s_address), textsOf(t.s_phone), textsOf(t.s_comment)];
    for (let row = 0; row < rows; row++) {
      const nation = nations.get(homes[row]!);
      if (nation === undefined) continue;
      suppliers.set(keys[row]!, {
        ...{ balance: balances[row]!, name: name(row), nation },
        contact: contact.map((each) => each(row)),
      });
    }
  }
  return suppliers;
}

/** Minimum cost supplier. */
export async function q2(tables: Tables) {
  const suppliers = await suppliersOf(tables, "EUROPE");
  const makers = new Map<number, string>();
  const isBrass = whereText((type) => type.endsWith("BRASS"));
  for await (const { rows, ...t } of scan(tables, "part", [
    "p_partkey",
    "p_mfgr",
    "p_type",
    "p_size",
  ])) {
    const [keys, sizes] = [numbersOf(t.p_partkey), numbersOf(t.p_size)];
    const [brass, maker] = [isBrass(t.p_type, rows), textsOf(t.p_mfgr)];
    for (let row = 0; row < rows; row++) {
      if (sizes[row] === 15 && brass[row] === 1) makers.set(keys[row]!, maker(row));
    }
  }
  const offers: { readonly part: number; readonly supplier: Supplier; readonly cost: number }[] =
    [];
  const least = new Float64Array(tables.room.part).fill(Number.POSITIVE_INFINITY);
  for await (const { rows, ...t } of scan(tables, "partsupp", [
    "ps_partkey",
    "ps_suppkey",
    "ps_supplycost",
  ])) {
    const [parts, by] = [numbersOf(t.ps_partkey), numbersOf(t.ps_suppkey)];
    const costs = numbersOf(t.ps_supplycost);
    for (let row = 0; row < rows; row++) {
      const [part, cost] = [parts[row]!, costs[row]!];
      if (!makers.has(part)) continue;
      const supplier = suppliers.get(by[row]!);
      if (supplier === undefined) continue;
      offers.push({ part, supplier, cost });
      if (cost < least[part]!) least[part] = cost;
    }
  }
  return offers
    .filter(({ part, cost }) => cost === least[part])
    .sort(({ part, supplier: a }, { part: other, supplier: b }) => {
      const byNames = compareTexts(a.nation, b.nation) || compareTexts(a.name, b.name);
      return b.balance - a.balance || byNames || part - other;
    })
    .slice(0, 100)
    .map(({ part, supplier: { balance, name, nation, contact } }) => {
      const [address, phone, comment] = contact;
      return [balance / 1e2, name, nation, part, makers.get(part), address, phone, comment];
    });
}

/** Shipping priority. */
export async function q3(tables: Tables) {
  const day = dayOf("1995-03-15");
  const isBuilder = new Uint8Array(tables.room.customer);
  const isBuilding = whereText((segment) => segment === "BUILDING");
  for await (const { rows, ...t } of scan(tables, "customer", ["c_custkey", "c_mktsegment"])) {
    const [keys, building] = [numbersOf(t.c_custkey), isBuilding(t.c_mktsegment, rows)];
    for (let row = 0; row < rows; row++) isBuilder[keys[row]!] = building[row]!;
  }
  const dates = new Int32Array(tables.room.orders);
  const priorities = new Int32Array(tables.room.orders);
  for await (const { rows, ...t } of scan(tables, "orders", [
    "o_orderkey",
    "o_custkey",
    "o_orderdate",
    "o_shippriority",
  ])) {
    const [keys, customers] = [numbersOf(t.o_orderkey), numbersOf(t.o_custkey)];
    const [ordered, priority] = [numbersOf(t.o_orderdate), numbersOf(t.o_shippriority)];
    for (let row = 0; row < rows; row++) {
      if (ordered[row]! >= day || isBuilder[customers[row]!] === 0) continue;
      dates[keys[row]!] = ordered[row]!;
      priorities[keys[row]!] = priority[row]!;
    }
  }
  const revenues = new Map<number, number>();
  for await (const { rows, ...t } of scan(tables, "lineitem", [
    "l_orderkey",
    "l_extendedprice",
    "l_discount",
    "l_shipdate",
  ])) {
    const [keys, shipped] = [numbersOf(t.l_orderkey), numbersOf(t.l_shipdate)];
    const [price, discount] = [numbersOf(t.l_extendedprice), numbersOf(t.l_discount)];
    for (let row = 0; row < rows; row++) {
      const key = keys[row]!;
      if (shipped[row]! <= day || dates[key] === 0) continue;
      revenues.set(key, (revenues.get(key) ?? 0) + price[row]! * (100 - discount[row]!));
    }
  }
  return [...revenues]
    .sort(([a, m], [b, n]) => n - m || dates[a]! - dates[b]!)
    .slice(0, 10)
    .map(([key, revenue]) => [key, revenue / 1e4, dateOf(dates[key]!), priorities[key]]);
}

/** Order priority checking. */
export async function q4(tables: Tables) {
  const isLate = new Uint8Array(tables.room.orders);
  for await (const { rows, ...t } of scan(tables, "lineitem", [
    "l_orderkey",
    "l_commitdate",
    "l_receiptdate",
  ])) {
    const keys = numbersOf(t.l_orderkey);
    const [promised, received] = [numbersOf(t.l_commitdate), numbersOf(t.l_receiptdate)];
    for (let row = 0; row < rows; row++)
      if (promised[row]! < received[row]!) isLate[keys[row]!] = 1;
  }
  const counts = new Map<string, number>();
  const [from, to] = [dayOf("1993-07-01"), dayOf("1993-10-01")];
  for await (const { rows, ...t } of scan(tables, "orders", [
    "o_orderkey",
    "o_orderdate",
    "o_orderpriority",
  ])) {
    const [keys, dates] = [numbersOf(t.o_orderkey), numbersOf(t.o_orderdate)];
    const priority = textsOf(t.o_orderpriority);
    for (let row = 0; row < rows; row++) {
      if (dates[row]! < from || dates[row]! >= to || isLate[keys[row]!] === 0) continue;
      counts.set(priority(row), (counts.get(priority(row)) ?? 0) + 1);
    }
  }
  return [...counts].sort(([a], [b]) => compareTexts(a, b));
}
