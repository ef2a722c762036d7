// `npm run bench:control`: what the control plane costs, held against its aims.

import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { builtProgram, type LocalCluster, startLocalCluster } from "../cluster/local-cluster.ts";
import { misused, readOptions, wholeNumber, writableFolder } from "../tooling/command-line.ts";
import { type Connection, connectLeader } from "./api-calls.ts";
import { measureFailover } from "./failover.ts";
import { measurePlanning } from "./planning.ts";
import { measureProposals } from "./proposals.ts";
import { measureReplica } from "./replica-batches.ts";
import { measureRestart } from "./restart.ts";
import { measureScheduling } from "./scheduling.ts";
import { measureSnapshot } from "./snapshot-block.ts";
import { type Figure, gather, summarize, tableRow } from "./statistics.ts";
import { measureTaskBytes, measureTaskCost } from "./task-cost.ts";
import { measureWarmStage } from "./warm-stage.ts";

const usage = `Usage: npm run bench:control -- [--only NAME,…] [--runs 3] [--out FILE] [--folder DIR]

Measures the control plane on this machine with real processes and real syncs:
  commands    commands through the API of three masters, 1, 64 and 1024 callers
  replica     entries a second of one replica in this process
  scheduling  100 000 no-op tasks through one master
  failover    the leader's kill -9 to the next grant, 20 times
  snapshot    how long a snapshot of a million tasks holds a master up
  restart     a master's start with a million tasks
  tasks       cost and bytes of a task, up to a million of them
  warm        an action of one task, and a small query, on a warm embedded cluster
  planning    from a logical plan of 30 and of 1000 steps to its stage graph

--out appends each figure to a file, one JSON object a line. --folder: where the masters write;
a temporary folder unless told, deleted at the end.`;

const values = readOptions(usage, {
  only: { type: "string" },
  runs: { type: "string", default: "3" },
  out: { type: "string" },
  folder: { type: "string", default: tmpdir() },
});
const runs = wholeNumber("runs", values.runs);

const program = builtProgram();
const root = dirname(dirname(dirname(program)));
let folders = 0;
const nextFolder = (): string => join(scratch, String(++folders));

const connectionsOfCallers = 8;

type Sides = { readonly client: Connection; readonly node: Connection };

async function withCluster(
  masters: number,
  measure: (cluster: LocalCluster, sides: Sides) => Promise<Figure[]>,
): Promise<Figure[]> {
  const folder = nextFolder();
  const cluster = await startLocalCluster({ masters, workers: 0, threads: 1, folder, program });
  const client = connectLeader(cluster.masters, cluster.token);
  const node = connectLeader(cluster.masters, cluster.nodeToken);
  try {
    return await measure(cluster, { client, node });
  } finally {
    client.close();
    node.close();
    await cluster.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function commands(cluster: LocalCluster, { client }: Sides): Promise<Figure[]> {
  const connect = () => connectLeader(cluster.masters, cluster.token);
  const clients = Array.from({ length: connectionsOfCallers }, connect);
  try {
    return await measureProposals(client, clients, 3000);
  } finally {
    for (const each of clients) each.close();
  }
}

function warmStage(): Promise<Figure[]> {
  const input = join(scratch, "small.txt");
  writeFileSync(input, "one line\nanother line\n");
  return measureWarmStage({ root, input, folder: nextFolder(), actions: 100 });
}

const measures: Readonly<Record<string, () => Promise<Figure[]>>> = {
  commands: () => withCluster(3, commands),
  replica: () => measureReplica(nextFolder(), 200, 4096),
  scheduling: () =>
    withCluster(1, (_, { client, node }) => measureScheduling(client, node, 100_000, 8)),
  failover: () =>
    withCluster(3, (cluster, { client, node }) => measureFailover(cluster, client, node, 20)),
  snapshot: () => measureSnapshot(nextFolder(), 1_000_000),
  restart: () => measureRestart(nextFolder(), program, 1_000_000, 1),
  tasks: async () => [
    ...measureTaskCost([1000, 10_000, 100_000, 1_000_000]),
    ...measureTaskBytes(1_000_000),
  ],
  warm: warmStage,
  planning: async () => measurePlanning(50),
};

const names = values.only?.split(",") ?? Object.keys(measures);
const unknown = names.filter((name) => measures[name] === undefined);
if (unknown.length > 0) {
  const known = Object.keys(measures).join(", ");
  misused(`--only: there is no measure ${unknown.join(", ")}; there are ${known}`);
}
const scratch = mkdtempSync(join(writableFolder("folder", values.folder), "millrace-bench-"));

console.log("| measure | what | median | range | aim | |\n| --- | --- | --- | --- | --- | --- |");
try {
  for (const name of names) {
    const results: Figure[][] = [];
    for (let run = 0; run < runs; run++) results.push((await measures[name]?.()) ?? []);
    for (const figure of gather(results)) {
      const line = summarize(figure);
      console.log(tableRow(line));
      if (values.out !== undefined) appendFileSync(values.out, `${JSON.stringify(line)}\n`);
    }
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
