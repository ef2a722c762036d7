// The job on a few lines of text.

import { testJob } from "millrace/testing";
import { expect, test } from "vitest";
import splitCount from "./job.ts";

test("words are what stands between single spaces", async () => {
  const params = { input: "in.txt", output: "out" };
  const { outputs } = await testJob(splitCount, params, { files: { "in.txt": "a b  a\nb,\n" } });
  expect(outputs.out).toEqual([
    { value: "a", count: 2 },
    { value: "b", count: 1 },
    { value: "", count: 1 },
    { value: "b,", count: 1 },
  ]);
});
