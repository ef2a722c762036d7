// Loads files of orders into a table of PostgreSQL: all of them at once, and once, whatever dies meanwhile.

import { decimal, defineJob, int64, schema, timestamp, utf8, z } from "millrace";
import { postgresSink } from "millrace/postgres";

const orders = schema({
  id: int64,
  customer: utf8,
  price: decimal(12, 2),
  placed: timestamp("UTC"),
});

export default defineJob({
  name: "load-postgres",
  params: z.object({
    input: z.string().describe("NDJSON files of orders: id, customer, price, placed"),
    table: z.string().describe("an existing table with these columns"),
    replace: z.boolean().default(false).describe("whether the table's rows go"),
  }),
  async run(mr, { input, table, replace }) {
    // The server is found by PGHOST, PGUSER and the like of each process: no password in the job.
    const sink = postgresSink({ table, mode: replace ? "replace" : "append", schema: orders });
    const valid = mr.read
      .ndjson(input, { schema: orders })
      .where((c) => c.price.ge(0).and(c.customer.ne("")));
    const { rows } = await valid.write.to(sink);
    return { rows };
  },
});
