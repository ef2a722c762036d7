// A run that is ended from outside, by the suite's own program or by `millrace bench`: nothing of it stays but results.

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { builtFile, projectFolder } from "./places.ts";
import { readResults } from "./protocol/results.ts";

const folder = mkdtempSync(join(tmpdir(), "millrace-cut-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Run {
  readonly child: ChildProcess;
  readonly out: string;
  /** Its processes are known by this one in their environments. */
  readonly temporary: string;
  readonly ended: Promise<{ readonly status: number | null; readonly signal: string | null }>;
  said(): string;
}

const suite = [process.execPath, builtFile("bench/macro/main.mjs")];
const command = [process.execPath, join(projectFolder(), "sdk/cli/millrace.mjs"), "bench"];
const script = ["npm", "run", "bench", "--"];

/** Far more rows than the test waits for. */
function start(name: string, program: readonly string[], out = join(folder, name, "out")): Run {
  const temporary = join(folder, name, "tmp");
  mkdirSync(temporary, { recursive: true });
  const asked = ["--size", "smoke", "--contenders", "millrace,baseline", "--only", "word-count"];
  const places = ["--out", out, "--folder", join(folder, "data")];
  const many = ["--runs", "1000", "--row-seconds", "1000"];
  const [file = "", ...args] = [...program, ...asked, ...many, ...places];
  const child = spawn(file, args, {
    cwd: projectFolder(),
    env: { ...process.env, TMPDIR: temporary },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
  }
  const ended = new Promise<{ status: number | null; signal: string | null }>((resolve) => {
    child.once("close", (status, signal) => resolve({ status, signal }));
  });
  return { child, out, temporary, ended, said: () => said };
}

function environmentOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8");
  } catch {
    return "";
  }
}

/** All that a run started has its temporary folder, or one below it. */
function processesOf({ temporary }: Run): readonly string[] {
  return readdirSync("/proc").filter((pid) => {
    return /^\d+$/.test(pid) && environmentOf(pid).includes(`TMPDIR=${temporary}`);
  });
}

/** Until contenders are at work: the program, both of them, and the cluster of ours. */
async function untilMeasuring(run: Run): Promise<void> {
  await expect.poll(() => existsSync(join(run.out, "results.jsonl"))).toBe(true);
  await expect.poll(() => processesOf(run).length).toBeGreaterThanOrEqual(4);
}

function checkResults({ out }: Run): void {
  const { header, end } = readResults(join(out, "results.jsonl"));
  expect(header.size).toBe("smoke");
  expect(end).toBeUndefined();
}

test.each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 129],
] as const)("%s to the suite ends its contenders and removes its folders", async (signal, code) => {
  const run = start(signal, suite);
  await untilMeasuring(run);
  run.child.kill(signal);
  expect(await run.ended, run.said()).toEqual({ status: code, signal: null });
  expect(processesOf(run)).toEqual([]);
  expect(readdirSync(run.temporary)).toEqual([]);
  expect(run.said()).toContain(`cut short; what was measured so far: ${run.out}/results.jsonl`);
  checkResults(run);
});

test.each([
  ["SIGINT", "millrace bench", command, 130],
  ["SIGTERM", "millrace bench", command, 143],
  ["SIGTERM", "npm run bench", script, 143],
] as const)("%s to %s ends the suite with it", async (signal, name, program, code) => {
  const run = start(`${name} ${signal}`, program);
  await untilMeasuring(run);
  run.child.kill(signal);
  expect(await run.ended, run.said()).toEqual({ status: code, signal: null });
  await expect.poll(() => processesOf(run)).toEqual([]);
  expect(readdirSync(run.temporary)).toEqual([]);
  checkResults(run);
});

test("a second Ctrl-C, or the same one told twice, keeps nothing from ending", async () => {
  const run = start("twice", command);
  await untilMeasuring(run);
  for (const pid of processesOf(run)) {
    const isOurs = readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("bench/macro/main.mjs");
    if (isOurs) process.kill(Number(pid), "SIGINT");
  }
  run.child.kill("SIGINT");
  run.child.kill("SIGINT");
  expect((await run.ended).status, run.said()).toBe(130);
  await expect.poll(() => processesOf(run)).toEqual([]);
  expect(readdirSync(run.temporary)).toEqual([]);
});

test("where the suite is killed its contenders notice", async () => {
  const run = start("killed", suite);
  await untilMeasuring(run);
  run.child.kill("SIGKILL");
  await run.ended;
  await expect.poll(() => processesOf(run)).toEqual([]);
  checkResults(run);
});

test("where millrace bench is killed the suite notices, and cleans up", async () => {
  const run = start("bench-killed", command);
  await untilMeasuring(run);
  run.child.kill("SIGKILL");
  await run.ended;
  await expect.poll(() => processesOf(run)).toEqual([]);
  expect(readdirSync(run.temporary)).toEqual([]);
});

test("a second run with the same folder is refused, and changes nothing there", async () => {
  const run = start("first", suite);
  await untilMeasuring(run);
  const second = start("second", suite, run.out);
  expect(await second.ended).toEqual({ status: 2, signal: null });
  const holder = `${run.out} is in use by process ${run.child.pid}`;
  expect(second.said()).toContain(`another run of the suite writes there: data folder ${holder}`);
  run.child.kill("SIGTERM");
  await run.ended;
  checkResults(run);
  // The dead one holds nothing.
  const third = start("third", suite, run.out);
  await untilMeasuring(third);
  third.child.kill("SIGTERM");
  expect((await third.ended).status).toBe(143);
});
