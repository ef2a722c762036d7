// The whole suite on little data: every row comes to a checked answer, and the report shows it.

import { spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, expect, test } from "vitest";
import { builtFile } from "./places.ts";
import { readResults } from "./protocol/results.ts";
import { workloads } from "./workloads/all.ts";

const folder = mkdtempSync(join(tmpdir(), "millrace-suite-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function bench(...args: readonly string[]): Promise<Ended> {
  return benchIn({}, ...args);
}

async function benchIn(
  environment: Readonly<Record<string, string>>,
  ...args: readonly string[]
): Promise<Ended> {
  const child = spawn(process.execPath, [builtFile("bench/macro/main.mjs"), ...args], {
    env: { ...process.env, ...environment },
  });
  const [stdout, stderr, status] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((resolve) => child.once("close", resolve)),
  ]);
  return { status, stdout, stderr };
}

/** Peers whose start takes seconds are left to those who measure. */
const quick = "millrace,baseline,duckdb,polars";

/** Some workloads, into a folder of their own; what was found is as `npm run bench` reports it. */
async function checkWorkloads(names: readonly string[], out: string) {
  const args = ["--size", "smoke", "--runs", "1", "--contenders", quick, "--only", names.join(",")];
  const { status, stderr, stdout } = await bench(...args, "--out", out, "--folder", `${out}-data`);
  expect(status, stderr).toBe(0);
  const results = readResults(join(out, "results.jsonl"));
  expect(results.workloads.map(({ workload }) => workload)).toEqual(names);
  for (const { workload, skipped } of results.workloads) expect(skipped, workload).toBeUndefined();
  const broken = results.results.filter(
    ({ outcome }) => outcome.kind === "wrong" || outcome.kind === "failed",
  );
  expect(broken).toEqual([]);
  const ours = results.results.filter(({ contender }) => contender === "millrace");
  for (const { row, outcome } of ours) expect(outcome.kind, row).toBe("measured");
  for (const name of names.filter((each) => each !== "scaling")) {
    expect(existsSync(join(out, `${name}.svg`)), name).toBe(true);
  }
  return { rows: ours.length, report: stdout };
}

test("every row of every workload comes to the same answer by everybody", async () => {
  const names = workloads.map(({ name }) => name);
  const outs = [join(folder, "even"), join(folder, "odd")] as const;
  // Times do not matter here: one half fills what the starts of the other's contenders leave idle.
  const halves = outs.map((out, half) => {
    const some = names.filter((_, at) => at % 2 === half);
    return checkWorkloads(some, out);
  });
  const reports = await Promise.all(halves);
  expect(reports.reduce((sum, { rows }) => sum + rows, 0)).toBeGreaterThan(60);
  const withTpch = names.indexOf("tpch") % 2;
  expect(reports[withTpch]?.report).toContain("## TPC-H, all 22 queries on Parquet");
  const earlier = join(outs[withTpch]!, "results.jsonl");
  const compared = ["--report", earlier, "--compare", earlier];
  const again = await bench(...compared, "--out", join(folder, "again"));
  expect(again.stdout).toContain("| tpch/q1 | Millrace |");
  expect(readFileSync(join(folder, "again/report.md"), "utf8")).toContain("# Results");
}, 300_000);

test("three masters answer too, and the parts beside the rows are measured and told", async () => {
  const args = ["--size", "smoke", "--runs", "1", "--only", "csv", "--contenders"];
  const out = join(folder, "three");
  const parts = ["--parts", "kernels,memory,profiles"];
  const contenders = "millrace,millrace-3,duckdb";
  const { status, stderr, stdout } = await bench(...args, contenders, "--out", out, ...parts);
  expect(status, stderr).toBe(0);
  const { results, kernels, works, profiles } = readResults(join(out, "results.jsonl"));
  expect(kernels.length).toBeGreaterThan(8);
  expect(works.map(({ work, problem }) => [work, problem])).toEqual(
    ["group", "sort", "join", "parquet"].map((work) => [work, undefined]),
  );
  expect(profiles.map(({ row }) => row)).toEqual(["csv/stations"]);
  // One that was busy for less than a sample has a profile, and no line in the report.
  const threads = readdirSync(join(out, "profiles/csv-stations"));
  for (const who of ["master", "worker", "executor"]) {
    expect(
      threads.some((name) => name.includes(who) && name.endsWith(".cpuprofile")),
      `${who} of ${threads}`,
    ).toBe(true);
  }
  for (const title of ["Kernels alone", "Memory", "The worst rows, profiled"]) {
    expect(stdout).toContain(`## ${title}\n`);
  }
  const three = results.filter(({ contender }) => contender === "millrace-3");
  expect(three.map(({ outcome }) => outcome.kind)).toEqual(["measured"]);
}, 240_000);

