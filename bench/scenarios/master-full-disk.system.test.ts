// Real masters whose disks fill up: they end and say why, lose nothing, and go on when there is space.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, expect, test } from "vitest";
import type { LockView, MastersView } from "../../proto/wire/views.ts";
import { builtProgram, type LocalCluster, startLocalCluster } from "../cluster/local-cluster.ts";
import { runCommand } from "./testing/command-line.ts";
import { scratchFolder } from "./testing/folders.ts";

const folder = scratchFolder("full-disk");
const full = join(folder, "full");
let running: LocalCluster;
afterAll(() => running?.stop());

const fill = (name: string): void => writeFileSync(join(full, name), "");
const free = (name: string): void => rmSync(join(full, name));

async function run(...args: string[]) {
  const environment = { ...running.environment, MILLRACE_NODE_TOKEN: running.nodeToken };
  const at = ["--masters", running.masters.join(","), "--json"];
  return await runCommand([...args, ...at], { environment });
}

/** Names of locks whose acquisition was acknowledged. */
const acknowledged: string[] = [];

async function acquire(name: string): Promise<void> {
  const result = await run("lock", "acquire", name, "--ttl", "600");
  expect(result.code, result.stderr).toBe(0);
  acknowledged.push(name);
}

async function expectAllHeld(): Promise<void> {
  const { code, stdout, stderr } = await run("lock", "list");
  expect(code, stderr).toBe(0);
  const { locks } = JSON.parse(stdout) as { locks: readonly LockView[] };
  expect(locks.map(({ name }) => name)).toEqual(expect.arrayContaining(acknowledged));
}

async function list(): Promise<MastersView> {
  const { code, stdout, stderr } = await run("master", "list");
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout) as MastersView;
}

/** It ended by itself, with the exit code and the message of a full disk. */
async function expectEnded(name: string): Promise<void> {
  const { child, ended } = running.processes.get(name)!;
  await ended;
  expect(child.exitCode, name).toBe(10);
  const log = readFileSync(join(folder, "cluster", "logs", `${name}.log`), "utf8");
  const last = log.trimEnd().split("\n").slice(-8).join("\n");
  expect(last).toContain("DISK_FULL");
  expect(last).toContain("free space or move the data folder, then start again");
}

async function untilVoting(...names: string[]): Promise<void> {
  for (;;) {
    const { masters } = await list();
    const well = masters.filter(({ lagEntries, isHeard }) => lagEntries === 0 && isHeard);
    if (names.every((name) => well.some(({ masterId }) => masterId === name))) return;
  }
}

test("a follower, the leader, then all of them: each ends by name and comes back with all it had", async () => {
  mkdirSync(full);
  const preload = pathToFileURL(join(import.meta.dirname, "testing", "full-disk.mjs")).href;
  running = await startLocalCluster({
    ...{ masters: 3, workers: 0, threads: 1, program: builtProgram() },
    folder: join(folder, "cluster"),
    environment: { NODE_OPTIONS: `--import=${preload}`, MILLRACE_TEST_FULL_DISKS: full },
  });
  const names = ["master-1", "master-2", "master-3"];
  await acquire("first");
  const { leader } = await list();
  const follower = names.find((name) => name !== leader)!;

  fill(follower);
  await acquire("without-a-follower");
  await expectEnded(follower);
  // Started too early, it ends again, at its start or at the first thing that it is to write.
  await running.restart(follower).catch(() => undefined);
  await acquire("still-without");
  await expectEnded(follower);
  free(follower);
  await running.restart(follower);
  await untilVoting(follower);

  fill(leader);
  await acquire("while-the-leader-is-full");
  await expectEnded(leader);
  await expectAllHeld();
  free(leader);
  await running.restart(leader);
  await untilVoting(...names);

  for (const name of names) fill(name);
  const refused = run("lock", "acquire", "nowhere", "--ttl", "600", "--timeout-ms", "3000");
  // Two ended by what they could not write; the third alone decides nothing, and need not notice.
  expect((await refused).code).not.toBe(0);
  for (const name of names) free(name);
  for (const name of names) {
    if (running.processes.get(name)!.child.exitCode === null) continue;
    await expectEnded(name);
    await running.restart(name);
  }
  await acquire("last");
  await expectAllHeld();
}, 180_000);
