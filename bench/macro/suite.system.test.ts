// The whole suite on little data: every row comes to a checked answer, and the report shows it.

import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { builtFile } from "./places.ts";
import { readResults } from "./protocol/results.ts";
import { workloads } from "./workloads/all.ts";

const folder = mkdtempSync(join(tmpdir(), "millrace-suite-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function bench(...args: readonly string[]) {
  const all = [builtFile("bench/macro/main.mjs"), ...args];
  return spawnSync(process.execPath, all, { encoding: "utf8" });
}

/** Peers whose start takes seconds are left to those who measure. */
const quick = "millrace,baseline,duckdb,polars";

test("every row of every workload comes to the same answer by everybody", () => {
  const out = join(folder, "out");
  const data = join(folder, "data");
  const args = ["--size", "smoke", "--runs", "1", "--contenders", quick];
  const { status, stderr, stdout } = bench(...args, "--out", out, "--folder", data);
  expect(status, stderr).toBe(0);
  const results = readResults(join(out, "results.jsonl"));
  expect(results.workloads.map(({ workload }) => workload)).toEqual(
    workloads.map(({ name }) => name),
  );
  for (const { workload, skipped } of results.workloads) expect(skipped, workload).toBeUndefined();
  const broken = results.results.filter(
    ({ outcome }) => outcome.kind === "wrong" || outcome.kind === "failed",
  );
  expect(broken).toEqual([]);
  const ours = results.results.filter(({ contender }) => contender === "millrace");
  expect(ours.length).toBeGreaterThan(60);
  for (const { row, outcome } of ours) expect(outcome.kind, row).toBe("measured");
  expect(stdout).toContain("## TPC-H, all 22 queries on Parquet");
  for (const { name } of workloads.filter((each) => each.name !== "scaling")) {
    expect(existsSync(join(out, `${name}.svg`)), name).toBe(true);
  }
  const earlier = join(out, "results.jsonl");
  const again = bench("--report", earlier, "--compare", earlier, "--out", join(folder, "again"));
  expect(again.stdout).toContain("| tpch/q1 | Millrace |");
  expect(readFileSync(join(folder, "again/report.md"), "utf8")).toContain("# Results");
}, 300_000);

test("three masters answer too", () => {
  const args = ["--size", "smoke", "--runs", "1", "--only", "csv", "--contenders"];
  const out = join(folder, "three");
  const { status, stderr } = bench(...args, "millrace,millrace-3,duckdb", "--out", out);
  expect(status, stderr).toBe(0);
  const { results } = readResults(join(out, "results.jsonl"));
  const three = results.filter(({ contender }) => contender === "millrace-3");
  expect(three.map(({ outcome }) => outcome.kind)).toEqual(["measured"]);
}, 120_000);

test("a command line that cannot be meant is told", () => {
  const unknown = bench("--only", "tpcds");
  expect(unknown.status).toBe(2);
  expect(unknown.stderr).toContain("there is no workload tpcds; there are word-count, columns");
  expect(bench("--runs", "0").stderr).toContain("--runs is 0; give a whole number from 1 on");
  expect(bench("--contenders", "hadoop").stderr).toContain("there is no contender hadoop");
  expect(bench("--size", "huge").stderr).toContain("--size is huge; give full or smoke");
  expect(bench("--runs", "-1").stderr).toContain("--runs is -1; give a whole number from 1 on");
  const folders = ["--folder", join(folder, "data"), "--out"];
  const row = bench(...folders, join(folder, "none"), "--size", "smoke", "--only", "csv/q1");
  expect(row.status).toBe(2);
  expect(row.stderr).toContain("there is no row csv/q1; csv has stations");
  const file = join(folder, "file");
  writeFileSync(file, "");
  const out = bench(...folders, join(file, "out"), "--only", "csv");
  expect(out.stderr).toContain(`--out is ${file}/out, where no folder can be written`);
  const missing = join(folder, "missing.jsonl");
  expect(bench(...folders, join(folder, "none"), "--compare", missing).stderr).toContain(
    "which is no results.jsonl of the suite",
  );
});
