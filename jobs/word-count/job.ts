// Counts how often each word occurs in text files, the most frequent first.

import { defineJob, z } from "millrace";

export default defineJob({
  name: "word-count",
  params: z.object({
    input: z.string().describe("text files: a path, a folder, a glob, or s3://bucket/prefix/"),
    output: z.string().describe("folder for the counts, one JSON object a line"),
    minLength: z.number().int().min(1).default(1).describe("shortest word that counts"),
  }),
  async run(mr, { input, output, minLength }) {
    await mr.read
      .text(input)
      .flatMap((line) => line.toLowerCase().match(/\p{L}+/gu) ?? [])
      .filter((word) => word.length >= minLength)
      .countByValue()
      .orderBy("count", "desc")
      .write.ndjson(output);
  },
});
