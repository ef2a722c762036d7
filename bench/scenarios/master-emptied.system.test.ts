// Real founders whose data folders were emptied: the others go on, and both documented ways back work.

import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { LockView, MastersView } from "../../proto/wire/views.ts";
import { builtProgram, type LocalCluster, startLocalCluster } from "../cluster/local-cluster.ts";
import { runCommand } from "./testing/command-line.ts";
import { scratchFolder } from "./testing/folders.ts";

const folder = scratchFolder("master-emptied");
let running: LocalCluster;
afterAll(() => running?.stop());

/** Addresses by name, of the masters there are now. */
const addresses = new Map<string, string>();

async function run<View>(...args: string[]): Promise<View> {
  const environment = { ...running.environment, MILLRACE_NODE_TOKEN: running.nodeToken };
  const at = ["--masters", [...addresses.values()].join(","), "--json"];
  const result = await runCommand([...args, ...at], { environment });
  expect(result.code, `${args.join(" ")}: ${result.stderr}`).toBe(0);
  return JSON.parse(result.stdout) as View;
}

const list = () => run<MastersView>("master", "list");
const acquire = (name: string) => run("lock", "acquire", name, "--ttl", "600");

async function lockNames(): Promise<readonly string[]> {
  const { locks } = await run<{ locks: readonly LockView[] }>("lock", "list");
  return locks.map(({ name }) => name).sort();
}

async function untilFoldersAreKnown(): Promise<MastersView> {
  for (let look = 0; look < 100; look++) {
    const view = await list();
    if (view.masters.every(({ key }) => key !== "")) return view;
  }
  throw new Error("the folders of the founders were never noted");
}

/** Dies, loses its disk, and is started again under flags that say what they always said. */
async function empty(name: string): Promise<void> {
  await running.kill(name, "SIGKILL");
  rmSync(join(folder, name), { recursive: true });
  await running.restart(name);
  const { child, ended } = running.processes.get(name)!;
  await ended;
  const log = readFileSync(join(folder, "logs", `${name}.log`), "utf8");
  expect(child.exitCode, log).toBe(10);
  expect(log.trimEnd().split("\n").at(-1)).toMatch(/MASTER_REMOVED.*millrace master replace/);
}

test("an emptied leader and an emptied follower end by name, and are replaced or added again", async () => {
  const program = builtProgram();
  running = await startLocalCluster({ masters: 3, workers: 0, threads: 1, folder, program });
  for (const [i, address] of running.masters.entries()) addresses.set(`master-${i + 1}`, address);
  await acquire("before");
  const { leader } = await untilFoldersAreKnown();

  await empty(leader);
  await acquire("without-the-leader");
  const address = await running.startJoining("master-4");
  await run("master", "replace", leader, "master-4", address);
  addresses.delete(leader);
  addresses.set("master-4", address);

  const now = await list();
  const follower = [...addresses.keys()].find(
    (name) => name !== now.leader && name !== "master-4",
  )!;
  await empty(follower);
  // The id comes back: removed, then added with an empty folder.
  await run("master", "remove", follower);
  addresses.delete(follower);
  rmSync(join(folder, follower), { recursive: true });
  addresses.set(follower, await running.startJoining(follower));
  await run("master", "add", follower, addresses.get(follower)!);

  const { masters } = await list();
  expect(masters.map(({ masterId }) => masterId).sort()).toEqual([...addresses.keys()].sort());
  for (const { role } of masters) expect(role).not.toBe("learner");
  // Both that came have to vote for anything to be decided.
  await running.kill(now.leader, "SIGKILL");
  await acquire("after");
  expect(await lockNames()).toEqual(["after", "before", "without-the-leader"]);
}, 300_000);
