// Counts the words of real text that a function of the user's finds, as the quickstart does.

import { defineJob, z } from "millrace";

export default defineJob({
  name: "word-count-real-text-closure",
  params: z.object({ input: z.string(), output: z.string() }),
  async run(mr, { input, output }) {
    await mr.read
      .text(input)
      .flatMap((line) => line.toLowerCase().match(/\p{L}+/gu) ?? [])
      .countByValue()
      .rename({ value: "word" })
      .sortBy((c) => [c.count.desc(), c.word])
      .write.parquet(output);
  },
});
