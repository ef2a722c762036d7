// A real worker that the masters refuse for good ends by name, and says what to do; one that finds no master waits.

import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { builtProgram, type LocalCluster, startLocalCluster } from "../cluster/local-cluster.ts";
import { freePort } from "../tooling/free-port.ts";
import { failureOf, runCommand, startCommand } from "./testing/command-line.ts";
import { scratchFolder } from "./testing/folders.ts";

const folder = scratchFolder("worker-refused");
let cluster: LocalCluster | undefined;
afterAll(() => cluster?.stop());

test("wrong tokens and options end a worker; masters that do not answer do not", async () => {
  cluster = await startLocalCluster({
    ...{ masters: 1, workers: 0, threads: 1, folder: join(folder, "cluster") },
    program: builtProgram(),
  });
  const [master] = cluster.masters;
  const { nodeToken, token } = cluster;
  const args = (id: string, at: string) => [
    ...["worker", "--json", "--id", id, "--masters", at],
    ...["--threads", "1", "--work", join(folder, id)],
  ];
  const refusals: (readonly [string, string, string, number, RegExp])[] = [
    ["w1", "not-the-token-of-this-cluster", "UNAUTHENTICATED", 8, /node token of this cluster/],
    ["w2", token, "FORBIDDEN", 8, /token of nodes, not that of clients/],
    ["w 3", nodeToken, "MESSAGE_INVALID", 9, /correct the option that is named/],
  ];
  for (const [id, given, code, exit, text] of refusals) {
    const environment = { MILLRACE_NODE_TOKEN: given };
    const result = await runCommand(args(id, master!), { environment });
    const failure = failureOf(result);
    expect([failure.code, result.code], failure.message).toEqual([code, exit]);
    expect(failure.message).toMatch(/^worker .* is refused: /);
    expect(failure.message).toMatch(text);
  }

  const environment = { MILLRACE_NODE_TOKEN: nodeToken };
  const nobody = `127.0.0.1:${await freePort()}`;
  const waiting = startCommand(args("w4", nobody), { environment });
  const serving = new Promise<string>((resolve) => {
    waiting.child.stdout?.on("data", (text: unknown) => resolve(String(text)));
  });
  expect(JSON.parse(await serving)).toMatchObject({ serving: "worker", id: "w4" });
  waiting.child.kill("SIGTERM");
  expect(await waiting.result).toMatchObject({ code: 0 });
});