test("a command line that cannot be meant is told", async () => {
  const unknown = await bench("--only", "tpcds");
  expect(unknown.status).toBe(2);
  expect(unknown.stderr).toContain("there is no workload tpcds; there are word-count, columns");
  const said = async (...args: readonly string[]) => (await bench(...args)).stderr;
  expect(await said("--runs", "0")).toContain("--runs is 0; give a whole number from 1 on");
  expect(await said("--contenders", "hadoop")).toContain("there is no contender hadoop");
  expect(await said("--size", "huge")).toContain("--size is huge; give full or smoke");
  const scale = "--tpch-scale is 0; give a number above 0 and up to 10000, such as 0.1 or 10";
  expect(await said("--tpch-scale", "0")).toContain(scale);
  const other = await said("--publish", "--tpch-scale", "10");
  expect(other).toContain("--tpch-scale would make one of less than everything");
  const part = await said("--parts", "disk");
  expect(part).toContain("there is no part disk; there are kernels, memory, profiles");
  expect(await said("--runs", "-1")).toContain("--runs is -1; give a whole number from 1 on");
  const folders = ["--folder", join(folder, "data"), "--out"];
  const row = await bench(...folders, join(folder, "none"), "--size", "smoke", "--only", "csv/q1");
  expect(row.status).toBe(2);
  expect(row.stderr).toContain("there is no row csv/q1; csv has stations");
  const file = join(folder, "file");
  writeFileSync(file, "");
  const out = await said(...folders, join(file, "out"), "--only", "csv");
  expect(out).toContain(`--out is ${file}/out, where no folder can be written`);
  const below = await said(...folders, "/proc/none/out", "--only", "csv");
  expect(below).toContain("--out is /proc/none/out, where no folder can be written");
  const less = await said("--publish", "--size", "smoke", "--only", "csv");
  expect(less).toContain("--size smoke and --only would make one of less than everything");
  const missing = join(folder, "missing.jsonl");
  expect(await said(...folders, join(folder, "none"), "--compare", missing)).toContain(
    "which is no results.jsonl of the suite",
  );
});

test("what would go wrong later is told in one line before anything is measured", async () => {
  const [data, out] = [join(folder, "told-data"), join(folder, "told")];
  const file = join(folder, "a-file");
  writeFileSync(file, "");
  const empty = join(folder, "empty.jsonl");
  writeFileSync(empty, '{"kind":"run"}\n');
  const occupied = join(folder, "occupied");
  mkdirSync(join(occupied, "results.jsonl"), { recursive: true });
  const refused: readonly (readonly [args: readonly string[], says: string])[] = [
    [["--folder", file, "--out", out], `--folder is ${file}, where no folder can be written: it`],
    [["--folder", out, "--out", occupied], "results.jsonl cannot be written: it is no file"],
    [["--report", empty, "--out", out], "a line of the kind run has no startedAt"],
    [["--compare", empty, "--out", out], "a line of the kind run has no startedAt"],
    [["--runs", ""], "--runs is empty; give a value, or leave it out"],
    [["--tpch-scale="], "--tpch-scale is empty; give a value"],
    [["--out="], "--out is empty; give a value"],
    [["--only", ","], "--only is ,; give names between commas, or leave it out for all"],
    [["--threads", "1e1"], "--threads is 1e1; give a whole number from 1 on"],
    [["--profile", "--contenders", "nope"], "so that --contenders would do nothing; leave it out"],
    [["--profile", "--parts", "kernels", "--compare", file], "--compare and --parts would do noth"],
    [["--report", file, "--only", "csv"], "--report measures no rows, so that --only would do"],
    [["--only", "csv/q1", "--folder", data, "--out", out], "there is no row csv/q1; csv has stat"],
  ];
  for (const [args, says] of refused) {
    const { status, stderr } = await bench("--size", "smoke", ...args);
    expect([stderr.split("\n").length, status], stderr).toEqual([2, 2]);
    expect(stderr).toContain(says);
  }
  // No data was made either.
  expect(readdirSync(data)).toEqual([]);
});

test("peers that cannot be installed are told in one line", async () => {
  const none = join(folder, "no-programs");
  const caches = { XDG_CACHE_HOME: join(folder, "caches") };
  const install = async (environment: Readonly<Record<string, string>>) => {
    const { status, stderr } = await benchIn(environment, "peers", "install");
    expect(status).toBe(2);
    return stderr.trimEnd().split("\n").at(-1);
  };
  expect(await install({ ...caches, PATH: none })).toBe(
    "the peers need Python 3 with its module venv, and python3 cannot be started: spawn python3 ENOENT",
  );
  expect(await install({ XDG_CACHE_HOME: "/proc/none" })).toContain(
    "no folder can be written at /proc/none/millrace/peers: ENOENT",
  );
});

test("rows are listed as a run of that size has them, without their data", async () => {
  const named = async (...args: readonly string[]) => (await bench("list", ...args)).stdout;
  const full = await named();
  const rows = full.split("\n").map((line) => line.split(" ")[0]);
  const curves = ["size-30", "size-300", "files-4", "files-64", "files-256"];
  const some = ["tpch/q22", "word-count/closure", ...curves.map((name) => `scaling/${name}`)];
  expect(rows).toEqual(expect.arrayContaining(some));
  expect(full).toContain("10000 trivial tasks");
  const smoke = await named("--size", "smoke");
  expect(smoke).toContain("200 trivial tasks");
  expect(smoke).not.toContain("scaling/size-300");
});
