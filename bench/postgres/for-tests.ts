// One PostgreSQL server per test file, started by the first test that needs it.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { afterAll } from "vitest";
import { findPostgres, type Postgres, postgresAdvice, startPostgres } from "./server.ts";

export interface PostgresForTests {
  /** For `describe.skipIf`: there is no server to be had, and that is allowed here. */
  readonly absent: boolean;
  /** For the suite's title: says why it is skipped, or nothing. */
  readonly note: string;
  readonly server: () => Promise<Postgres>;
}

/** Call at the top level of a test file. MILLRACE_REQUIRE_POSTGRES=1 turns absence into failure. */
export function postgresForTests(): PostgresForTests {
  const absent = findPostgres() === undefined;
  if (absent && process.env.MILLRACE_REQUIRE_POSTGRES === "1") {
    throw new Error(`MILLRACE_REQUIRE_POSTGRES=1, but ${postgresAdvice}`);
  }
  let starting: Promise<Postgres> | undefined;
  let folder: string | undefined;
  afterAll(async () => {
    await (await starting?.catch(() => undefined))?.stop();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });
  return {
    absent,
    note: absent ? ` (skipped: ${postgresAdvice})` : "",
    server: () => {
      folder ??= mkdtempSync(`${tmpdir()}/millrace-postgres-`);
      starting ??= startPostgres({ folder });
      return starting;
    },
  };
}
