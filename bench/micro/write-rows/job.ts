// Writes the small Parquet file that small-query reads.

import { defineJob, z } from "millrace";

export default defineJob({
  name: "write-rows",
  params: z.object({ output: z.string(), rows: z.int() }),
  async run(mr, { output, rows }) {
    const numbers = mr.range(0, rows);
    const typed = numbers.select((c) => ({ key: c.value.mod(16), value: c.value }));
    await typed.write.parquet(output);
  },
});
