// For each word the documents that hold it, and how often.

import { defineJob, z } from "millrace";

const documentSchema = z.object({ id: z.string(), text: z.string() });

interface Posting {
  readonly id: string;
  readonly count: number;
}

/** Each different word of a document, with how often it occurs. */
function* postingsOf(id: string, text: string): Generator<[word: string, posting: Posting]> {
  const counts = new Map<string, number>();
  for (const [word] of text.toLowerCase().matchAll(/\p{L}+/gu)) {
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  for (const [word, count] of counts) yield [word, { id, count }];
}

export default defineJob({
  name: "inverted-index",
  params: z.object({
    input: z.string().describe("documents, one JSON object a line with the fields id and text"),
    output: z.string().describe("folder for the index, one JSON object a line, in order of words"),
  }),
  async run(mr, { input, output }) {
    await mr.read
      .ndjson(input, { schema: documentSchema })
      .flatMap(({ id, text }) => postingsOf(id, text))
      .groupByKey({ sortBy: (posting) => posting.id })
      .map(([word, postings]) => ({ word, documents: postings.length, postings }))
      .orderBy("word")
      .write.ndjson(output);
  },
});
