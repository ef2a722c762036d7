// Queries 16 to 19 of TPC-H on one thread.

import { byText, numbersOf, textsOf, whereText } from "../../column-values.ts";
import { compareTexts, dateOf, scan, type Tables } from "./tables.ts";

async function suppliersWithComplaints(tables: Tables): Promise<Uint8Array> {
  const found = new Uint8Array(tables.room.supplier);
  const isComplaint = whereText((comment) => /Customer.*Complaints/.test(comment));
  for await (const { rows, ...t } of scan(tables, "supplier", ["s_suppkey", "s_comment"])) {
    const [keys, complaint] = [numbersOf(t.s_suppkey), isComplaint(t.s_comment, rows)];
    for (let row = 0; row < rows; row++) found[keys[row]!] = complaint[row]!;
  }
  return found;
}

interface Kind {
  readonly brand: string;
  readonly type: string;
  readonly size: number;
  readonly suppliers: Set<number>;
}

/** The kind of each part that is asked for. */
async function kindsOfParts(tables: Tables): Promise<Map<number, Kind>> {
  const sizes = new Set([49, 14, 23, 45, 19, 3, 36, 9]);
  const [kinds, byPart] = [new Map<string, Kind>(), new Map<number, Kind>()];
  for await (const { rows, ...t } of scan(tables, "part", [
    "p_partkey",
    "p_brand",
    "p_type",
    "p_size",
  ])) {
    const [keys, sizeOf] = [numbersOf(t.p_partkey), numbersOf(t.p_size)];
    const [brandOf, typeOf] = [textsOf(t.p_brand), textsOf(t.p_type)];
    for (let row = 0; row < rows; row++) {
      const size = sizeOf[row]!;
      if (!sizes.has(size) || brandOf(row) === "Brand#45") continue;
      const [brand, type] = [brandOf(row), typeOf(row)];
      if (type.startsWith("MEDIUM POLISHED")) continue;
      const name = `${brand}|${type}|${size}`;
      const kind = kinds.get(name) ?? { brand, type, size, suppliers: new Set() };
      kinds.set(name, kind);
      byPart.set(keys[row]!, kind);
    }
  }
  return byPart;
}

/** Parts and their suppliers. */
export async function q16(tables: Tables) {
  const complained = await suppliersWithComplaints(tables);
  const kinds = await kindsOfParts(tables);
  for await (const { rows, ...t } of scan(tables, "partsupp", ["ps_partkey", "ps_suppkey"])) {
    const [parts, suppliers] = [numbersOf(t.ps_partkey), numbersOf(t.ps_suppkey)];
    for (let row = 0; row < rows; row++) {
      if (complained[suppliers[row]!] === 0) kinds.get(parts[row]!)?.suppliers.add(suppliers[row]!);
    }
  }
  return [...new Set(kinds.values())]
    .filter(({ suppliers }) => suppliers.size > 0)
    .sort((a, b) => {
      const byNames = compareTexts(a.brand, b.brand) || compareTexts(a.type, b.type);
      return b.suppliers.size - a.suppliers.size || byNames || a.size - b.size;
    })
    .map(({ brand, type, size, suppliers }) => [brand, type, size, suppliers.size]);
}

/** Small-quantity orders. */
export async function q17(tables: Tables) {
  const isWanted = new Uint8Array(tables.room.part);
  const isBrand = whereText((brand) => brand === "Brand#23");
  const isBox = whereText((container) => container === "MED BOX");
  for await (const { rows, ...t } of scan(tables, "part", [
    "p_partkey",
    "p_brand",
    "p_container",
  ])) {
    const keys = numbersOf(t.p_partkey);
    const [brand, box] = [isBrand(t.p_brand, rows), isBox(t.p_container, rows)];
    for (let row = 0; row < rows; row++) isWanted[keys[row]!] = brand[row]! * box[row]!;
  }
  const sums = new Float64Array(tables.room.part);
  const counts = new Float64Array(tables.room.part);
  const lines: { readonly part: number; readonly quantity: number; readonly price: number }[] = [];
  for await (const { rows, ...t } of scan(tables, "lineitem", [
    "l_partkey",
    "l_quantity",
    "l_extendedprice",
  ])) {
    const [parts, quantities] = [numbersOf(t.l_partkey), numbersOf(t.l_quantity)];
    const prices = numbersOf(t.l_extendedprice);
    for (let row = 0; row < rows; row++) {
      const part = parts[row]!;
      if (isWanted[part] === 0) continue;
      const quantity = quantities[row]!;
      sums[part]! += quantity;
      counts[part]!++;
      lines.push({ part, quantity, price: prices[row]! });
    }
  }
  let total: number | undefined;
  for (const { part, quantity, price } of lines) {
    if (quantity * 5 * counts[part]! < sums[part]!) total = (total ?? 0) + price;
  }
  return [[total === undefined ? null : total / 1e2 / 7]];
}

