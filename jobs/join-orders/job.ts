// What a shop earned in each year by country and category, from four tables that it exports.

import { broadcast, count, defineJob, z } from "millrace";
import { customerColumns, itemColumns, orderColumns, productColumns } from "./tables.ts";

export default defineJob({
  name: "join-orders",
  params: z.object({
    input: z.string().describe("folder with customers.csv, orders.csv, items.csv and products.csv"),
    output: z.string().describe("folder for Parquet files, in one folder for each year"),
  }),
  async run(mr, { input, output }) {
    const customers = mr.read.csv(`${input}/customers.csv`, { schema: customerColumns });
    const orders = mr.read.csv(`${input}/orders.csv`, { schema: orderColumns });
    const items = mr.read.csv(`${input}/items.csv`, { schema: itemColumns });
    const products = mr.read.csv(`${input}/products.csv`, { schema: productColumns });

    await items
      .join(broadcast(products), "product")
      .join(orders, "order")
      .join(customers, "customer", "left")
      .select("order", "category", (c) => ({
        year: c.day.year(),
        country: c.country.coalesce("unknown"),
        amount: c.price.mul(c.quantity),
      }))
      .groupBy("year", "country", "category")
      .agg((c) => ({ orders: c.order.countDistinct(), items: count(), revenue: c.amount.sum() }))
      .orderBy("year", "country", "category")
      .write.parquet(output, { partitionBy: "year" });
  },
});
