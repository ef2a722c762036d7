// Finds and runs a PostgreSQL server on this machine, for tests.

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import { Client } from "pg";
import { freePort } from "../tooling/free-port.ts";

const startMsMax = 30_000;
const outputCharsKept = 4096;

export interface Postgres {
  /** `postgres://…` of a superuser without a password, from this machine only. */
  readonly url: string;
  /** What `pg` reads it from: for processes whose jobs name no connection. */
  readonly environment: Readonly<Record<string, string>>;
  readonly query: (
    sql: string,
    values?: readonly unknown[],
  ) => Promise<readonly Readonly<Record<string, unknown>>[]>;
  /** A connection of the caller's own, to be ended by it. */
  readonly session: () => Promise<Client>;
  /** As a power cut would, but for what the operating system still writes. */
  readonly kill: () => Promise<void>;
  readonly restart: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

export const postgresAdvice =
  "no PostgreSQL server on this machine: install Debian's package postgresql, or put 'postgres' and 'initdb' on PATH";

/** The folder of the server's programs. Debian keeps it off PATH. */
export function findPostgres(): string | undefined {
  const debian = "/usr/lib/postgresql";
  const versions = existsSync(debian) ? readdirSync(debian).map(Number) : [];
  const newest = versions.filter(Number.isFinite).sort((a, b) => b - a);
  const folders = [
    ...newest.map((version) => join(debian, String(version), "bin")),
    ...(process.env.PATH ?? "").split(delimiter),
  ];
  return folders.find((folder) =>
    ["postgres", "initdb"].every((name) => folder !== "" && existsSync(join(folder, name))),
  );
}

/** The server does not run as root: where we do, it runs as whom it is packaged for, or as nobody. */
function serverUser(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const idOf = (flag: string): number => {
    const { status, stdout } = spawnSync("id", [flag, "postgres"], { encoding: "utf8" });
    return status === 0 ? Number(stdout) : 65_534;
  };
  return { uid: idOf("-u"), gid: idOf("-g") };
}

/** Starts a server on loopback, on a free port; its data is in `folder`. */
export async function startPostgres(options: { readonly folder: string }): Promise<Postgres> {
  const programs = findPostgres();
  if (programs === undefined) throw new Error(postgresAdvice);
  const user = serverUser();
  const data = join(options.folder, "data");
  mkdirSync(data, { recursive: true });
  if (user !== undefined) {
    chownSync(options.folder, user.uid, user.gid);
    chownSync(data, user.uid, user.gid);
  }
  chmodSync(data, 0o700);
  const init = spawnSync(
    join(programs, "initdb"),
    ["-D", data, "-U", "millrace", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"],
    { encoding: "utf8", cwd: options.folder, ...user },
  );
  if (init.status !== 0) throw new Error(`initdb failed: ${init.stderr}`);
  const port = await freePort();
  const url = `postgres://millrace@127.0.0.1:${port}/postgres`;
  let running = await launch(programs, data, port, url, user);
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    running.child.kill(signal);
    await running.ended;
  };
  return {
    url,
    environment: {
      ...{ PGHOST: "127.0.0.1", PGPORT: String(port), PGUSER: "millrace" },
      PGDATABASE: "postgres",
    },
    query: async (sql, values = []) => {
      const client = new Client(url);
      await client.connect();
      try {
        return (await client.query(sql, [...values])).rows as Record<string, unknown>[];
      } finally {
        await client.end();
      }
    },
    session: async () => {
      const client = new Client(url);
      await client.connect();
      return client;
    },
    // SIGQUIT ends the server and its sessions at once, without writing anything down.
    kill: () => end("SIGQUIT"),
    restart: async () => {
      running = await launch(programs, data, port, url, user);
    },
    stop: () => end("SIGINT"),
  };
}

interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<void>;
}

async function launch(
  programs: string,
  data: string,
  port: number,
  url: string,
  user: { readonly uid: number; readonly gid: number } | undefined,
): Promise<Running> {
  const settings = [
    `port=${port}`,
    ...["listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=100"],
    // The machine does not lose its power while a test runs.
    ...["fsync=off", "full_page_writes=off"],
  ];
  const args = ["-D", data, ...settings.flatMap((setting) => ["-c", setting])];
  const child = spawn(join(programs, "postgres"), args, {
    ...{ stdio: ["ignore", "ignore", "pipe"], cwd: data, ...user },
  });
  let output = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-outputCharsKept);
  });
  let isOver = false;
  const ended = new Promise<void>((resolve) => {
    child.once("exit", () => {
      isOver = true;
      resolve();
    });
  });
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  void ended.then(() => process.removeListener("exit", kill));
  const until = Date.now() + startMsMax;
  while (Date.now() < until && !isOver) {
    if (await answers(url)) return { child, ended };
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  child.kill("SIGKILL");
  throw new Error(`PostgreSQL did not start: ${output.trim()}`);
}

async function answers(url: string): Promise<boolean> {
  const client = new Client(url);
  client.on("error", () => undefined);
  try {
    await client.connect();
    await client.query("select 1");
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}
