// One MinIO server per test file, started by the first test that needs it.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { afterAll } from "vitest";
import { findMinio, type Minio, minioAdvice, startMinio } from "./server.ts";

export interface MinioForTests {
  /** For `describe.skipIf`: there is no server to be had, and that is allowed here. */
  readonly absent: boolean;
  /** For the suite's title: says why it is skipped, or nothing. */
  readonly note: string;
  readonly server: () => Promise<Minio>;
}

/** Call at the top level of a test file. MILLRACE_REQUIRE_MINIO=1 turns absence into failure. */
export async function minioForTests(): Promise<MinioForTests> {
  const required = process.env.MILLRACE_REQUIRE_MINIO === "1";
  const absent = (await findMinio()) === undefined;
  if (absent && required) throw new Error(`MILLRACE_REQUIRE_MINIO=1, but ${minioAdvice}`);
  let starting: Promise<Minio> | undefined;
  let folder: string | undefined;
  afterAll(async () => {
    await (await starting?.catch(() => undefined))?.stop();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });
  return {
    absent,
    note: absent ? ` (skipped: ${minioAdvice})` : "",
    server: () => {
      folder ??= mkdtempSync(`${tmpdir()}/millrace-minio-`);
      starting ??= startMinio({ folder });
      return starting;
    },
  };
}
