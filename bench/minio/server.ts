// Finds, builds and runs a MinIO server on this machine, for tests, benchmarks and trying things
// out.
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { constants, promises as fs } from "node:fs";
import { homedir } from "node:os";
import { delimiter } from "node:path";
import { Client } from "minio";
import { freePort } from "../tooling/free-port.ts";

/** The last MinIO release line that is built from public sources, pinned so that runs compare. */
const minioModule = "github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c";
const startMsMax = 30_000;
const startAttemptsMax = 3;
const outputCharsKept = 4096;

export interface Minio {
  /** `http://127.0.0.1:port` */
  readonly endpoint: string;
  readonly accessKey: string;
  readonly secretKey: string;
  /** Creates a bucket unless it exists. */
  readonly makeBucket: (name: string) => Promise<void>;
  /** Ends the server; the folder stays. */
  readonly stop: () => Promise<void>;
}

function cacheFolder(): string {
  return `${process.env.XDG_CACHE_HOME || `${homedir()}/.cache`}/millrace/bin`;
}

/**
 * Where a MinIO server stands on this machine: on PATH, else in our cache, else built when asked
 * to.
 */
export async function findMinio(options: { build?: boolean } = {}): Promise<string | undefined> {
  const folders = (process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  for (const folder of [...folders, cacheFolder()]) {
    const path = `${folder}/minio`;
    const runs = await fs.access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (runs) return path;
  }
  return options.build ? build() : undefined;
}

export const minioAdvice =
  "no MinIO server on this machine: put 'minio' on PATH, or install Go (https://go.dev/dl) and " +
  `run 'GOBIN=${cacheFolder()} go install ${minioModule}'`;

async function build(): Promise<string> {
  await fs.mkdir(cacheFolder(), { recursive: true });
  const go = spawn("go", ["install", minioModule], {
    env: { ...process.env, GOBIN: cacheFolder() },
    stdio: ["ignore", "inherit", "inherit"],
  });
  const code = await new Promise<number | null>((resolve) => {
    go.once("error", () => resolve(null));
    go.once("exit", resolve);
  });
  if (code !== 0) throw new Error(`building MinIO failed (go ended with ${code}); ${minioAdvice}`);
  return `${cacheFolder()}/minio`;
}

/**
 * Starts a server on loopback, on a free port, with credentials of its own; its data is in
 * `folder`.
 */
export async function startMinio(options: {
  readonly folder: string;
  readonly build?: boolean;
}): Promise<Minio> {
  const binary = await findMinio({ build: options.build ?? false });
  if (binary === undefined) throw new Error(minioAdvice);
  await fs.mkdir(options.folder, { recursive: true });
  const accessKey = `millrace-${randomBytes(4).toString("hex")}`;
  const secretKey = randomBytes(20).toString("hex");
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    const running = run(binary, options.folder, port, accessKey, secretKey);
    const endpoint = `http://127.0.0.1:${port}`;
    const failure = await untilLive(running, endpoint);
    if (failure === undefined) {
      const client = new Client({
        endPoint: "127.0.0.1",
        port,
        useSSL: false,
        accessKey,
        secretKey,
      });
      const makeBucket = async (name: string) => {
        if (!(await client.bucketExists(name))) await client.makeBucket(name);
      };
      return { endpoint, accessKey, secretKey, makeBucket, stop: running.stop };
    }
    await running.stop();
    // Between finding a free port and using it another process may take it.
    if (attempt === startAttemptsMax) throw new Error(failure);
  }
}

interface Running {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly stop: () => Promise<void>;
}

function run(
  binary: string,
  folder: string,
  port: number,
  accessKey: string,
  secretKey: string,
): Running {
  const child = spawn(binary, ["server", "--address", `127.0.0.1:${port}`, folder], {
    env: {
      ...process.env,
      MINIO_ROOT_USER: accessKey,
      MINIO_ROOT_PASSWORD: secretKey,
      MINIO_BROWSER: "off",
      MINIO_UPDATE: "off",
      // Lets the data lie on the root disk, as it does on a laptop.
      MINIO_CI_CD: "on",
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-outputCharsKept);
    });
  }
  const gone = new Promise<void>((resolve) => {
    child.once("exit", () => resolve());
    child.once("error", (error) => {
      output += error.message;
      resolve();
    });
  });
  const guard = guardOf(child);
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  const stop = async () => {
    process.removeListener("exit", kill);
    guard?.kill("SIGKILL");
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
    await gone;
  };
  return { child, output: () => output, stop };
}

/**
 * Ends the server when this process is killed without a chance to do so: its end of the pipe
 * closes.
 */
function guardOf(child: ChildProcess): ChildProcess | undefined {
  if (child.pid === undefined || process.platform === "win32") return undefined;
  const script = 'read -r _; kill -9 "$1" 2>/dev/null';
  const guard = spawn("/bin/sh", ["-c", script, "minio-guard", String(child.pid)], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  guard.on("error", () => undefined);
  guard.unref();
  return guard;
}

/** Undefined once the server answers; else what went wrong. */
async function untilLive(running: Running, endpoint: string): Promise<string | undefined> {
  const until = Date.now() + startMsMax;
  while (Date.now() < until) {
    const { child } = running;
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) {
      return `MinIO ended while it started: ${running.output().trim()}`;
    }
    // It is "live" before its disks are: asked for a bucket too soon it answers 503.
    if ((await isHealthy(endpoint, "live")) && (await isHealthy(endpoint, "cluster"))) {
      return undefined;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return `MinIO did not answer at ${endpoint} within ${startMsMax} ms: ${running.output().trim()}`;
}

function isHealthy(endpoint: string, what: string): Promise<boolean> {
  return fetch(`${endpoint}/minio/health/${what}`).then(
    (response) => response.ok && response.headers.get("server") === "MinIO",
    () => false,
  );
}
