// Locks of a real cluster: from the command line and in a job, while the leader and the driver are killed.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ClusterView, JobView, LockView } from "../../proto/wire/views.ts";
import { builtProgram, type LocalCluster, startLocalCluster } from "../cluster/local-cluster.ts";
import { failureOf, runCommand, startCommand } from "./testing/command-line.ts";
import { scratchFolder } from "./testing/folders.ts";

const folder = scratchFolder("locks");
const printToken = "process.stdout.write(process.env.MILLRACE_LOCK_TOKEN)";
let cluster: LocalCluster;

beforeAll(async () => {
  const program = builtProgram();
  const data = join(folder, "cluster");
  cluster = await startLocalCluster({ masters: 3, workers: 2, threads: 1, folder: data, program });
});
afterAll(() => cluster?.stop());

/** A command of the cluster; `rest` stands after its options. */
function command(name: string, ...rest: string[]) {
  return [name, "--masters", cluster.masters.join(","), ...rest];
}

const run = (...args: string[]) => runCommand(args, { environment: cluster.environment });
const lock = (...args: string[]) => run(...command("lock", ...args));

async function locks(): Promise<readonly LockView[]> {
  const { stdout } = await lock("list", "--json");
  return (JSON.parse(stdout) as { locks: readonly LockView[] }).locks;
}

/** Looks until there is something; each look is a process of its own, so nothing spins. */
async function until<Found>(look: () => Promise<Found | undefined>): Promise<Found> {
  for (let tries = 0; tries < 200; tries++) {
    const found = await look();
    if (found !== undefined) return found;
  }
  throw new Error("it never came to that");
}

async function leaderName(): Promise<string> {
  const { stdout } = await run(...command("status", "--json"));
  return (JSON.parse(stdout) as { cluster: ClusterView }).cluster.leader;
}

test("a lock outlives its leader, keeps others out, and goes to who waits for it", async () => {
  const first = await lock("acquire", "prices", "--ttl", "120");
  expect(first.code, first.stderr).toBe(0);
  const token = Number(first.stdout);
  const refused = await lock("acquire", "prices", "--json");
  expect(refused.code).toBe(4);
  expect(failureOf(refused)).toMatchObject({ code: "LOCK_HELD", details: { token } });

  const wait = ["acquire", "prices", "--wait", "100", "--", process.execPath, "-e", printToken];
  const environment = cluster.environment;
  const waiting = startCommand(command("lock", ...wait), { environment });
  await until(async () => (await locks()).find(({ waiting: line }) => line === 1));
  const leader = await leaderName();
  await cluster.kill(leader, "SIGKILL");
  expect(await locks()).toMatchObject([{ name: "prices", token, waiting: 1 }]);
  expect((await lock("release", "prices", "--fencing-token", String(token + 1))).code).toBe(7);
  expect((await lock("release", "prices", "--fencing-token", String(token))).code).toBe(0);

  const ended = await waiting.result;
  expect(ended.code, ended.stderr).toBe(0);
  expect(Number(ended.stdout)).toBeGreaterThan(token);
  expect(await locks()).toEqual([]);
  await cluster.restart(leader);
}, 120_000);

const jobSource = `import { defineJob, z } from "millrace";

export default defineJob({
  name: "guarded",
  params: z.object({ input: z.string(), output: z.string() }),
  async run(mr, { input, output }) {
    const token = await mr.withLock("table", async (lock) => {
      const { token } = lock;
      const slow = mr.read.text(input).map((line) => {
        const until = Date.now() + 20;
        while (Date.now() < until);
        return line + " " + token;
      });
      await slow.count();
      await slow.write.text(output);
      return token;
    });
    return String(token);
  },
});
`;

test("a job holds its lock over the loss of its driver, with one token on every worker", async () => {
  mkdirSync(join(folder, "in"));
  const lines = Array.from({ length: 200 }, (_, i) => `line ${String(i).padStart(3, "0")}`);
  writeFileSync(join(folder, "in", "a.txt"), `${lines.slice(0, 100).join("\n")}\n`);
  writeFileSync(join(folder, "in", "b.txt"), `${lines.slice(100).join("\n")}\n`);
  const path = join(folder, "guarded.ts");
  writeFileSync(path, jobSource);
  const output = join(folder, "out/");
  const params = ["--input", join(folder, "in/"), "--output", output];
  const { environment } = cluster;
  const submitted = startCommand(command("submit", path, ...params), { environment });
  const held = await until(async () => (await locks()).find(({ name }) => name === "table"));
  const jobId = held.holder.replace("job ", "");
  const viewOf = async () =>
    JSON.parse((await run(...command("status", "--json", jobId))).stdout) as JobView;
  await until(async () => ((await viewOf()).actions.length >= 2 ? true : undefined));
  submitted.child.kill("SIGKILL");
  const refused = await lock("acquire", "table", "--json");
  expect(failureOf(refused)).toMatchObject({
    code: "LOCK_HELD",
    details: { holder: `job ${jobId}`, token: held.token },
  });

  const ended = await until(async () => {
    const view = await viewOf();
    return view.state === "running" ? undefined : view;
  });
  expect(ended.error).toBeUndefined();
  expect(JSON.parse(ended.resultJson ?? "")).toBe(String(held.token));
  expect(ended.actions.map(({ label }) => label.split(" ")[0])).toEqual([
    ...["lock", "count", "write", "unlock"],
  ]);
  const rows = (await run("output", output)).stdout.trimEnd().split("\n").sort();
  expect(rows).toEqual(lines.map((line) => `${line} ${held.token}`));
  const after = await lock("acquire", "table");
  expect(Number(after.stdout)).toBeGreaterThan(held.token);
}, 180_000);
