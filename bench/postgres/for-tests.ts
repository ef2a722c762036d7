// One PostgreSQL server per test file.

import { type ServerForTests, serverForTests } from "../tooling/server-for-tests.ts";
import { findPostgres, type Postgres, postgresAdvice, startPostgres } from "./server.ts";

/** Call at the top level of a test file. MILLRACE_REQUIRE_POSTGRES=1 turns absence into failure. */
export function postgresForTests(): ServerForTests<Postgres> {
  return serverForTests({
    name: "postgres",
    requiredBy: "MILLRACE_REQUIRE_POSTGRES",
    isThere: findPostgres() !== undefined,
    advice: postgresAdvice,
    start: startPostgres,
  });
}
