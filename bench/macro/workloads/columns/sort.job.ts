// Sorts doubles, from Parquet to Parquet.

import { defineJob, z } from "millrace";
import { doubleColumns } from "./tables.ts";

export default defineJob({
  name: "sort-doubles",
  params: z.object({ input: z.string(), output: z.string() }),
  async run(mr, { input, output }) {
    await mr.read
      .parquet(input, { schema: doubleColumns })
      .sortBy((c) => c.number)
      .write.parquet(output);
  },
});
