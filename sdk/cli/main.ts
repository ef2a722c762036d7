// The `millrace` command: chooses the real world for the commands, and loads the costly parts late.

import { readFile } from "node:fs/promises";
import { availableParallelism, hostname } from "node:os";
import { fileURLToPath } from "node:url";
import packageFile from "../../package.json" with { type: "json" };
import { EngineError } from "../../proto/errors.ts";
import { defaultMemoryBytes } from "../../proto/io/machine-memory.ts";
import type { RecoveryView } from "../../proto/wire/views.ts";
import type { CompiledJob } from "../client/world.ts";
import { startEmbeddedCluster } from "./embedded-cluster.ts";
import { reportFailure } from "./failures.ts";
import { watchInterrupts } from "./interrupts.ts";
import type {
  ClusterClient,
  ConnectOptions,
  MasterOptions,
  RecoveryOptions,
  RunningNode,
  WorkerOptions,
  World,
} from "./ports.ts";
import { runCli, wantsJson } from "./run-cli.ts";
import { consoleTo, createTerminal } from "./terminal.ts";
import { uncaughtFailure } from "./uncaught.ts";

/** Built files beside this one; as URLs, so that they stay modules of their own. */
const built = (path: string): string => new URL(path, import.meta.url).href;

interface MasterModule {
  startMaster(options: MasterOptions & { readonly s3: object }): Promise<RunningNode>;
  recoverMaster(options: RecoveryOptions): Promise<RecoveryView>;
}

interface WorkerModule {
  startWorker(options: WorkerOptions & { readonly executor: string }): Promise<RunningNode>;
}

async function readTextFile(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new EngineError("USAGE", `cannot read ${path}: ${why}`, {}, cause);
  }
}

async function masterModule(): Promise<MasterModule> {
  return (await import(built("../../master/main.mjs"))) as MasterModule;
}

async function storeOptions() {
  const { storeOptionsFromEnvironment } = await import("../../proto/io/store-options.ts");
  return storeOptionsFromEnvironment(process.env);
}

async function createStore() {
  const { createStores } = await import("../../proto/io/stores.ts");
  return createStores({ s3: await storeOptions() });
}

async function connect(options: ConnectOptions): Promise<ClusterClient> {
  const { masters, token, searchMsMax } = options;
  const [grpc, leaders, clients, clocks, seeds, store] = await Promise.all([
    import("../../proto/io/grpc-client.ts"),
    import("../../proto/wire/leader-client.ts"),
    import("./cluster-client.ts"),
    import("../../proto/io/clock.ts"),
    import("../../proto/io/seed.ts"),
    createStore(),
  ]);
  const rpc = grpc.createGrpcClient({ token });
  const clock = clocks.realClock;
  const random = seeds.realRandom();
  const search = searchMsMax === undefined ? {} : { searchMsMax };
  const leader = leaders.createLeaderClient({ rpc, clock, masters, random, ...search });
  const close = (): void => {
    leader.close();
    rpc.close();
  };
  const holder = `${hostname()}:${process.pid}`;
  const { scratchFromEnvironment } = await import("../../proto/io/store-options.ts");
  const scratchUri = options.scratchUri ?? scratchFromEnvironment(process.env);
  const scratch = scratchUri === undefined ? {} : { scratchUri };
  const parts = { leader, clock, random, store, ...scratch };
  return clients.createClusterClient(parts, process.cwd(), holder, close);
}

const terminal = createTerminal(process.stdout, process.stderr, () => performance.now());
/** The job of this command, once it is known. */
let compiled: CompiledJob | undefined;
/** What must still be done when this process ends without finishing its command. */
const lastRites = new Set<() => void>();

const world: World = {
  version: packageFile.version,
  environment: process.env,
  workingFolder: process.cwd(),
  cores: availableParallelism(),
  executorBytes: defaultMemoryBytes(),
  terminal: terminal.progress,
  print: terminal.print,
  note: terminal.note,
  nowMs: () => performance.now(),
  wallMs: () => Date.now(),
  pause: (delayMs) =>
    new Promise((resolve) => {
      setTimeout(resolve, delayMs);
    }),
  interrupted: () => watchInterrupts(process, lastRites),
  log: async () => {
    const { createLog } = await import("../../proto/io/log.ts");
    return createLog({ form: "json" });
  },
  readTextFile,
  compile: async (path) => {
    const { compileJob } = await import("../client/bundle-compile.ts");
    compiled = await compileJob(path, process.cwd());
    return compiled;
  },
  store: createStore,
  readToken: async ({ flag, file, variable }) => {
    const { readToken } = await import("../../proto/io/tokens.ts");
    return await readToken({
      flag,
      file,
      environment: process.env,
      ...(variable === undefined ? {} : { variable }),
    });
  },
  generateToken: async () => (await import("../../proto/io/tokens.ts")).generateToken(),
  connect,
  runProgram: async (command, options) => {
    const { runProgram } = await import("./run-program.ts");
    return await runProgram(command, options);
  },
  runBench: async (args, options) => {
    const { runProgram } = await import("./run-program.ts");
    const program = fileURLToPath(built("../../bench/macro/main.mjs"));
    return await runProgram([process.execPath, program, ...args], options);
  },
  startEmbedded: (options) => {
    const program = fileURLToPath(built("../embedded/main.mjs"));
    const cluster = startEmbeddedCluster(program, options);
    lastRites.add(cluster.kill);
    return cluster;
  },
  startMaster: async (options) => {
    const { startMaster } = await masterModule();
    return await startMaster({ ...options, s3: await storeOptions() });
  },
  recoverMaster: async (options) => await (await masterModule()).recoverMaster(options),
  startWorker: async (options) => {
    const module = (await import(built("../../worker/main.mjs"))) as WorkerModule;
    const executor = fileURLToPath(built("../../worker/executor/entry.mjs"));
    return await module.startWorker({ ...options, executor });
  },
};

async function end(exitCode: number): Promise<never> {
  await terminal.flushed();
  // A job's forgotten timer or socket must not keep the command from ending.
  process.exit(exitCode);
}

/** What nobody caught: a defect of ours, or of code that the job's driver program left running. */
async function endByDefect(thrown: unknown): Promise<void> {
  for (const rite of lastRites) rite();
  const { locateIn } = await import("../client/source-places.ts");
  const failure = uncaughtFailure(thrown, compiled, locateIn);
  await end(reportFailure(failure, wantsJson(args), terminal.note));
}

const args = process.argv.slice(2);
process.on("uncaughtException", (thrown) => void endByDefect(thrown));
process.on("unhandledRejection", (thrown) => void endByDefect(thrown));
globalThis.console = consoleTo(terminal.note);
void runCli(args, world).then(end);
