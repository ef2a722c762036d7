// What an operator of masters can get wrong, as real processes: a typed refusal, and the cluster goes on.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { MastersView } from "../../proto/wire/views.ts";
import { builtProgram, type LocalCluster, startLocalCluster } from "../cluster/local-cluster.ts";
import { failureOf, runCommand } from "./testing/command-line.ts";
import { scratchFolder } from "./testing/folders.ts";

const folder = scratchFolder("master-bad-input");
const clusters: LocalCluster[] = [];
afterAll(() => Promise.all(clusters.map((cluster) => cluster.stop())));

async function start(name: string): Promise<LocalCluster> {
  const cluster = await startLocalCluster({
    ...{ masters: 1, workers: 0, threads: 1, folder: join(folder, name) },
    program: builtProgram(),
  });
  clusters.push(cluster);
  return cluster;
}

async function run(cluster: LocalCluster, args: readonly string[], nodeToken?: string) {
  return await runCommand(["master", "--json", ...args], {
    environment: { ...cluster.environment, MILLRACE_NODE_TOKEN: nodeToken ?? cluster.nodeToken },
  });
}

test("wrong folders, addresses, tokens and removals", async () => {
  const [one, two] = [await start("one"), await start("two")];
  const used = join(folder, "one", "master-1");
  const at = ["--masters", one.masters[0]!];
  const refusals: (readonly [readonly string[], string, number, string])[] = [
    [["--id", "master-1", "--data", used], "DATA_FOLDER_LOCKED", 10, "master-1"],
    [["add", "m2", "127.0.0.1:1", ...at], "MASTER_MISMATCH", 2, "no master answers at 127.0.0.1:1"],
    [["add", "master-9", one.masters[0]!, ...at], "USAGE", 2, "master-1 has the address"],
    [["remove", "master-1", ...at], "USAGE", 2, "only voter"],
    [["remove", "master-1", "--force", ...at], "USAGE", 2, "only voter"],
    [["transfer", "m2", ...at], "USAGE", 2, "no voting master"],
    [["replace", "m7", "m2", "127.0.0.1:1", ...at], "USAGE", 2, "m7 is no master of"],
  ];
  for (const [args, code, exit, text] of refusals) {
    const result = await run(one, args);
    const failure = failureOf(result);
    expect([failure.code, result.code], failure.message).toEqual([code, exit]);
    expect(failure.message).toContain(text);
  }

  // A node of another cluster has another token: it cannot even be asked who it is.
  const other = await run(one, ["add", "master-1b", two.masters[0]!, ...at]);
  expect(failureOf(other).code).toBe("UNAUTHENTICATED");
  const token = one.environment.MILLRACE_TOKEN;
  expect(failureOf(await run(one, ["remove", "master-1", ...at], token)).code).toBe("FORBIDDEN");

  // A folder that a newer version wrote, or that is another master's.
  const newer = join(folder, "two", "master-1");
  await two.kill("master-1", "SIGKILL");
  const begun = ["--listen", "127.0.0.1:0", "--data", newer];
  const wrongId = failureOf(await run(two, ["--id", "m5", ...begun]));
  expect([wrongId.code, wrongId.message]).toEqual([
    ...["USAGE", expect.stringContaining("belongs to master master-1")],
  ]);
  const identity = JSON.parse(readFileSync(join(newer, "identity.json"), "utf8")) as object;
  writeFileSync(join(newer, "identity.json"), JSON.stringify({ ...identity, version: 2 }));
  const isNewer = failureOf(await run(two, ["--id", "master-1", ...begun]));
  expect(isNewer.code).toBe("DATA_FOLDER_VERSION");

  const list = await run(one, ["list", ...at]);
  const { masters } = JSON.parse(list.stdout) as MastersView;
  expect(masters).toMatchObject([{ masterId: "master-1", role: "leader", lagEntries: 0 }]);
});
