// The job on a few lines of text.

import { testJob } from "millrace/testing";
import { expect, test } from "vitest";
import wordCount from "./job.ts";

const files = {
  "in/a.txt": "To be, or not to be:\nthat is the question\n",
  "in/b.txt": "Être ou ne pas être… TO\n",
};

test("counts words of all files, whatever their case, the most frequent first", async () => {
  const { outputs } = await testJob(wordCount, { input: "in/", output: "out" }, { files });
  expect(outputs.out?.slice(0, 3)).toEqual([
    { value: "to", count: 3 },
    { value: "be", count: 2 },
    { value: "être", count: 2 },
  ]);
  expect(outputs.out).toHaveLength(12);
});

test("short words can be left out", async () => {
  const params = { input: "in/*.txt", output: "out/", minLength: 4 };
  const { outputs } = await testJob(wordCount, params, { files });
  expect(outputs.out).toEqual([
    { value: "être", count: 2 },
    { value: "question", count: 1 },
    { value: "that", count: 1 },
  ]);
});

test("a text without words gives an empty output", async () => {
  const params = { input: "x", output: "out" };
  const { outputs } = await testJob(wordCount, params, { files: { x: "1 2 3 …\n" } });
  expect(outputs).toEqual({ out: [] });
});
