// Three masters, three workers and MinIO as real processes; the leader and a worker are killed while tasks upload many
// files into folders of partitions. Every row is there once, in its folder, and no upload stays open.

import { join } from "node:path";
import { Client } from "minio";
import { describe, expect, test } from "vitest";
import type { OutputManifest } from "../../proto/plan/manifest.ts";
import { minioForTests } from "../minio/for-tests.ts";
import type { Minio } from "../minio/server.ts";
import { scratchFolder } from "./testing/folders.ts";
import { startStrikeCluster, tasksDone, writeLines } from "./testing/watched-cluster.ts";

const folder = scratchFolder("partition-kills");
const minio = await minioForTests();
const input = join(folder, "visits.csv");
const rows = 800_000;
const shops = 8;
const bucket = "results";

const noteOf = (id: number): string => `note of the visit ${id}`;

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
  // In one request, which is the first page of them: one after the other some end meanwhile, and cannot be asked about.
  const { uploads } = await client.listIncompleteUploadsQuery(bucket, "", "", "", "");
  return uploads.map(({ key }) => key);
}

describe.skipIf(minio.absent)(`killing while partitions are written${minio.note}`, () => {
  test("every row is there once, and no upload stays open", async () => {
    const visitOf = (id: number): string => `${id},shop ${id % shops},${noteOf(id)}`;
    const [server] = await Promise.all([minio.server(), writeLines(input, rows, visitOf)]);
    await server.makeBucket(bucket);
    const client = clientOf(server);
    const cluster = await startStrikeCluster(folder, server);
    const job = join(import.meta.dirname, "jobs/write-partitions/job.ts");
    const submitted = cluster.submit(job, "--input", input, "--output", `s3://${bucket}/visits/`);
    // Some tasks have written their files, and others are at it.
    const atWork = await cluster.untilJob((one) => tasksDone(one) > 0);
    const [stage] = atWork.actions[0]?.stages ?? [];
    expect(stage?.done, "the job is in the midst of its tasks").toBeLessThan(stage?.tasks ?? 0);
    await cluster.strike("worker-2");
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
        if (String(id % shops) !== shop || !line.endsWith(`,${noteOf(id)}`)) {
          throw new Error(`${name} holds ${line}`);
        }
        times[id] = times[id]! + 1;
      }
    }
    expect(times.findIndex((count) => count !== 1)).toBe(-1);

    // The leader sweeps once no zombie can still write.
    await cluster.until(async () => ((await openUploads(client)).length === 0 ? true : undefined));
  }, 120_000);
});
