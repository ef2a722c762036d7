// Counts the words of space-separated text with a plain function: the benchmark of closures.

import { defineJob, z } from "millrace";

export default defineJob({
  name: "split-count",
  params: z.object({
    input: z.string().describe("text files: a path, a folder, a glob, or s3://bucket/prefix/"),
    output: z.string().describe("folder for the counts, one JSON object a line"),
  }),
  async run(mr, { input, output }) {
    await mr.read
      .text(input)
      .flatMap((line) => line.split(" "))
      .countByValue()
      .write.ndjson(output);
  },
});
