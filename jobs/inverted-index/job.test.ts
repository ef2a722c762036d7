// The job on three short documents.

import { testJob } from "millrace/testing";
import { expect, test } from "vitest";
import invertedIndex from "./job.ts";

const documents = [
  { id: "b", text: "The whale! The white whale." },
  { id: "a", text: "A whale is no fish" },
  { id: "c", text: "" },
];

test("words in order, each with its documents in order", async () => {
  const files = { "in.ndjson": documents.map((row) => JSON.stringify(row)).join("\n") };
  const params = { input: "in.ndjson", output: "out" };
  const { outputs } = await testJob(invertedIndex, params, { files });
  expect(outputs.out).toEqual([
    { word: "a", documents: 1, postings: [{ id: "a", count: 1 }] },
    { word: "fish", documents: 1, postings: [{ id: "a", count: 1 }] },
    { word: "is", documents: 1, postings: [{ id: "a", count: 1 }] },
    { word: "no", documents: 1, postings: [{ id: "a", count: 1 }] },
    { word: "the", documents: 1, postings: [{ id: "b", count: 2 }] },
    {
      word: "whale",
      documents: 2,
      postings: [
        { id: "a", count: 1 },
        { id: "b", count: 2 },
      ],
    },
    { word: "white", documents: 1, postings: [{ id: "b", count: 1 }] },
  ]);
});

test("a document without its text is refused, and named", async () => {
  const files = { "in.ndjson": '{"id":"a"}\n' };
  const run = testJob(invertedIndex, { input: "in.ndjson", output: "out" }, { files });
  await expect(run).rejects.toThrow("field 'text'");
});
