// Benchmarks that are programs of their own: what cannot be meant is told in one line, before anything runs.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, describe, expect, test } from "vitest";
import { builtFile, projectFolder } from "../macro/places.ts";

const folder = mkdtempSync(join(tmpdir(), "millrace-command-lines-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** How a program ends; one that does not is ended. */
async function ended(program: string, args: readonly string[]) {
  const child = spawn(process.execPath, [program, ...args], { timeout: 60_000 });
  const [stdout, stderr, status] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((resolve) => child.once("close", resolve)),
  ]);
  return { status, stdout, stderr };
}

const memory = builtFile("bench/memory/main.mjs");
const control = builtFile("bench/micro/main.mjs");
const chaos = builtFile("bench/chaos/main.mjs");
const cluster = builtFile("bench/cluster/main.mjs");
const minio = builtFile("bench/minio/main.mjs");
const oracle = builtFile("bench/oracle/main.mjs");
const scale = builtFile("bench/scale/main.mjs");
const kernels = join(projectFolder(), "bench/micro/kernels/main.mjs");

/** The program, its command line, and what it says. */
const refused: readonly (readonly [program: string, args: string, says: string])[] = [
  [memory, "--bogus", "Unknown option '--bogus'"],
  [memory, "--only sort,nope", "--only: there is no work nope; there are group, distinct, sort"],
  [memory, "--rows 0", "--rows is 0; give a whole number from 1 on"],
  [memory, "--rows=", "--rows is empty; give a whole number from 1 on"],
  [memory, "--limit-mib 100", "--limit-mib is 100; with --threads 2 give 384 or more"],
  [memory, "--limit-mib 384 --threads 3", "with --threads 3 give 528 or more"],
  [memory, "--folder /proc/x --rows 100 --only sort", "--folder is /proc/x, where no folder can"],
  [control, "--bogus", "Unknown option '--bogus'"],
  [control, "--only tasks,nope", "--only: there is no measure nope; there are commands, replica"],
  [control, "--runs x", "--runs is x; give a whole number from 1 on"],
  [control, "--only tasks --folder /proc/x", "--folder is /proc/x, where no folder can be written"],
  [chaos, "--bogus", "Unknown option '--bogus'"],
  [chaos, "--faults=-1", "--faults is -1; give a whole number from 1 on"],
  [chaos, "--folder /proc/x", "--folder is /proc/x, where no folder can be written"],
  [cluster, "--folder /proc/x", "--folder is /proc/x, where no folder can be written"],
  [minio, "--folder /proc/x", "--folder is /proc/x, where no folder can be written"],
  [oracle, "--bogus", "Unknown option '--bogus'"],
  [oracle, "--plans x", "--plans is x; give a whole number from 1 on"],
  [oracle, "--seed=-1", "--seed is -1; give a whole number from 0 on"],
  [scale, "--rows x", "--rows is x; give a whole number from 1 on"],
  [scale, "--only nope", "--only is nope; give one of files, columns, parquet"],
  [scale, "--only files --folder /proc/x", "--folder is /proc/x, where no folder can be written"],
  [kernels, "--bogus", "Unknown option '--bogus'"],
  [kernels, "--only nope", "--only: there is no kernel nope; there are call-of-each-row, filter"],
  [kernels, "--only sort-doubles,b", "--only: there is no kernel b; there are call-of-each-row"],
  [kernels, "--only=", "--only: there is no kernel without a name"],
  [kernels, "--rows 0", "--rows is 0; give millions from 0.01 to 1000, such as 0.5"],
  [kernels, "--rows -1", "--rows is -1; give millions"],
  [kernels, "--rows=", "--rows is empty; give millions"],
  [kernels, "--threads x", "--threads is x; give a whole number from 1 to 64"],
  [kernels, "--runs 0", "--runs is 0; give a whole number from 1 to 1000"],
];

test("what cannot be meant is told in one line", async () => {
  for (const [program, args, says] of refused) {
    const { status, stdout, stderr } = await ended(program, args.split(" "));
    expect([stderr.split("\n").length, status], `${program} ${args}: ${stderr}`).toEqual([2, 2]);
    expect(stderr).toContain(says);
    expect(stdout).toBe("");
  }
});

describe.each([
  ["scan", "0.1"],
  ["operators", "0.02"],
  ["expressions", "0.02"],
  ["string-count", "0.2"],
])("bench/micro/%s.mjs", (name, little) => {
  const program = join(projectFolder(), `bench/micro/${name}.mjs`);

  test("checks the numbers that it is given", async () => {
    const help = await ended(program, ["--help"]);
    expect([help.status, help.stdout]).toEqual([0, expect.stringContaining("[runs]")]);
    const { status, stdout, stderr } = await ended(program, [little, "0"]);
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(`0 is no number above 0; usage: node bench/micro/${name}.mjs [m`);
  });

  test("measures little data", async () => {
    const { status, stdout, stderr } = await ended(program, [little, "1"]);
    expect(status, stderr).toBe(0);
    expect(stdout).toMatch(/M rows\/s|MB\/s/);
  });
});

test("a file is no folder for results", async () => {
  const file = join(folder, "file");
  writeFileSync(file, "");
  const { status, stderr } = await ended(memory, ["--folder", file]);
  expect([status, stderr]).toEqual([
    2,
    `--folder is ${file}, where no folder can be written: it is a file; --help tells more\n`,
  ]);
});

describe.each([memory, control, chaos, oracle, scale, kernels])("%s", (program) => {
  test("--help says how it is used", async () => {
    const { status, stdout } = await ended(program, ["--help"]);
    expect(status).toBe(0);
    expect(stdout).toContain("Usage: n");
  });
});

test("kernels are measured by their names, in more threads than there are cores", async () => {
  const asked = ["--rows", "0.01", "--runs", "1", "--threads", "6", "--json"];
  const { stdout, stderr } = await ended(kernels, [...asked, "--only", "sort-doubles,scan-csv"]);
  const names = stdout
    .trimEnd()
    .split("\n")
    .map((line) => (JSON.parse(line) as { readonly kernel: string }).kernel);
  expect(names, stderr).toEqual(["scan-csv", "sort-doubles"]);
});
