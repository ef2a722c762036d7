// Three masters, three workers and MinIO as real processes; the leader and a worker are killed while tasks upload many
// files into folders of partitions. Every row is there once, in its folder, and no upload stays open.

import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "minio";
import { afterAll, describe, expect, test } from "vitest";
import type { OutputManifest } from "../../proto/plan/manifest.ts";
import type { ClusterView, JobView } from "../../proto/wire/views.ts";
import { builtProgram, type LocalCluster, startLocalCluster } from "../cluster/local-cluster.ts";
import { minioForTests } from "../minio/for-tests.ts";
import type { Minio } from "../minio/server.ts";
import { runCommand, startCommand } from "./testing/command-line.ts";
import { scratchFolder } from "./testing/folders.ts";

const folder = scratchFolder("partition-kills");
const minio = await minioForTests();
const input = join(folder, "visits.csv");
const rows = 1_200_000;
const shops = 8;
const bucket = "results";
let cluster: LocalCluster | undefined;
afterAll(() => cluster?.stop());

async function writeVisits(): Promise<void> {
  const file = createWriteStream(input);
  for (let first = 0; first < rows; first += 10_000) {
    let text = "";
    for (let id = first; id < first + 10_000; id++) {
      text += `${id},shop ${id % shops},note of the visit ${id}\n`;
    }
    file.write(text);
  }
  file.end();
  await finished(file);
}

async function statusOf<View>(running: LocalCluster): Promise<View> {
  const args = ["status", "--masters", running.masters.join(","), "--json"];
  const result = await runCommand(args, { environment: running.environment });
  if (result.code !== 0) throw new Error(`status failed:\n${result.stderr}`);
  return JSON.parse(result.stdout) as View;
}

/** Waits until some tasks have written their files, and others are at it. */
async function untilInTheMidst(running: LocalCluster): Promise<void> {
  for (let look = 0; look < 600; look++) {
    const { jobs } = await statusOf<{ jobs: JobView[] }>(running);
    const stage = jobs[0]?.actions[0]?.stages[0];
    if (stage === undefined || stage.done === 0) continue;
    expect(stage.done, "the job is in the midst of its tasks").toBeLessThan(stage.tasks);
    return;
  }
  throw new Error("the job never got so far");
}

function clientOf(server: Minio): Client {
  const { hostname, port } = new URL(server.endpoint);
  const { accessKey, secretKey } = server;
  return new Client({
    endPoint: hostname,
    port: Number(port),
    useSSL: false,
    accessKey,
    secretKey,
  });
}

async function textOf(client: Client, key: string): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of await client.getObject(bucket, key)) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}

async function namesOf<Item>(items: AsyncIterable<Item>, nameOf: (item: Item) => string) {
  const names: string[] = [];
  for await (const item of items) names.push(nameOf(item));
  return names.sort();
}

async function openUploads(client: Client): Promise<readonly string[]> {
  const items = client.listIncompleteUploads(bucket, "", true);
  return namesOf(items as AsyncIterable<{ readonly key: string }>, ({ key }) => key);
}

describe.skipIf(minio.absent)(`killing while partitions are written${minio.note}`, () => {
  test("every row is there once, and no upload stays open", async () => {
    const [server] = await Promise.all([minio.server(), writeVisits()]);
    await server.makeBucket(bucket);
    const client = clientOf(server);
    const running = await startLocalCluster({
      ...{ masters: 3, workers: 3, threads: 1, minio: server },
      folder: join(folder, "cluster"),
      program: builtProgram(),
    });
    cluster = running;
    const job = join(import.meta.dirname, "jobs/write-partitions/job.ts");
    const engine = ["submit", "--json", "--masters", running.masters.join(","), job];
    const output = `s3://${bucket}/visits/`;
    const submitted = startCommand([...engine, "--input", input, "--output", output], {
      environment: running.environment,
    });
    await untilInTheMidst(running);
    const { cluster: view } = await statusOf<{ cluster: ClusterView }>(running);
    await Promise.all([view.leader, "worker-2"].map((name) => running.kill(name, "SIGKILL")));
    expect((await openUploads(client)).length, "uploads are open").toBeGreaterThan(0);
    const result = await submitted.result;
    expect(result.code, result.stderr).toBe(0);

    const manifest = JSON.parse(await textOf(client, "visits/_manifest.json")) as OutputManifest;
    const listed = client.listObjectsV2(bucket, "visits/", true);
    const found = await namesOf(listed as AsyncIterable<{ readonly name: string }>, (o) => o.name);
    const files = manifest.files.map(({ name }) => `visits/${name}`).sort();
    expect(found.filter((name) => !/\/_[^/]*$/.test(name))).toEqual(files);
    expect(files.length).toBeGreaterThan(2 * shops);
    const times = new Uint8Array(rows);
    for (const name of files) {
      const shop = /^visits\/c1=shop (\d+)\/part-/.exec(name)?.[1];
      for (const line of (await textOf(client, name)).trimEnd().split("\n")) {
        const id = Number(line.slice(0, line.indexOf(",")));
        if (String(id % shops) !== shop || !line.endsWith(`,note of the visit ${id}`)) {
          throw new Error(`${name} holds ${line}`);
        }
        times[id] = times[id]! + 1;
      }
    }
    expect(times.findIndex((count) => count !== 1)).toBe(-1);

    // The leader sweeps once no zombie can still write.
    for (let look = 0; look < 300 && (await openUploads(client)).length > 0; look++)
      await sleep(100);
    expect(await openUploads(client)).toEqual([]);
  }, 120_000);
});
