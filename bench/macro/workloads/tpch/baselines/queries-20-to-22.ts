// Queries 20 to 22 of TPC-H on one thread.

import { numbersOf, textsOf, whereText } from "../../column-values.ts";
import {
  compareTexts,
  dayOf,
  nationKey,
  nationsBy,
  partsWhere,
  scan,
  type Tables,
} from "./tables.ts";

/** Names of suppliers and what else is asked of them, by their keys. */
async function supplierTexts(tables: Tables, column: "s_name" | "s_address"): Promise<string[]> {
  const texts: string[] = [];
  for await (const { rows, ...t } of scan(tables, "supplier", ["s_suppkey", column])) {
    const [keys, text] = [numbersOf(t.s_suppkey), textsOf(t[column])];
    for (let row = 0; row < rows; row++) texts[keys[row]!] = text(row);
  }
  return texts;
}

/** Hundredths shipped in 1994 of parts of the forest, by part and supplier in one number. */
async function shippedOfForest(tables: Tables): Promise<Map<number, number>> {
  const isForest = await partsWhere(tables, "p_name", (name) => name.startsWith("forest"));
  const shipped = new Map<number, number>();
  const [from, to] = [dayOf("1994-01-01"), dayOf("1995-01-01")];
  for await (const { rows, ...t } of scan(tables, "lineitem", [
    "l_partkey",
    "l_suppkey",
    "l_quantity",
    "l_shipdate",
  ])) {
    const [parts, suppliers] = [numbersOf(t.l_partkey), numbersOf(t.l_suppkey)];
    const [quantity, dates] = [numbersOf(t.l_quantity), numbersOf(t.l_shipdate)];
    for (let row = 0; row < rows; row++) {
      if (isForest[parts[row]!] === 0 || dates[row]! < from || dates[row]! >= to) continue;
      const pair = parts[row]! * tables.room.supplier + suppliers[row]!;
      shipped.set(pair, (shipped.get(pair) ?? 0) + quantity[row]!);
    }
  }
  return shipped;
}

/** Potential part promotion. */
export async function q20(tables: Tables) {
  const shipped = await shippedOfForest(tables);
  const hasExcess = new Uint8Array(tables.room.supplier);
  for await (const { rows, ...t } of scan(tables, "partsupp", [
    "ps_partkey",
    "ps_suppkey",
    "ps_availqty",
  ])) {
    const [parts, suppliers] = [numbersOf(t.ps_partkey), numbersOf(t.ps_suppkey)];
    const available = numbersOf(t.ps_availqty);
    for (let row = 0; row < rows; row++) {
      const found = shipped.get(parts[row]! * tables.room.supplier + suppliers[row]!);
      if (found !== undefined && available[row]! * 200 > found) hasExcess[suppliers[row]!] = 1;
    }
  }
  const canada = await nationKey(tables, "CANADA");
  const nations = await nationsBy(tables, "supplier");
  const [names, addresses] = [
    await supplierTexts(tables, "s_name"),
    await supplierTexts(tables, "s_address"),
  ];
  return [...hasExcess.keys()]
    .filter((supplier) => hasExcess[supplier] === 1 && nations[supplier] === canada)
    .map((supplier) => [names[supplier]!, addresses[supplier]!] as const)
    .sort(([a], [b]) => compareTexts(a, b));
}

const several = -1;

/** Suppliers who kept orders waiting. */
export async function q21(tables: Tables) {
  /** Of each order: its supplier, the one who was late, each 0 for nobody yet; and how many lines were. */
  const supplierOf = new Int32Array(tables.room.orders);
  const lateSupplierOf = new Int32Array(tables.room.orders);
  const lateLines = new Uint8Array(tables.room.orders);
  const note = (by: Int32Array, order: number, supplier: number): void => {
    if (by[order] === 0) by[order] = supplier;
    else if (by[order] !== supplier) by[order] = several;
  };
  for await (const { rows, ...t } of scan(tables, "lineitem", [
    "l_orderkey",
    "l_suppkey",
    "l_commitdate",
    "l_receiptdate",
  ])) {
    const [orders, suppliers] = [numbersOf(t.l_orderkey), numbersOf(t.l_suppkey)];
    const [promised, received] = [numbersOf(t.l_commitdate), numbersOf(t.l_receiptdate)];
    for (let row = 0; row < rows; row++) {
      note(supplierOf, orders[row]!, suppliers[row]!);
      if (received[row]! <= promised[row]!) continue;
      note(lateSupplierOf, orders[row]!, suppliers[row]!);
      lateLines[orders[row]!]!++;
    }
  }
  const arabia = await nationKey(tables, "SAUDI ARABIA");
  const nations = await nationsBy(tables, "supplier");
  const waits = new Float64Array(tables.room.supplier);
  const isFinal = whereText((status) => status === "F");
  for await (const { rows, ...t } of scan(tables, "orders", ["o_orderkey", "o_orderstatus"])) {
    const [keys, final] = [numbersOf(t.o_orderkey), isFinal(t.o_orderstatus, rows)];
    for (let row = 0; row < rows; row++) {
      const order = keys[row]!;
      const late = lateSupplierOf[order]!;
      if (final[row] === 0 || late <= 0 || supplierOf[order] !== several) continue;
      if (nations[late] === arabia) waits[late]! += lateLines[order]!;
    }
  }
  const names = await supplierTexts(tables, "s_name");
  return [...waits.keys()]
    .filter((supplier) => waits[supplier]! > 0)
    .map((supplier) => [names[supplier]!, waits[supplier]!] as const)
    .sort(([a, m], [b, n]) => n - m || compareTexts(a, b))
    .slice(0, 100);
}

/** Global sales opportunity. */
export async function q22(tables: Tables) {
  const hasOrdered = new Uint8Array(tables.room.customer);
  for await (const { rows, ...t } of scan(tables, "orders", ["o_custkey"])) {
    const customers = numbersOf(t.o_custkey);
    for (let row = 0; row < rows; row++) hasOrdered[customers[row]!] = 1;
  }
  const codes = new Set(["13", "31", "23", "29", "30", "18", "17"]);
  const near: { readonly code: string; readonly balance: number; readonly isNew: boolean }[] = [];
  for await (const { rows, ...t } of scan(tables, "customer", [
    "c_custkey",
    "c_phone",
    "c_acctbal",
  ])) {
    const [keys, balances] = [numbersOf(t.c_custkey), numbersOf(t.c_acctbal)];
    const phone = textsOf(t.c_phone);
    for (let row = 0; row < rows; row++) {
      const code = phone(row).slice(0, 2);
      if (!codes.has(code)) continue;
      near.push({ code, balance: balances[row]!, isNew: hasOrdered[keys[row]!] === 0 });
    }
  }
  const inCredit = near.filter(({ balance }) => balance > 0);
  const usual = inCredit.reduce((sum, { balance }) => sum + balance, 0) / inCredit.length;
  const totals = new Map<string, [customers: number, balance: number]>();
  for (const { code, balance, isNew } of near) {
    if (!isNew || balance <= usual) continue;
    const [customers, sum] = totals.get(code) ?? [0, 0];
    totals.set(code, [customers + 1, sum + balance]);
  }
  return [...totals]
    .sort(([a], [b]) => compareTexts(a, b))
    .map(([code, [customers, balance]]) => [code, customers, balance / 1e2]);
}
