// Definitions of jobs, and the module that a definition came from.

import { expect, test } from "vitest";
import { z } from "zod";
import { describeParams } from "../driver/describe.ts";
import { parseFlags } from "../driver/flags.ts";
import { callerFile } from "./caller-file.ts";
import { defineJob, isJob } from "./define-job.ts";

const run = async (): Promise<number> => 1;

test("a definition is known by its brand, frozen, and knows its module", () => {
  const job = defineJob({ name: "a-1", params: z.object({}), run });
  expect(isJob(job)).toBe(true);
  expect(isJob({ name: "a-1", params: z.object({}), run })).toBe(false);
  expect(Object.isFrozen(job)).toBe(true);
  expect(job.moduleFile).toMatch(/sdk\/dataset\/define-job\.test\.ts$/);
});

test("a job without parameters is given none", async () => {
  const job = defineJob({ name: "plain", run: async (_, params) => Object.keys(params).length });
  expect(describeParams(job.params).fields).toEqual([]);
  expect(parseFlags(job.params, [])).toEqual({ paramsJson: "{}" });
  expect(() => parseFlags(job.params, ["--input", "x"])).toThrow(/input/);
});

test.each([[{ input: z.string() }], [z.string()], [null], ["input"]])(
  "%j are no parameters",
  (params) => {
    const job = { name: "a", params: params as unknown as z.ZodObject, run };
    expect(() => defineJob(job)).toThrow(/the parameters of job 'a' are no zod object/);
  },
);

test("a job without a driver program is none", () => {
  const job = { name: "a" } as unknown as { name: string; run: typeof run };
  expect(() => defineJob(job)).toThrow(/job 'a' has no driver program/);
});

test.each(["", "Word", "two words", "-a", "a--b", "a".repeat(64)])("%j is no name", (name) => {
  expect(() => defineJob({ name, params: z.object({}), run })).toThrow(/no name for a job/);
});

test.each([
  [
    "Error\n at defineJob (file:///m/index.mjs:1:2)\n at file:///app/job.mjs:9:1",
    "file:///app/job.mjs",
  ],
  ["Error\n at f (/m/a b.js:1:2)\n at async g (/app/x (1).ts:3:4)", undefined],
  ["Error\n at f (/m/a.js:1:2)\n at g (/m/a.js:3:4)\n at async /app/x.ts:3:4", "/app/x.ts"],
  ["Error\n at f (/m/a.js:1:2)\n at node:internal/modules:1:1", undefined],
  ["Error", undefined],
  [undefined, undefined],
])("the caller in %j is %j", (stack, file) => {
  expect(callerFile(stack)).toBe(file);
});
