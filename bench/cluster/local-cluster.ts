// Real master and worker processes on loopback: for trying a cluster out, for system tests, for benchmarks.

import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Minio, startMinio } from "../minio/server.ts";
import { freePort } from "../tooling/free-port.ts";

export interface LocalClusterOptions {
  readonly masters: number;
  readonly workers: number;
  /** Executor threads of each worker. */
  readonly threads: number;
  /** All data, work files and logs of the cluster lie below this folder. */
  readonly folder: string;
  /** Path of the built command-line program. */
  readonly program: string;
  readonly minio?: Minio;
  /** Further variables for every process of the cluster. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Where others are told that a master is, which listens at `address`: something in front of it. */
  readonly inFrontOf?: (name: string, address: string) => Promise<string>;
}

export interface LocalProcess {
  readonly name: string;
  readonly child: ChildProcess;
  /** Resolves when the process has ended. */
  readonly ended: Promise<void>;
}

export interface LocalCluster {
  /** Where the masters are reached. */
  readonly masters: readonly string[];
  readonly token: string;
  readonly nodeToken: string;
  /** What a client's environment needs: token, and the object store's address where there is one. */
  readonly environment: Readonly<Record<string, string>>;
  readonly processes: ReadonlyMap<string, LocalProcess>;
  /** `master-1`, `worker-2`, …: sends the signal and, for SIGKILL, waits for the end. */
  kill(name: string, signal: NodeJS.Signals): Promise<void>;
  /** Starts a process again after its end, on the same folder and address. */
  restart(name: string): Promise<void>;
  /** Starts one more master with an empty folder, to be added to the cluster; answers its address. */
  startJoining(name: string): Promise<string>;
  stop(): Promise<void>;
}

export { startMinio };

/** The program as built by `npm run build`, seen from the built or the source tree. */
export function builtProgram(): string {
  const here = fileURLToPath(import.meta.url);
  const root = here.slice(0, here.lastIndexOf("/bench/")).replace(/\/dist$/, "");
  return join(root, "sdk/cli/millrace.mjs");
}

interface Launch {
  readonly name: string;
  readonly args: readonly string[];
}

function storeEnvironment(minio: Minio | undefined): Record<string, string> {
  if (minio === undefined) return {};
  return {
    AWS_ENDPOINT_URL_S3: minio.endpoint,
    AWS_ACCESS_KEY_ID: minio.accessKey,
    AWS_SECRET_ACCESS_KEY: minio.secretKey,
    AWS_REGION: "us-east-1",
  };
}

/** Resolves once the process logs that it serves; rejects with its last lines when it ends before. */
function untilServing(local: LocalProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    const lines: string[] = [];
    local.child.stderr?.setEncoding("utf8");
    local.child.stderr?.on("data", (text: string) => {
      lines.push(text);
      if (lines.length > 200) lines.shift();
      if (text.includes('"serving"')) resolve();
    });
    void local.ended.then(() => {
      reject(new Error(`${local.name} ended before it served:\n${lines.join("")}`));
    });
  });
}

/** Starts every process and waits until each serves. */
export async function startLocalCluster(options: LocalClusterOptions): Promise<LocalCluster> {
  mkdirSync(join(options.folder, "logs"), { recursive: true });
  const token = randomBytes(24).toString("hex");
  const nodeToken = randomBytes(24).toString("hex");
  const environment = { MILLRACE_TOKEN: token, ...storeEnvironment(options.minio) };
  const launches = new Map<string, Launch>();
  const processes = new Map<string, LocalProcess>();

  async function start(launch: Launch): Promise<void> {
    const child = spawn(process.execPath, [options.program, ...launch.args], {
      env: {
        ...process.env,
        ...options.environment,
        ...environment,
        MILLRACE_NODE_TOKEN: nodeToken,
      },
      stdio: ["ignore", "ignore", "pipe"],
    });
    const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    const local = { name: launch.name, child, ended };
    processes.set(launch.name, local);
    const log = openSync(join(options.folder, "logs", `${launch.name}.log`), "a");
    const { createWriteStream } = await import("node:fs");
    child.stderr?.pipe(createWriteStream("", { fd: log }));
    await untilServing(local);
  }

  const addresses: string[] = [];
  const listened: string[] = [];
  for (let i = 0; i < options.masters; i++) {
    const address = `127.0.0.1:${await freePort()}`;
    listened.push(address);
    addresses.push((await options.inFrontOf?.(`master-${i + 1}`, address)) ?? address);
  }
  const peers = addresses.map((address, i) => `master-${i + 1}=${address}`).join(",");
  listened.forEach((address, i) => {
    const name = `master-${i + 1}`;
    const data = join(options.folder, name);
    const args = ["master", "--id", name, "--listen", address, "--peers", peers, "--data", data];
    launches.set(name, { name, args });
  });
  for (let i = 1; i <= options.workers; i++) {
    const name = `worker-${i}`;
    const args = ["worker", "--id", name, "--masters", addresses.join(",")];
    args.push("--work", join(options.folder, name), "--threads", String(options.threads));
    launches.set(name, { name, args });
  }
  const cluster: LocalCluster = {
    masters: addresses,
    token,
    nodeToken,
    environment,
    processes,
    kill: async (name, signal) => {
      const local = processes.get(name);
      if (local === undefined) throw new Error(`no process ${name} in this cluster`);
      local.child.kill(signal);
      if (signal === "SIGKILL") await local.ended;
    },
    restart: async (name) => {
      const launch = launches.get(name);
      if (launch === undefined) throw new Error(`no process ${name} in this cluster`);
      await start(launch);
    },
    startJoining: async (name) => {
      const address = `127.0.0.1:${await freePort()}`;
      const data = join(options.folder, name);
      const args = ["master", "--id", name, "--listen", address, "--data", data];
      const launch = { name, args: [...args, "--join", addresses.join(",")] };
      launches.set(name, launch);
      await start(launch);
      return address;
    },
    stop: async () => {
      for (const local of processes.values()) local.child.kill("SIGTERM");
      await Promise.all([...processes.values()].map((local) => local.ended));
    },
  };
  try {
    await Promise.all([...launches.values()].map(start));
  } catch (failure) {
    await cluster.stop();
    throw failure;
  }
  return cluster;
}
