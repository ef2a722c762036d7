// For tests: two workers in memory that run the stages of a program one after another.

import { EngineError } from "../../proto/errors.ts";
import type { OperatorProgram, SinkProgram, TaskProgram } from "../../proto/plan/program.ts";
import type { ShuffleInput } from "../../proto/plan/stage.ts";
import { decodeValue } from "../../proto/plan/values.ts";
import type { Clock } from "../../proto/ports/clock.ts";
import type { TaskResult, TaskSpec } from "../../proto/ports/executor.ts";
import type { ObjectStore } from "../../proto/ports/store.ts";
import { ArraySpillFiles, WatchedBudget } from "../memory/memory-for-tests.ts";
import { cellsBytes, cellsOf } from "../operators/cells.ts";
import { KeptSides } from "../operators/joining/kept-sides.ts";
import { blockProvider, ReleasedJobs } from "../shuffle/provider.ts";
import type { SealedFiles } from "../shuffle/sealed-files.ts";
import { storeReader } from "../sources/byte-reader.ts";
import { gunzipBlocks } from "./gunzip.ts";
import { runTask, type TaskWorld } from "./run.ts";

export const jobId = "job-1";

export function memoryFiles(): SealedFiles & { readonly all: Map<string, Uint8Array> } {
  const all = new Map<string, Uint8Array>();
  return {
    all,
    // Not a Buffer, whose slices are views: what a reader does to its bytes must not reach the file.
    write: async (path, pieces) => void all.set(path, new Uint8Array(Buffer.concat([...pieces]))),
    read: async (path, offset, length) => all.get(path)?.slice(offset, offset + length),
    sizeBytes: async (path) => all.get(path)?.length,
  };
}

/** Keeps finished uploads apart from what is visible. */
function memoryStore(objects: ReadonlyMap<string, Uint8Array>, uploads: Map<string, Uint8Array>) {
  const refuse = async () => {
    throw new EngineError("INTERNAL", "not part of a task's work");
  };
  const store: ObjectStore = {
    list: refuse,
    stat: refuse,
    putIfAbsent: refuse,
    completeUpload: refuse,
    abortUpload: refuse,
    sweep: refuse,
    read: async (uri, offset, length) => {
      const bytes = objects.get(uri);
      if (bytes === undefined) throw new EngineError("INPUT_NOT_FOUND", `${uri} is absent`);
      return bytes.slice(offset, offset + length);
    },
    beginUpload: async (uri) => {
      const pieces: Uint8Array[] = [];
      return {
        write: async (bytes) => void pieces.push(bytes.slice()),
        finish: async () => {
          const bytes = Buffer.concat(pieces);
          uploads.set(uri, bytes);
          return { uri, uploadId: "u", etags: [], sizeBytes: bytes.length };
        },
        abort: async () => void uploads.delete(uri),
      };
    },
  };
  return store;
}

/** Time stands still: code of sources and sinks may take as long as it likes. */
const restingClock: Clock = {
  nowMs: () => 0,
  wallMs: () => 0,
  after: () => ({ cancel: () => undefined }),
};

export type Functions = Readonly<Record<number, (...args: never[]) => unknown>>;

export interface Stage {
  readonly tasks: number;
  readonly program: TaskProgram;
  readonly inputs?: readonly ShuffleInput[];
  readonly partitions?: number;
  /** Text of each task's file. */
  readonly files?: readonly string[];
}

/** Runs stages one after another on two workers, or others, each with its own files. */
export class TestCluster {
  readonly uploads = new Map<string, Uint8Array>();
  readonly objects = new Map<string, Uint8Array>();
  readonly files: readonly ReturnType<typeof memoryFiles>[];
  readonly spills = new ArraySpillFiles();
  /** Of all tasks, which run one after another. */
  readonly budget: WatchedBudget;
  private readonly sides: readonly KeptSides[];
  private readonly functions: Functions;

  /** `memoryBytes`: what the operators of one task may hold. */
  constructor(functions: Functions = {}, workers = 2, memoryBytes = 2 ** 40) {
    this.functions = functions;
    this.budget = new WatchedBudget(memoryBytes);
    this.files = Array.from({ length: workers }, memoryFiles);
    this.sides = this.files.map(() => new KeptSides(restingClock));
  }

