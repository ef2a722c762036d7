// The job on a small shop.

import { testJob } from "millrace/testing";
import { expect, test } from "vitest";
import joinOrders from "./job.ts";

const files = {
  "shop/customers.csv": "customer,country\n1,PT\n2,\n",
  "shop/products.csv": 'product,category,price\ncup,"pots, pans",4.50\npen,paper,0.10\n',
  "shop/orders.csv":
    "order,customer,day\n10,1,2023-12-31\n11,1,2024-01-01\n12,2,2024-06-01\n13,3,2024-06-02\n",
  "shop/items.csv":
    "order,product,quantity\n10,pen,3\n11,cup,2\n11,pen,100\n11,cup,1\n12,cup,1\n13,cup,1\n13,car,1\n99,cup,5\n",
};

test("revenue to the cent by year, country and category", async () => {
  const { outputs } = await testJob(joinOrders, { input: "shop", output: "out" }, { files });
  expect(outputs.out).toEqual([
    { year: 2023, country: "PT", category: "paper", orders: 1, items: 1, revenue: "0.30" },
    { year: 2024, country: "PT", category: "paper", orders: 1, items: 1, revenue: "10.00" },
    { year: 2024, country: "PT", category: "pots, pans", orders: 1, items: 2, revenue: "13.50" },
    {
      year: 2024,
      country: "unknown",
      category: "pots, pans",
      orders: 2,
      items: 2,
      revenue: "9.00",
    },
  ]);
});
