// Counts words by expressions, and answers how many different ones there are.

import { count, defineJob, z } from "millrace";

export default defineJob({
  name: "count-words",
  params: z.object({ input: z.string() }),
  async run(mr, { input }) {
    return await mr.read
      .text(input)
      .select((c) => ({ word: c.value.split(" ") }))
      .explode("word")
      .groupBy("word")
      .agg({ count: count() })
      .agg((c) => ({ words: count(), total: c.count.sum() }))
      .collect();
  },
});
