// Counts the lines of very many small files, and their letters.

import { defineJob, z } from "millrace";

export default defineJob({
  name: "count-files",
  params: z.object({ input: z.string() }),
  async run(mr, { input }) {
    return await mr.read
      .text(input)
      .map((line) => line.length)
      .reduce((a, b) => a + b);
  },
});
