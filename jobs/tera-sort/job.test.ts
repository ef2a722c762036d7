// The three jobs of the sort benchmark on a thousand records, and what the validator refuses.

import { testJob } from "millrace/testing";
import { expect, test } from "vitest";
import generate from "./generate.ts";
import teraSort from "./job.ts";
import { recordBytes } from "./record.ts";
import validate from "./validate.ts";

const { outputs } = await testJob(generate, { records: 1000, output: "out", seed: 7 });
const unsorted = outputs.out as readonly string[];
const sorted = unsorted.toSorted((a, b) => (a < b ? -1 : 1));

const text = (records: readonly string[]): string => records.map((line) => `${line}\n`).join("");

/** Two files, as a cluster would write them. */
function validated(records: readonly string[]) {
  const files = {
    "in/all": text(unsorted),
    "out/part-0": text(records.slice(0, 400)),
    "out/part-1": text(records.slice(400)),
  };
  return testJob(validate, { unsorted: "in/", sorted: "out/" }, { files });
}

test("records are different lines of 100 bytes that say they are synthetic", () => {
  expect(new Set(unsorted.map((record) => record.slice(0, 10))).size).toBe(1000);
  for (const record of unsorted) {
    expect(record).toMatch(/^[ -~]{10} {2}[0-9A-F]{32} {2}SYNTHETIC-[ -~]*$/);
    expect(record.length + 1).toBe(recordBytes);
  }
});

test("records come out in order", async () => {
  const files = { in: text(unsorted) };
  const { outputs } = await testJob(teraSort, { input: "in", output: "out" }, { files });
  expect(outputs.out).toEqual(sorted);
});

test("the validator tells count and checksum", async () => {
  const { result } = await validated(sorted);
  expect(result).toEqual({ records: 1000, checksum: expect.any(Number) });
});

test("the validator finds a record out of order, within a file and between files", async () => {
  const swapped = sorted.with(10, sorted[11]!).with(11, sorted[10]!);
  await expect(validated(swapped)).rejects.toThrow("out of order");
  const halves = [...sorted.slice(500), ...sorted.slice(0, 500)];
  await expect(validated(halves)).rejects.toThrow("out of order");
});

test("the validator finds a record that is missing, doubled or changed", async () => {
  await expect(validated(sorted.slice(1))).rejects.toThrow("999 records were sorted of 1000");
  await expect(validated(sorted.with(10, sorted[11]!))).rejects.toThrow("other records came out");
  const changed = sorted.with(10, sorted[10]!.replace("SYNTHETIC", "synthetic"));
  await expect(validated(changed)).rejects.toThrow("other records came out");
  await expect(validated(sorted.with(10, "short"))).rejects.toThrow("has 6 bytes, not 100");
});
