// Nothing that was started stays, whatever group it is in.

import type { ChildProcess } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";
import {
  endProcess,
  endTraces,
  keepAtEnd,
  removeAtEnd,
  startProcess,
  temporaryFolder,
} from "./traces.ts";

const wait = "setInterval(() => {}, 60_000);";

/** A process that starts one in its own group and one in another, and says their ids and its temporary folder. */
const family = `
  const { spawn } = require("node:child_process");
  const start = (detached) =>
    spawn(process.execPath, ["-e", ${JSON.stringify(wait)}], { detached, stdio: "ignore" }).pid;
  console.log(JSON.stringify({ pids: [process.pid, start(false), start(true)], folder: process.env.TMPDIR }));
  ${wait}`;

interface Family {
  readonly child: ChildProcess;
  readonly pids: readonly number[];
  readonly folder: string;
}

async function startFamily(): Promise<Family> {
  const command = [process.execPath, "-e", family];
  const child = startProcess(command, { stdio: ["ignore", "pipe", "inherit"] });
  for await (const line of createInterface({ input: child.stdout! })) {
    return { child, ...(JSON.parse(line) as { pids: number[]; folder: string }) };
  }
  throw new Error("it said nothing");
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test("a process ends with all that it started, and its temporary folder goes", async () => {
  const { child, pids, folder } = await startFamily();
  expect(pids.map(isAlive)).toEqual([true, true, true]);
  expect(existsSync(folder)).toBe(true);
  endProcess(child);
  await expect.poll(() => pids.filter(isAlive)).toEqual([]);
  await expect.poll(() => existsSync(folder)).toBe(false);
});

test("what a process leaves in its group when it ends by itself ends too", async () => {
  const { child, pids } = await startFamily();
  child.kill("SIGTERM");
  const [own, inGroup, apart] = pids;
  await expect.poll(() => [own!, inGroup!].filter(isAlive)).toEqual([]);
  process.kill(apart!, "SIGKILL");
});

test("at the end processes and folders go at once, and what is whole stays", async () => {
  const families = [await startFamily(), await startFamily()];
  const folder = temporaryFolder("test");
  const [partial, whole] = [
    join(folder, "..", "partial"),
    join(folder, "..", "..", `millrace-whole-${process.pid}`),
  ];
  for (const path of [partial, whole]) {
    writeFileSync(path, "");
    removeAtEnd(path);
  }
  keepAtEnd(whole);
  endTraces();
  expect(existsSync(folder)).toBe(false);
  expect(existsSync(partial)).toBe(false);
  expect(existsSync(whole)).toBe(true);
  removeAtEnd(whole);
  endTraces();
  expect(existsSync(whole)).toBe(false);
  await expect.poll(() => families.flatMap(({ pids }) => pids.filter(isAlive))).toEqual([]);
  // They can be used again.
  expect(existsSync(temporaryFolder("again"))).toBe(true);
  endTraces();
});
