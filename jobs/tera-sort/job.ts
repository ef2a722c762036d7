// Sorts records of 100 bytes that begin with a key of 10, as the sort benchmark asks.

import { defineJob, z } from "millrace";

export default defineJob({
  name: "tera-sort",
  params: z.object({
    input: z.string().describe("records as lines of text, such as generate.ts makes"),
    output: z.string().describe("folder for the sorted records"),
  }),
  async run(mr, { input, output }) {
    // The key comes first in a record, so the order of whole lines is that of keys, and leaves no ties.
    await mr.read.text(input).orderBy("value").write.text(output);
  },
});
