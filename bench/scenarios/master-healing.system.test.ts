// Real masters: one whose log rotted while it was stopped heals, votes again, and nothing is lost.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { LockView, MastersView } from "../../proto/wire/views.ts";
import { builtProgram, type LocalCluster, startLocalCluster } from "../cluster/local-cluster.ts";
import { failureOf, runCommand } from "./testing/command-line.ts";
import { scratchFolder } from "./testing/folders.ts";

const folder = scratchFolder("master-healing");
let running: LocalCluster;
afterAll(() => running?.stop());

async function run<View>(...args: string[]): Promise<View> {
  const environment = { ...running.environment, MILLRACE_NODE_TOKEN: running.nodeToken };
  const at = ["--masters", running.masters.join(","), "--json"];
  const result = await runCommand([...args, ...at], { environment });
  expect(result.code, `${args.join(" ")}: ${result.stderr}`).toBe(0);
  return JSON.parse(result.stdout) as View;
}

const list = () => run<MastersView>("master", "list");

async function lockNames(): Promise<readonly string[]> {
  const { locks } = await run<{ locks: readonly LockView[] }>("lock", "list");
  return locks.map(({ name }) => name).sort();
}

/** One byte amid what was acknowledged. */
function flipByte(name: string): void {
  const wal = join(folder, name, "wal");
  const [first] = readdirSync(wal).sort();
  const path = join(wal, first!);
  const bytes = readFileSync(path);
  const written = bytes.findLastIndex((byte) => byte !== 0);
  bytes[Math.floor(written / 2)]! ^= 0x10;
  writeFileSync(path, bytes);
}

async function untilVoter(name: string): Promise<MastersView["masters"][number]> {
  for (let look = 0; look < 100; look++) {
    const found = (await list()).masters.find(({ masterId }) => masterId === name);
    if (found?.role === "voter" && found.lagEntries === 0) return found;
  }
  throw new Error(`${name} does not vote`);
}

test("it heals, keeps what was damaged, and the cluster can do without another one", async () => {
  const program = builtProgram();
  running = await startLocalCluster({ masters: 3, workers: 0, threads: 1, folder, program });
  const expected = ["one", "three", "two"];
  for (const name of expected) await run("lock", "acquire", name, "--ttl", "600");
  const { leader } = await list();
  const [damaged, other] = ["master-1", "master-2", "master-3"].filter((name) => name !== leader);
  await running.kill(damaged!, "SIGKILL");
  await run("lock", "acquire", "while-away", "--ttl", "600");
  expected.push("while-away");
  flipByte(damaged!);

  // Told not to, it ends, and changes nothing.
  const data = join(folder, damaged!);
  const before = readdirSync(data, { recursive: true }).map(String).sort();
  const args = ["master", "--id", damaged!, "--data", data, "--no-heal", "--json"];
  const refused = await runCommand(args, {
    environment: { ...running.environment, MILLRACE_NODE_TOKEN: running.nodeToken },
  });
  expect([refused.code, failureOf(refused).code], refused.stderr).toEqual([10, "LOG_CORRUPT"]);
  expect(readdirSync(join(data, "wal"))).toEqual(
    before.filter((path) => path.startsWith("wal/")).map((path) => path.slice("wal/".length)),
  );

  await running.restart(damaged!);
  const healed = await untilVoter(damaged!);
  expect(healed.key).not.toBe("");
  const kept = readdirSync(join(data, "damaged"));
  expect(kept.length).toBeGreaterThan(0);
  for (const name of kept) expect(name).toContain(healed.key);

  // Without the leader or the other one it has to be the one that votes.
  await running.kill(other!, "SIGKILL");
  await run("lock", "acquire", "after", "--ttl", "600");
  await running.restart(other!);
  await running.kill(leader, "SIGKILL");
  expect(await lockNames()).toEqual(["after", ...expected].sort());

  // And it comes back from what it has now.
  await running.restart(leader);
  await running.kill(damaged!, "SIGKILL");
  await running.restart(damaged!);
  expect((await memberOf(damaged!)).key).toBe(healed.key);
}, 120_000);

async function memberOf(name: string) {
  const { masters } = await list();
  return masters.find(({ masterId }) => masterId === name)!;
}
