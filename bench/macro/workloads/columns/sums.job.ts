// Two sums by a key; the answer sums the groups up, so that all of them are made and few rows come back.

import { count, defineJob, z } from "millrace";
import { factColumns } from "./tables.ts";

export default defineJob({
  name: "sums-by-key",
  params: z.object({ input: z.string(), by: z.enum(["key", "group"]) }),
  async run(mr, { input, by }) {
    return await mr.read
      .parquet(input, { schema: factColumns })
      .groupBy(by)
      .agg((c) => ({ value: c.value.sum(), weight: c.weight.sum() }))
      .agg((c) => ({
        groups: count(),
        value: c.value.sum(),
        weight: c.weight.sum(),
        least: c.value.min(),
        most: c.value.max(),
      }))
      .collect();
  },
});
