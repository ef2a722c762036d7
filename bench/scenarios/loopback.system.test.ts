// Nothing listens beyond loopback unless told to, and nothing answers without a token.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { builtProgram, type LocalCluster, startLocalCluster } from "../cluster/local-cluster.ts";
import { failureOf, runCommand } from "./testing/command-line.ts";
import { scratchFolder } from "./testing/folders.ts";

const folder = scratchFolder("loopback");
let cluster: LocalCluster | undefined;
afterAll(() => cluster?.stop());

interface Listener {
  readonly address: string;
  readonly inode: string;
}

const listening = "0A";

/** Sockets that listen, from the kernel's own tables. */
function listeners(table: string): Listener[] {
  const lines = readFileSync(table, "utf8").trim().split("\n").slice(1);
  return lines
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[3] === listening)
    .map((fields) => ({ address: fields[1]?.split(":")[0] ?? "", inode: fields[9] ?? "" }));
}

async function inodesOf(pid: number): Promise<Set<string>> {
  const { readdir, readlink } = await import("node:fs/promises");
  const inodes = new Set<string>();
  for (const name of await readdir(`/proc/${pid}/fd`)) {
    const link = await readlink(`/proc/${pid}/fd/${name}`).catch(() => "");
    const inode = /^socket:\[(\d+)\]$/.exec(link)?.[1];
    if (inode !== undefined) inodes.add(inode);
  }
  return inodes;
}

test.skipIf(process.platform !== "linux")(
  "every listener is on 127.0.0.1 (read from /proc, so on Linux only)",
  async () => {
    const running = await startLocalCluster({
      masters: 3,
      workers: 1,
      threads: 1,
      folder: join(folder, "cluster"),
      program: builtProgram(),
    });
    cluster = running;
    const all = [...listeners("/proc/net/tcp"), ...listeners("/proc/net/tcp6")];
    let found = 0;
    for (const local of running.processes.values()) {
      const own = await inodesOf(local.child.pid ?? 0);
      const open = all.filter((listener) => own.has(listener.inode));
      found += open.length;
      for (const listener of open) expect(listener.address).toBe("0100007F");
    }
    expect(found).toBe(4);

    const masters = running.masters.join(",");
    const status = ["status", "--json", "--masters", masters];
    const without = await runCommand(status, { environment: { MILLRACE_TOKEN: "" } });
    expect(without.code).not.toBe(0);
    const wrong = await runCommand(status, { environment: { MILLRACE_TOKEN: "w".repeat(48) } });
    expect(failureOf(wrong).code).toBe("UNAUTHENTICATED");
    expect(wrong.code).toBe(8);
    const right = await runCommand(status, { environment: running.environment });
    expect(right.code, right.stderr).toBe(0);
  },
  60_000,
);
