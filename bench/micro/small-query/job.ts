// A small query, many times: a filter and a group-by over one small Parquet file.

import { count, defineJob, int53, schema, z } from "millrace";

const row = schema({ key: int53, value: int53 });

export default defineJob({
  name: "small-query",
  params: z.object({
    input: z.string().describe("a Parquet file with the columns key and value"),
    actions: z.int().describe("how often it is asked"),
  }),
  async run(mr, { input, actions }) {
    let groups = 0;
    for (let i = 0; i < actions; i++) {
      const rows = await mr.read
        .parquet(input, { schema: row })
        .where((c) => c.value.gt(i))
        .groupBy("key")
        .agg({ rows: count() })
        .collect();
      groups += rows.length;
    }
    return groups;
  },
});