  world(worker: number): TaskWorld {
    const released = new ReleasedJobs();
    const store = memoryStore(this.objects, this.uploads);
    return {
      workerId: `w${worker}`,
      reader: storeReader(store),
      gunzip: gunzipBlocks,
      store,
      files: this.files[worker]!,
      blocks: {
        fetch: (address, block) => blockProvider(this.files[Number(address)]!, released)(block),
        close: () => undefined,
      },
      memory: {
        budget: this.budget,
        slot: 0,
        files: this.spills,
      },
      rateLimiters: { of: () => ({ take: async () => undefined }) },
      sides: this.sides[worker]!,
      clock: restingClock,
      closures: {
        load: async () => ({
          closure: (node) => this.functions[node]!,
          locate: () => ({ source: "job.ts:1:1" }),
        }),
      },
    };
  }

  spec(stages: readonly Stage[], stageId: number, taskIndex: number): TaskSpec {
    const stage = stages[stageId]!;
    const text = stage.files?.[taskIndex];
    const uri = `s3://in/${stageId}-${taskIndex}`;
    const bytes = new TextEncoder().encode(text ?? "");
    if (text !== undefined) this.objects.set(uri, bytes);
    const range = { uri, fileBytes: bytes.length, startByte: 0, endByte: bytes.length };
    return {
      context: { jobId, paramsJson: "{}", seed: 1, submittedWallMs: 0, workingFolder: "/" },
      bundleSha256: "",
      actionIndex: 0,
      planDigest: "",
      history: [],
      stageId,
      taskIndex,
      attempt: 0,
      token: 7,
      label: "test",
      program: stage.program,
      inputs: (stage.inputs ?? []).map((input) => ({
        input,
        maps: Array.from({ length: stages[input.stageId]!.tasks }, (_, index) => ({
          taskIndex: index,
          workerId: `w${index % 2}`,
          address: String(index % 2),
          token: 7,
        })).reverse(),
      })),
      outputPartitions: stage.partitions ?? 0,
      ...(text === undefined ? {} : { split: { ranges: [{ ...range, compression: "none" }] } }),
    };
  }

  async run(stages: readonly Stage[]): Promise<TaskResult[]> {
    let results: TaskResult[] = [];
    for (const [stageId, stage] of stages.entries()) {
      results = [];
      for (let task = 0; task < stage.tasks; task++) {
        const cells = cellsOf(new ArrayBuffer(cellsBytes));
        const world = this.world(task % 2);
        results.push(await runTask(this.spec(stages, stageId, task), world, cells));
      }
    }
    return results;
  }
}

export const text = { kind: "text", node: 0 } as const;
export const ndjson = { kind: "ndjson", node: 0 } as const;
export const collect: SinkProgram = { kind: "collect" };
export const single: SinkProgram = { kind: "shuffle", partitioner: { kind: "single" } };
export const hashTo = (column: "value" | "key", partitions: number): SinkProgram => ({
  kind: "shuffle",
  partitioner: { kind: "hash", column, partitions },
});
export const from = (stageId: number) => ({ kind: "shuffle", node: 0, stageId }) as const;
export const own = (stageId: number) => ({ stageId, partition: "own", maps: "all" }) as const;
export const rowsOf = (results: readonly TaskResult[]) =>
  results.flatMap((result) => decodeValue(result.resultJson!) as unknown[]);

export function lines(files: readonly (readonly unknown[])[]): string[] {
  return files.map((rows) => rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
}

export function readStage(
  files: readonly string[],
  operators: readonly OperatorProgram[],
  sink: SinkProgram,
  partitions = 0,
): Stage {
  return { tasks: files.length, files, partitions, program: { source: ndjson, operators, sink } };
}

export function reduceStage(
  stageId: number,
  tasks: number,
  operators: readonly OperatorProgram[],
  sink: SinkProgram = collect,
  partitions = 0,
): Stage {
  const program = { source: from(stageId), operators, sink };
  return { tasks, program, inputs: [own(stageId)], partitions };
}

export const count = (phase: "partial" | "final") =>
  ({ kind: "countByValue", node: 2, phase }) as const;
export const reduce = (phase: "partial" | "final") =>
  ({ kind: "reduceByKey", node: 2, phase }) as const;