/** Large volume customers. */
export async function q18(tables: Tables) {
  const quantities = new Float64Array(tables.room.orders);
  for await (const { rows, ...t } of scan(tables, "lineitem", ["l_orderkey", "l_quantity"])) {
    const [keys, quantity] = [numbersOf(t.l_orderkey), numbersOf(t.l_quantity)];
    for (let row = 0; row < rows; row++) quantities[keys[row]!]! += quantity[row]!;
  }
  const found: { key: number; customer: number; date: number; price: number }[] = [];
  for await (const { rows, ...t } of scan(tables, "orders", [
    "o_orderkey",
    "o_custkey",
    "o_totalprice",
    "o_orderdate",
  ])) {
    const [keys, customers] = [numbersOf(t.o_orderkey), numbersOf(t.o_custkey)];
    const [prices, dates] = [numbersOf(t.o_totalprice), numbersOf(t.o_orderdate)];
    for (let row = 0; row < rows; row++) {
      const key = keys[row]!;
      if (quantities[key]! <= 30_000) continue;
      found.push({ key, customer: customers[row]!, date: dates[row]!, price: prices[row]! });
    }
  }
  const names = new Map<number, string>(found.map(({ customer }) => [customer, ""]));
  for await (const { rows, ...t } of scan(tables, "customer", ["c_custkey", "c_name"])) {
    const [keys, name] = [numbersOf(t.c_custkey), textsOf(t.c_name)];
    for (let row = 0; row < rows; row++)
      if (names.has(keys[row]!)) names.set(keys[row]!, name(row));
  }
  return found
    .sort((a, b) => b.price - a.price || a.date - b.date)
    .slice(0, 100)
    .map(({ key, customer, date, price }) => {
      const about = [names.get(customer), customer, key, dateOf(date)];
      return [...about, price / 1e2, quantities[key]! / 1e2];
    });
}

/** Of each kind: brand, containers, the largest size, and hundredths of the least and most quantity. */
const discounts = [
  { brand: "Brand#12", boxes: ["SM CASE", "SM BOX", "SM PACK", "SM PKG"], size: 5, from: 100 },
  { brand: "Brand#23", boxes: ["MED BAG", "MED BOX", "MED PKG", "MED PACK"], size: 10, from: 1000 },
  { brand: "Brand#34", boxes: ["LG CASE", "LG BOX", "LG PACK", "LG PKG"], size: 15, from: 2000 },
] as const;

/** Discounted revenue. */
export async function q19(tables: Tables) {
  /** By part: which kind it is, from 1 on. */
  const kinds = new Uint8Array(tables.room.part);
  const byBrand = byText((brand) => discounts.findIndex((each) => each.brand === brand) + 1);
  const byBox = byText(
    (box) => discounts.findIndex(({ boxes }) => boxes.some((each) => each === box)) + 1,
  );
  for await (const { rows, ...t } of scan(tables, "part", [
    "p_partkey",
    "p_brand",
    "p_container",
    "p_size",
  ])) {
    const [keys, sizes] = [numbersOf(t.p_partkey), numbersOf(t.p_size)];
    const [brands, boxes] = [byBrand(t.p_brand, rows), byBox(t.p_container, rows)];
    for (let row = 0; row < rows; row++) {
      const kind = brands[row]!;
      if (kind === 0 || boxes[row] !== kind) continue;
      const size = sizes[row]!;
      if (size >= 1 && size <= discounts[kind - 1]!.size) kinds[keys[row]!] = kind;
    }
  }
  let revenue: number | undefined;
  const byAir = whereText((mode) => mode === "AIR" || mode === "AIR REG");
  const inPerson = whereText((instruction) => instruction === "DELIVER IN PERSON");
  for await (const { rows, ...t } of scan(tables, "lineitem", [
    "l_partkey",
    "l_quantity",
    "l_extendedprice",
    "l_discount",
    "l_shipinstruct",
    "l_shipmode",
  ])) {
    const [parts, quantity] = [numbersOf(t.l_partkey), numbersOf(t.l_quantity)];
    const [price, discount] = [numbersOf(t.l_extendedprice), numbersOf(t.l_discount)];
    const [air, handed] = [byAir(t.l_shipmode, rows), inPerson(t.l_shipinstruct, rows)];
    for (let row = 0; row < rows; row++) {
      const kind = kinds[parts[row]!]!;
      if (kind === 0 || air[row] === 0 || handed[row] === 0) continue;
      const from = discounts[kind - 1]!.from;
      if (quantity[row]! < from || quantity[row]! > from + 1000) continue;
      revenue = (revenue ?? 0) + price[row]! * (100 - discount[row]!);
    }
  }
  return [[revenue === undefined ? null : revenue / 1e4]];
}
