// A thread of the executor process: runs tasks for the pool, or one driver program.

import { deserialize } from "node:v8";
import { isMainThread, type MessagePort, parentPort, workerData } from "node:worker_threads";
import { assert, EngineError, fromErrorRecord, toErrorRecord } from "../../proto/errors.ts";
import { clusteredColumns } from "../../proto/formats/clustered-columns.ts";
import { committedLines } from "../../proto/formats/committed-files.ts";
import { countRows } from "../../proto/formats/count-rows.ts";
import { describeCheckpoint, describeInput } from "../../proto/formats/describe.ts";
import { createBlockClient } from "../../proto/io/block-client.ts";
import { realClock } from "../../proto/io/clock.ts";
import { createFileStore } from "../../proto/io/file-store.ts";
import {
  scratchFromEnvironment,
  storeOptionsFromEnvironment,
} from "../../proto/io/store-options.ts";
import { keepKernels } from "../../proto/kernels/kept-kernels.ts";
import { operatorBytes } from "../../proto/limits/executor-memory.ts";
import { leasesKeptMax } from "../../proto/limits.ts";
import type { DriverHost } from "../../proto/plan/bundle.ts";
import { jobScratch } from "../../proto/plan/scratch-folder.ts";
import type { LeaseSpec, TaskOutcome, TaskSpec } from "../../proto/ports/executor.ts";
import type { ObjectStore } from "../../proto/ports/store.ts";
import { keepTables } from "../kernels/columns/table-rooms.ts";
import { SharedBudget } from "../memory/shared-budget.ts";
import { beginTask, cellsOf, type TaskCells } from "../operators/cells.ts";
import { KeptSides } from "../operators/joining/kept-sides.ts";
import { tokenBuckets } from "../operators/token-bucket.ts";
import { keepPieces } from "../shuffle/lent-pieces.ts";
import { Bundles, closureLoader, moduleFailure } from "./bundle.ts";
import { garbageBound, threadCollector } from "./collect-garbage.ts";
import { inputReader } from "./file-reader.ts";
import { gunzipBlocks } from "./gunzip.ts";
import { blockingSealedFiles } from "./local-files.ts";
import type {
  DriverAnswer,
  DriverQuestion,
  DriverThreadData,
  ExecutorSettings,
  FromDriverThread,
  SharedLease,
  ThreadRun,
  ToDriverThread,
} from "./messages.ts";
import { runTask, type TaskWorld } from "./run.ts";
import { spillFolder } from "./spill-folder.ts";

// The user's frames may lie deep below those of libraries.
Error.stackTraceLimit = 50;

/** The S3 client takes longer to load than most tasks run, so only its first user waits for it. */
function openStore(): ObjectStore {
  const files = createFileStore();
  let others: Promise<ObjectStore> | undefined;
  const storeOf = async (uri: string): Promise<ObjectStore> => {
    if (uri.startsWith("file:")) return files;
    others ??= import("../../proto/io/stores.ts").then(({ createStores }) =>
      createStores({ s3: storeOptionsFromEnvironment(process.env) }),
    );
    return others;
  };
  return {
    list: async (pattern, within) => (await storeOf(pattern)).list(pattern, within),
    stat: async (uri) => (await storeOf(uri)).stat(uri),
    read: async (uri, offset, length) => (await storeOf(uri)).read(uri, offset, length),
    putIfAbsent: async (uri, bytes) => (await storeOf(uri)).putIfAbsent(uri, bytes),
    beginUpload: async (uri, owner) => (await storeOf(uri)).beginUpload(uri, owner),
    completeUpload: async (upload) => (await storeOf(upload.uri)).completeUpload(upload),
    abortUpload: async (upload) => (await storeOf(upload.uri)).abortUpload(upload),
    sweep: async (folderUri, owner, tokenEnd) =>
      (await storeOf(folderUri)).sweep(folderUri, owner, tokenEnd),
  };
}

let world: Omit<TaskWorld, "memory"> | undefined;

const collector = threadCollector();
const collectAbove = collector && garbageBound(collector);

function worldOf(settings: ExecutorSettings): Omit<TaskWorld, "memory"> {
  const store = openStore();
  return {
    workerId: settings.workerId,
    reader: inputReader(store),
    gunzip: gunzipBlocks,
    store,
    blocks: createBlockClient({ token: settings.blockToken }),
    files: blockingSealedFiles(settings.shuffleFolder),
    closures: closureLoader(new Bundles(settings.bundleFolder), store),
    rateLimiters: tokenBuckets(realClock),
    sides: new KeptSides(realClock),
    clock: realClock,
    meter: {
      nanoseconds: () => performance.now() * 1e6,
      memoryBytes: () => {
        const { heapUsed, arrayBuffers } = process.memoryUsage();
        return heapUsed + arrayBuffers;
      },
    },
  };
}

function memoryOf({ settings, ledger, slot }: ThreadRun): TaskWorld["memory"] {
  const { slots, memoryBytes, threadHeapMiB, spillFolder: folder } = settings;
  const limitBytes = operatorBytes(memoryBytes, slots);
  keepKernels(limitBytes);
  keepTables(limitBytes);
  keepPieces(limitBytes);
  return {
    budget: new SharedBudget(ledger, { limitBytes, slots }),
    slot,
    files: spillFolder(folder),
    heapBytes: threadHeapMiB * 1024 * 1024,
    ...(collectAbove === undefined ? {} : { collectAbove }),
  };
}

