// Counts the words of real text, whatever their case and script, by expressions on columns.

import { count, defineJob, z } from "millrace";

export default defineJob({
  name: "word-count-real-text",
  params: z.object({ input: z.string(), output: z.string() }),
  async run(mr, { input, output }) {
    await mr.read
      .text(input)
      .select((c) => ({ word: c.value.lower().regexExtractAll(/\p{L}+/u) }))
      .explode("word")
      .groupBy("word")
      .agg({ count: count() })
      .sortBy((c) => [c.count.desc(), c.word])
      .write.parquet(output);
  },
});
