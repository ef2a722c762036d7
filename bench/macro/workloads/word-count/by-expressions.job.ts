// Counts words by expressions on columns: no function of the user's runs.

import { count, defineJob, z } from "millrace";

export default defineJob({
  name: "word-count-by-expressions",
  params: z.object({ input: z.string(), output: z.string() }),
  async run(mr, { input, output }) {
    await mr.read
      .text(input)
      .select((c) => ({ word: c.value.split(" ") }))
      .explode("word")
      .groupBy("word")
      .agg({ count: count() })
      .sortBy((c) => [c.count.desc(), c.word])
      .write.parquet(output);
  },
});
