// Counts words that a function of the user's finds in each line.

import { defineJob, z } from "millrace";

export default defineJob({
  name: "word-count-by-closure",
  params: z.object({ input: z.string(), output: z.string() }),
  async run(mr, { input, output }) {
    await mr.read
      .text(input)
      .flatMap((line) => line.split(" "))
      .countByValue()
      .rename({ value: "word" })
      .sortBy((c) => [c.count.desc(), c.word])
      .write.parquet(output);
  },
});
