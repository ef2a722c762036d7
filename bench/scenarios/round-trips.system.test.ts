// Every format in every packing, whole, cut into files of a size and into folders, on disk and in an object store:
// what is read back, by globs and by folders, is what was written.

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { minioForTests } from "../minio/for-tests.ts";
import { type JobReport, runCommand } from "./testing/command-line.ts";
import { scratchFolder } from "./testing/folders.ts";

const folder = scratchFolder("round-trips");
const minio = await minioForTests();
const job = join(import.meta.dirname, "jobs/round-trips/job.ts");
const rows = 600;
const manyRows = 70_000;

async function roundTrips(output: string, environment: Readonly<Record<string, string>> = {}) {
  const args = ["run", "--json", "--threads", "2", job, "--output", output];
  const { code, stdout, stderr } = await runCommand(args, { environment });
  expect(code, stderr).toBe(0);
  const { result } = JSON.parse(stdout) as JobReport;
  const { files, found } = result as {
    readonly files: Readonly<Record<string, number>>;
    readonly found: Readonly<Record<string, unknown>>;
  };
  const whole = { rows, same: rows };
  const packed = { ...whole, rows: 3 * rows };
  expect(found).toEqual({
    ...{ csv: packed, ndjson: packed, parquet: packed, arrow: whole },
    ...{ "csv in folders": whole, "ndjson in folders": whole },
    ...{ "parquet in folders": whole, "arrow in folders": whole },
    text: { rows: 3 * rows, distinct: rows },
    cut: [manyRows, manyRows, manyRows],
  });
  expect(Object.keys(files).sort()).toEqual(["csv", "parquet", "text"]);
  for (const [format, count] of Object.entries(files)) {
    expect(count, `files of ${format}`).toBeGreaterThan(1);
  }
}

test("on disk", async () => {
  await roundTrips(`${folder}/out`);
  const cut = (format: string) => readdirSync(`${folder}/out/folders/${format}`).sort();
  const names = ["shop=__HIVE_DEFAULT_PARTITION__", "shop=a%2Fb%3D1", "shop=a%2Fb%3D2"];
  for (const format of ["csv", "ndjson", "parquet", "arrow"])
    expect(cut(format).filter((name) => !/^[_.]/.test(name))).toEqual(names);
});

describe.skipIf(minio.absent)(`in an object store${minio.note}`, () => {
  test("the same", async () => {
    const server = await minio.server();
    await server.makeBucket("sales");
    await roundTrips("s3://sales/out", {
      MILLRACE_S3_ENDPOINT: server.endpoint,
      AWS_ACCESS_KEY_ID: server.accessKey,
      AWS_SECRET_ACCESS_KEY: server.secretKey,
    });
  });
});
