// Joins facts with a dimension, and sums a product.

import { count, defineJob, z } from "millrace";
import { dimensionColumns, factColumns } from "./tables.ts";

export default defineJob({
  name: "join-and-sum",
  params: z.object({ facts: z.string(), dimension: z.string() }),
  async run(mr, { facts, dimension }) {
    return await mr.read
      .parquet(facts, { schema: factColumns })
      .join(mr.read.parquet(dimension, { schema: dimensionColumns }), "key")
      .agg((c) => ({ rows: count(), total: c.value.mul(c.factor).sum() }))
      .collect();
  },
});
