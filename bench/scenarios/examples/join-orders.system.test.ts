// join-orders on an embedded cluster, against plain maps; what it writes is read by DuckDB.

import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { runExample } from "../testing/example-job.ts";
import { scratchFolder } from "../testing/folders.ts";
import { queryRows } from "../testing/query.ts";

const folder = scratchFolder("join-orders");
const seed = 1995;
const countries = ["PT", "NZ", "PE", null];
const categories = ["paper", 'pots, pans and "more"', "déjà vu"];

const firstDay = Date.UTC(2021, 10, 1);
const some = <T>(shape: fc.Arbitrary<T>, count: number): T[] =>
  fc.sample(shape, { seed, numRuns: count });

const customers = some(fc.constantFrom(...countries), 300).map((country, customer) => ({
  customer,
  country,
}));
const products = some(
  fc.record({
    category: fc.constantFrom(...categories),
    cents: fc.integer({ min: 1, max: 99_999 }),
  }),
  200,
).map((product, index) => ({ product: `P${index}`, ...product }));
/** Some customers of orders, and some orders and products of items, are not in their tables. */
const orders = some(
  fc.record({ customer: fc.nat({ max: 320 }), days: fc.nat({ max: 900 }) }),
  4000,
).map(({ customer, days }, order) => ({
  order,
  customer,
  day: new Date(firstDay + days * 86_400_000).toISOString().slice(0, 10),
}));
const items = some(
  fc.record({
    order: fc.nat({ max: 4100 }),
    product: fc.nat({ max: 210 }),
    quantity: fc.integer({ min: 1, max: 12 }),
  }),
  20_000,
).map(({ order, product, quantity }) => ({ order, product: `P${product}`, quantity }));

function writeCsv(name: string, rows: readonly Readonly<Record<string, unknown>>[]): void {
  const field = (value: unknown): string => {
    const text = value === null ? "" : String(value);
    return /[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const records = rows.map((row) => Object.values(row).map(field).join(","));
  const header = Object.keys(rows[0] ?? {}).join(",");
  writeFileSync(join(folder, "shop", name), `${[header, ...records].join("\n")}\n`);
}

const money = (cents: number): string =>
  `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, "0")}`;

function plainRevenue() {
  const groups = new Map<string, { orders: Set<number>; items: number; cents: number }>();
  for (const { order, product, quantity } of items) {
    const sold = products.find((row) => row.product === product);
    const bought = orders[order];
    if (sold === undefined || bought === undefined) continue;
    const country = customers[bought.customer]?.country ?? "unknown";
    const key = JSON.stringify([Number(bought.day.slice(0, 4)), country, sold.category]);
    const group = groups.get(key) ?? { orders: new Set<number>(), items: 0, cents: 0 };
    group.orders.add(order);
    group.items++;
    group.cents += sold.cents * quantity;
    groups.set(key, group);
  }
  return [...groups].map(([key, group]) => {
    const [year, country, category] = JSON.parse(key) as [number, string, string];
    const { orders, items, cents } = group;
    return { year, country, category, orders: orders.size, items, revenue: money(cents) };
  });
}

test("revenue by year, country and category, in folders of years", async () => {
  mkdirSync(join(folder, "shop"));
  writeCsv("customers.csv", customers);
  writeCsv("orders.csv", orders);
  writeCsv("items.csv", items);
  writeCsv(
    "products.csv",
    products.map(({ product, category, cents }) => ({ product, category, price: money(cents) })),
  );
  const output = join(folder, "out");
  await runExample("join-orders/job.ts", { input: join(folder, "shop"), output: `${output}/` });

  const expected = plainRevenue();
  const years = [...new Set(expected.map(({ year }) => `year=${year}`))].sort();
  expect(readdirSync(output).filter((name) => name.startsWith("year="))).toEqual(years);
  const rows = await queryRows(`
    select year::int as year, country, category, orders::int as orders, items::int as items, revenue
    from read_parquet('${output}/*/*.parquet', hive_partitioning = true)
  `);
  expect(rows).toHaveLength(expected.length);
  expect(rows).toEqual(expect.arrayContaining(expected));
}, 120_000);
