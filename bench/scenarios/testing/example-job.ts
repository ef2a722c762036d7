// Runs one of the example jobs as a user would, on an embedded cluster, and reads what it wrote.

import { expect } from "vitest";
import { type JobReport, runCommand } from "./command-line.ts";

/** Flags by their names: `--idle-minutes`. */
export type Flags = Readonly<Record<string, string | number>>;

export function jobArgs(job: string, flags: Flags): readonly string[] {
  const given = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)]);
  return ["run", "--json", "--threads", "2", `jobs/${job}`, ...given];
}

/** What the job reported at its end. Fails the test when it did not succeed. */
export async function runExample(job: string, flags: Flags): Promise<JobReport> {
  const { code, stdout, stderr } = await runCommand(jobArgs(job, flags));
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout) as JobReport;
}

/** The rows of a committed output of NDJSON, in order. */
export async function outputRows<Row>(folder: string): Promise<readonly Row[]> {
  const { code, stdout, stderr } = await runCommand(["output", folder]);
  expect(code, stderr).toBe(0);
  const lines = stdout.split("\n").filter((line) => line !== "");
  return lines.map((line) => JSON.parse(line) as Row);
}