/** In order of the last use: tasks of a few leases come in turn. */
const leases = new Map<number, LeaseSpec>();

function leaseOf({ number, bytes }: SharedLease): LeaseSpec {
  const lease = leases.get(number) ?? (deserialize(Buffer.from(bytes)) as LeaseSpec);
  leases.delete(number);
  leases.set(number, lease);
  for (const oldest of leases.keys()) {
    if (leases.size <= leasesKeptMax) break;
    leases.delete(oldest);
  }
  return lease;
}

async function outcomeOf(
  spec: TaskSpec,
  taskWorld: TaskWorld,
  cells: TaskCells,
): Promise<TaskOutcome> {
  try {
    return { kind: "done", result: await runTask(spec, taskWorld, cells) };
  } catch (thrown) {
    return { kind: "failed", error: toErrorRecord(thrown) };
  }
}

/** Called by the pool. Answers of those tasks that it began. Never rejects: what rejects is a death of the thread. */
export default async function runThreadTasks(run: ThreadRun): Promise<readonly TaskOutcome[]> {
  const cells = cellsOf(run.cells);
  const outcomes: TaskOutcome[] = [];
  try {
    world ??= worldOf(run.settings);
    const lease = leaseOf(run.lease);
    const taskWorld = { ...world, memory: memoryOf(run) };
    for (const [index, own] of run.tasks.entries()) {
      if (!beginTask(cells, index)) break;
      outcomes.push(await outcomeOf({ ...lease, ...own }, taskWorld, cells));
    }
  } catch (thrown) {
    outcomes.push({ kind: "failed", error: toErrorRecord(thrown) });
  }
  return outcomes;
}

/** Asks the agent, through the executor's main thread. */
function questionsTo(port: MessagePort) {
  const waiting = new Map<number, (answer: DriverAnswer) => void>();
  let nextId = 1;
  port.on("message", ({ questionId, answer }: ToDriverThread) => {
    waiting.get(questionId)?.(answer);
    waiting.delete(questionId);
  });
  return async (question: DriverQuestion) => {
    const questionId = nextId++;
    const message: FromDriverThread = { kind: "question", questionId, question };
    const answer = await new Promise<DriverAnswer>((resolve) => {
      waiting.set(questionId, resolve);
      port.postMessage(message);
    });
    if (answer.kind === "failed") throw fromErrorRecord(answer.error);
    return answer.outcome;
  };
}

function driverHost({ settings, spec }: DriverThreadData, port: MessagePort): DriverHost {
  const ask = questionsTo(port);
  const store = openStore();
  const scratchUri = scratchFromEnvironment(process.env);
  return {
    ...(scratchUri === undefined ? {} : { scratchUri: jobScratch(scratchUri, spec.context.jobId) }),
    readLines: (folderUri) => committedLines(store, folderUri),
    ...(settings.planTargets === undefined ? {} : { planTargets: settings.planTargets }),
    describeInput: (format, files, options) => describeInput(store, format, files, options),
    countRows: (format, files, schema) => countRows(store, format, files, schema),
    clusteredColumns: (format, files, schema) => clusteredColumns(store, format, files, schema),
    describeCheckpoint: (files) => describeCheckpoint(store, files),
    listInputs: async (pattern) => {
      const found = await store.list(pattern);
      if (found.length > 0) return found;
      throw new EngineError("INPUT_NOT_FOUND", `no file matches ${pattern}; check the path`);
    },
    recordedOutcome: async (actionIndex, planDigest) => {
      const outcome = await ask({ kind: "recordedOutcome", actionIndex, planDigest });
      assert(outcome?.kind !== "unplanned", `action ${actionIndex} is recorded without an outcome`);
      return outcome;
    },
    runAction: async ({ graph }) => {
      const outcome = await ask({ kind: "runAction", graphJson: JSON.stringify(graph) });
      if (outcome !== undefined) return outcome;
      throw new EngineError("INTERNAL", "an action ended without an outcome");
    },
  };
}

async function runDriver(data: DriverThreadData, port: MessagePort): Promise<void> {
  const { settings, spec } = data;
  const end = (message: FromDriverThread): void => {
    port.postMessage(message);
    // Whatever timers or sockets the user's program left open end with it.
    port.close();
  };
  try {
    const { bundle, locate } = await new Bundles(settings.bundleFolder).load(spec.bundleSha256);
    try {
      const resultJson = await bundle.drive(spec.context, driverHost(data, port));
      end({ kind: "ended", end: { kind: "returned", resultJson } });
    } catch (thrown) {
      throw moduleFailure(thrown, locate, "the job's run function failed");
    }
  } catch (thrown) {
    end({ kind: "ended", end: { kind: "failed", error: toErrorRecord(thrown) } });
  }
}

function driverData(data: unknown): DriverThreadData | undefined {
  if (typeof data !== "object" || data === null) return undefined;
  const isDriver = (data as { readonly kind?: unknown }).kind === "millraceDriver";
  return isDriver ? (data as DriverThreadData) : undefined;
}

const driver = isMainThread ? undefined : driverData(workerData);
if (driver !== undefined && parentPort !== null) await runDriver(driver, parentPort);
