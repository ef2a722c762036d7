// The three jobs of tera-sort on embedded clusters, with enough records for several sorted files.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { failureOf, runCommand } from "../testing/command-line.ts";
import { jobArgs, runExample } from "../testing/example-job.ts";
import { scratchFolder } from "../testing/folders.ts";

const folder = scratchFolder("tera-sort");
/** 80 MB, which two tasks sort. */
const records = 800_000;
const unsorted = `${folder}/unsorted/`;
const sorted = `${folder}/sorted/`;

/** The parts of an output, in order. */
function partsOf(output: string): readonly string[] {
  const names = readdirSync(output).filter((name) => name.startsWith("part-"));
  return names.sort().map((name) => readFileSync(join(output, name), "latin1"));
}

const linesOf = (parts: readonly string[]): string[] => parts.join("").trimEnd().split("\n");

test("generated records are sorted over several files, and the validator agrees", async () => {
  await runExample("tera-sort/generate.ts", { records, output: unsorted });
  await runExample("tera-sort/job.ts", { input: unsorted, output: sorted });
  const { result } = await runExample("tera-sort/validate.ts", { unsorted, sorted });
  expect(result).toMatchObject({ records });

  const parts = partsOf(sorted);
  expect(parts.length).toBeGreaterThan(1);
  expect(parts.join("").length).toBe(records * 100);
  const expected = linesOf(partsOf(unsorted)).sort();
  // Not by `toEqual`, which would describe 800 000 lines.
  expect(linesOf(parts).findIndex((line, at) => line !== expected[at])).toBe(-1);
}, 180_000);

test("the validator refuses records that are not in order", async () => {
  const args = jobArgs("tera-sort/validate.ts", { unsorted, sorted: unsorted });
  const { code, message } = failureOf(await runCommand(args));
  expect(code).toBe("USER_CODE_FAILED");
  expect(message).toContain("out of order");
});
