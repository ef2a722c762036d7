// Our side of a session: a cluster of real processes with its log on disk, and a client that submits jobs to it.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startEmbeddedCluster } from "../../../sdk/cli/embedded-cluster.ts";
import { builtProgram, startLocalCluster } from "../../cluster/local-cluster.ts";
import { builtFile, projectFolder } from "../places.ts";
import { rowsOf } from "./cells.ts";
import { serve } from "./serve.ts";

/** What users import: the built library. */
type Library = typeof import("../../../sdk/index.ts");

interface Cluster {
  readonly masters: readonly string[];
  readonly token: string;
  stop(): Promise<void>;
}

/** `apart`: master and worker are processes of their own, as on a real cluster, even where one would do. */
async function startCluster(masters: number, threads: number, apart: boolean): Promise<Cluster> {
  if (masters === 1 && !apart) {
    const cluster = startEmbeddedCluster(builtFile("sdk/embedded/main.mjs"), { threads });
    const address = await cluster.serving;
    return { masters: [address], token: cluster.token, stop: cluster.stop };
  }
  const folder = mkdtempSync(join(tmpdir(), "millrace-bench-"));
  const cluster = await startLocalCluster({
    masters,
    workers: 1,
    threads,
    folder,
    program: builtProgram(),
  });
  const stop = async (): Promise<void> => {
    await cluster.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  return { masters: cluster.masters, token: cluster.token, stop };
}

function ownVersion(): string {
  const file = readFileSync(join(projectFolder(), "package.json"), "utf8");
  return (JSON.parse(file) as { readonly version: string }).version;
}

async function main(masters: number, threads: number, apart: boolean): Promise<void> {
  const cluster = await startCluster(masters, threads, apart);
  const { connect } = (await import(
    new URL(`file://${builtFile("sdk/index.mjs")}`).href
  )) as Library;
  const client = await connect({ masters: cluster.masters, token: cluster.token });
  await serve(ownVersion(), async ({ task }) => {
    if (task.kind !== "job") throw new Error(`millrace runs jobs, not a ${task.kind}`);
    const { result } = await client.submit(task.file, task.params);
    return rowsOf(result);
  });
  client.close();
  await cluster.stop();
  process.exit(0);
}

const [masters = "1", threads = "2", apart] = process.argv.slice(2);
void main(Number(masters), Number(threads), apart === "apart");
