// Connections to PostgreSQL: one for each call, closed with it; which errors may pass.

import { EngineError } from "millrace";
import { Client, type ClientConfig } from "pg";

/**
 * Where the server is: a URL such as `postgres://user@host:5432/database`, or what `pg` takes. Left out, or in parts, it
 * comes from the environment of the process that connects (`PGHOST`, `PGUSER`, `PGPASSWORD`, …), which is the way to
 * keep passwords out of jobs: workers and whoever submits have to have them.
 */
export type PostgresConnection = string | ClientConfig;

const connectMs = 10_000;

/** Class 08 (connection), 40 (serialization, deadlock), 53 (resources), 57P0x (the server goes down). */
function mayPass(code: string): boolean {
  if (/^(08|40|53|57P0)/.test(code)) return true;
  return ["ECONNREFUSED", "ECONNRESET", "EPIPE", "ETIMEDOUT", "EAI_AGAIN"].includes(code);
}

const lostConnection =
  /Connection terminated|timeout expired|Client has encountered a connection error/;

/** With UNAVAILABLE the task is tried again; what PostgreSQL says of the statement itself stays as it is. */
export function toldByPostgres(thrown: unknown, what: string): unknown {
  if (!(thrown instanceof Error)) return thrown;
  const code: unknown = Reflect.get(thrown, "code");
  const passes = typeof code === "string" && mayPass(code);
  if (!passes && !lostConnection.test(thrown.message)) return thrown;
  return new EngineError("UNAVAILABLE", `${what}: ${thrown.message}`, {}, thrown);
}

function configOf(connection: PostgresConnection | undefined): ClientConfig {
  const base = typeof connection === "string" ? { connectionString: connection } : connection;
  return {
    ...{ connectionTimeoutMillis: connectMs, keepAlive: true, application_name: "millrace" },
    ...base,
  };
}

/** Times come in UTC and in one form; a session left alone in the midst of something ends by itself. */
const sessionSettings =
  "set timezone to 'UTC'; set datestyle to 'ISO, YMD'; set idle_in_transaction_session_timeout to '10min'";

/** To be given back by `closed`. Rejects with UNAVAILABLE where there is no server. */
export async function opened(
  connection: PostgresConnection | undefined,
  what: string,
): Promise<Client> {
  const client = new Client(configOf(connection));
  // A connection that breaks between two statements shows at the next one.
  client.on("error", () => undefined);
  try {
    await client.connect();
    await client.query(sessionSettings);
    return client;
  } catch (thrown) {
    await closed(client);
    throw toldByPostgres(thrown, what);
  }
}

export async function closed(client: Client): Promise<void> {
  await client.end().catch(() => undefined);
}

export async function connected<Answer>(
  connection: PostgresConnection | undefined,
  what: string,
  use: (client: Client) => Promise<Answer>,
): Promise<Answer> {
  const client = await opened(connection, what);
  try {
    return await use(client);
  } catch (thrown) {
    throw toldByPostgres(thrown, what);
  } finally {
    await closed(client);
  }
}

/** Rolls back what `use` began where it fails. */
export async function inTransaction<Answer>(
  client: Client,
  use: () => Promise<Answer>,
): Promise<Answer> {
  await client.query("begin");
  try {
    const answer = await use();
    await client.query("commit");
    return answer;
  } catch (thrown) {
    await client.query("rollback").catch(() => undefined);
    throw thrown;
  }
}

/** `a "b"` to `"a ""b"""`. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
