import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { batchRows } from "../../proto/batch/batch.ts";
import { batchesOfBytes } from "../../proto/batch/ipc.ts";
import { EngineError } from "../../proto/errors.ts";
import type { SortKey } from "../../proto/plan/logical.ts";
import type { OperatorProgram, SinkProgram, TaskProgram } from "../../proto/plan/program.ts";
import type { ShuffleInput } from "../../proto/plan/stage.ts";
import { decodeValue } from "../../proto/plan/values.ts";
import type { TaskResult, TaskSpec } from "../../proto/ports/executor.ts";
import type { ObjectStore } from "../../proto/ports/store.ts";
import { cellAt, cellsBytes, cellsOf } from "../operators/cells.ts";
import { compareValues } from "../operators/order.ts";
import { blockProvider, ReleasedJobs } from "../shuffle/provider.ts";
import type { SealedFiles } from "../shuffle/sealed-files.ts";
import { storeReader } from "../sources/byte-reader.ts";
import { gunzipBlocks } from "./gunzip.ts";
import { runTask, type TaskWorld } from "./run.ts";

const jobId = "job-1";

function memoryFiles(): SealedFiles & { readonly all: Map<string, Uint8Array> } {
  const all = new Map<string, Uint8Array>();
  return {
    all,
    write: async (path, pieces) => void all.set(path, Buffer.concat(pieces)),
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

type Functions = Readonly<Record<number, (...args: never[]) => unknown>>;

interface Stage {
  readonly tasks: number;
  readonly program: TaskProgram;
  readonly inputs?: readonly ShuffleInput[];
  readonly partitions?: number;
  /** Text of each task's file. */
  readonly files?: readonly string[];
}

/** Runs stages one after another on two workers, each with its own files. */
class Cluster {
  readonly uploads = new Map<string, Uint8Array>();
  readonly objects = new Map<string, Uint8Array>();
  readonly files = [memoryFiles(), memoryFiles()];
  private readonly functions: Functions;

  constructor(functions: Functions = {}) {
    this.functions = functions;
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

const text = { kind: "text", node: 0 } as const;
const ndjson = { kind: "ndjson", node: 0 } as const;
const collect: SinkProgram = { kind: "collect" };
const single: SinkProgram = { kind: "shuffle", partitioner: { kind: "single" } };
const hashTo = (column: "value" | "key", partitions: number): SinkProgram => ({
  kind: "shuffle",
  partitioner: { kind: "hash", column, partitions },
});
const from = (stageId: number) => ({ kind: "shuffle", node: 0, stageId }) as const;
const own = (stageId: number) => ({ stageId, partition: "own", maps: "all" }) as const;
const rowsOf = (results: readonly TaskResult[]) =>
  results.flatMap((result) => decodeValue(result.resultJson!) as unknown[]);

function lines(files: readonly (readonly unknown[])[]): string[] {
  return files.map((rows) => rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
}

function readStage(
  files: readonly string[],
  operators: readonly OperatorProgram[],
  sink: SinkProgram,
  partitions = 0,
): Stage {
  return { tasks: files.length, files, partitions, program: { source: ndjson, operators, sink } };
}

function reduceStage(
  stageId: number,
  tasks: number,
  operators: readonly OperatorProgram[],
  sink: SinkProgram = collect,
  partitions = 0,
): Stage {
  const program = { source: from(stageId), operators, sink };
  return { tasks, program, inputs: [own(stageId)], partitions };
}

const count = (phase: "partial" | "final") => ({ kind: "countByValue", node: 2, phase }) as const;
const reduce = (phase: "partial" | "final") => ({ kind: "reduceByKey", node: 2, phase }) as const;
const byJson = (a: unknown, b: unknown) => {
  const [left, right] = [JSON.stringify(a), JSON.stringify(b)];
  return left < right ? -1 : left > right ? 1 : 0;
};

const anyRow = fc.oneof(
  fc.constantFrom("1", "a", "ab", "é", "😀", 1, 2, 0, true, false, null),
  fc.constantFrom({ a: 1, b: 2 }, { b: 2, a: 1 }, [1, "x"], []),
);
const someFiles = fc.array(fc.array(anyRow, { maxLength: 20 }), { minLength: 1, maxLength: 4 });

describe("programs of several stages", () => {
  test("words are counted over files and partitions", async () => {
    const cluster = new Cluster({ 1: (line: string) => line.split(" ") });
    const files = ["a b a\nc\n", "b b", ""];
    const operators = [{ kind: "flatMap", node: 1 } as const, count("partial")];
    const sink = hashTo("value", 3);
    const map = { tasks: 3, files, partitions: 3, program: { source: text, operators, sink } };
    const results = await cluster.run([map, reduceStage(0, 3, [count("final")])]);
    expect(rowsOf(results).sort(byJson)).toEqual([
      { value: "a", count: 2 },
      { value: "b", count: 3 },
      { value: "c", count: 1 },
    ]);
    expect(results.map((result) => result.rowsOut).reduce((a, b) => a + b)).toBe(3);
  });

  test("values of any type are counted as a naive count says", async () => {
    await fc.assert(
      fc.asyncProperty(someFiles, fc.integer({ min: 1, max: 5 }), async (files, partitions) => {
        const map = readStage(
          lines(files),
          [count("partial")],
          hashTo("value", partitions),
          partitions,
        );
        const results = await new Cluster().run([
          map,
          reduceStage(0, partitions, [count("final")]),
        ]);
        const naive = new Map<string, number>();
        for (const row of files.flat()) {
          const plain =
            row !== null && typeof row === "object" && "a" in row ? { a: 1, b: 2 } : row;
          const key = JSON.stringify(plain);
          naive.set(key, (naive.get(key) ?? 0) + 1);
        }
        const found = rowsOf(results) as { value: unknown; count: number }[];
        expect(found.length).toBe(naive.size);
        for (const { value, count: times } of found) {
          const isRecord = value !== null && typeof value === "object" && "a" in value;
          expect(naive.get(JSON.stringify(isRecord ? { a: 1, b: 2 } : value))).toBe(times);
        }
      }),
      { numRuns: 50 },
    );
  });

  test("pairs are reduced by key as a naive reduce says", async () => {
    const pairs = fc.array(fc.array(fc.tuple(anyRow, fc.integer()), { maxLength: 20 }), {
      minLength: 1,
      maxLength: 3,
    });
    await fc.assert(
      fc.asyncProperty(pairs, async (files) => {
        const cluster = new Cluster({ 2: (a: number, b: number) => a + b });
        const results = await cluster.run([
          readStage(lines(files), [reduce("partial")], hashTo("key", 2), 2),
          reduceStage(0, 2, [reduce("final")]),
        ]);
        const naive = new Map<string, number>();
        const keyOf = (key: unknown) =>
          key !== null && typeof key === "object" && "a" in key ? "record" : JSON.stringify(key);
        for (const [key, value] of files.flat()) {
          naive.set(keyOf(key), (naive.get(keyOf(key)) ?? 0) + value);
        }
        const found = rowsOf(results) as [unknown, number][];
        expect(new Map(found.map(([key, value]) => [keyOf(key), value]))).toEqual(naive);
        expect(found.length).toBe(naive.size);
      }),
      { numRuns: 50 },
    );
  });

  test("a sort over sampled ranges is the sort of everything", async () => {
    const rows = fc.array(fc.array(fc.oneof(anyRow, fc.double(), fc.string()), { maxLength: 40 }), {
      minLength: 1,
      maxLength: 4,
    });
    const cases = fc.tuple(rows, fc.constantFrom("asc", "desc"), fc.integer({ min: 2, max: 4 }));
    await fc.assert(
      fc.asyncProperty(cases, async ([files, direction, partitions]) => {
        const key: SortKey = { by: { kind: "column", name: "value" }, direction };
        const tasks = files.length;
        const hold = { kind: "holdAndSample", node: 1, key, samplePartition: tasks } as const;
        const bounds: Stage = {
          tasks: 1,
          partitions: 1,
          inputs: [{ stageId: 0, partition: tasks, maps: "all" }],
          program: {
            source: from(0),
            operators: [{ kind: "rangeBounds", node: 1, key, partitions }],
            sink: single,
          },
        };
        const range = { kind: "range", node: 1, key, boundsStageId: 1, partitions } as const;
        const divide: Stage = {
          tasks,
          partitions,
          inputs: [
            { stageId: 0, partition: "own", maps: "own" },
            { stageId: 1, partition: 0, maps: "all" },
          ],
          program: {
            source: from(0),
            operators: [],
            sink: { kind: "shuffle", partitioner: range },
          },
        };
        const results = await new Cluster().run([
          readStage(lines(files), [], { kind: "shuffle", partitioner: hold }, tasks + 1),
          bounds,
          divide,
          reduceStage(2, partitions, [{ kind: "sort", node: 1, key }]),
        ]);
        const all = JSON.parse(JSON.stringify(files.flat())) as unknown[];
        const keyOf = (row: unknown) => {
          if (Array.isArray(row)) return row.length === 2 ? row[1] : row;
          return row !== null && typeof row === "object" ? undefined : row;
        };
        const sign = direction === "asc" ? 1 : -1;
        const sorted = [...all].sort(
          (a, b) => sign * compareValues(keyOf(a), keyOf(b)) || compareValues(a, b),
        );
        expect(rowsOf(results)).toEqual(sorted);
      }),
      { numRuns: 60 },
    );
  });

  test("the first rows by a closure's key", async () => {
    const cluster = new Cluster({ 1: (row: number) => -row });
    const key: SortKey = { by: { kind: "closure" }, direction: "desc" };
    const top = { kind: "sort", node: 1, key, rowsMax: 3 } as const;
    const files = lines([Array.from({ length: 30_000 }, (_, i) => (i * 7919) % 30_011), [-5]]);
    const results = await cluster.run([
      readStage(files, [top], single, 1),
      reduceStage(0, 1, [top, { kind: "limit", node: 3, rows: 2 }]),
    ]);
    expect(rowsOf(results)).toEqual([-5, 0]);
  });

  test("equal inputs give equal bytes, also of blocks", async () => {
    const files = lines([
      ["a", 1, "b"],
      [{ x: 1 }, "a"],
    ]);
    const stage = readStage(files, [count("partial")], hashTo("value", 2), 2);
    const one = new Cluster();
    const two = new Cluster();
    const digests = [await one.run([stage]), await two.run([stage])].map((results) =>
      results.map((result) => result.digest),
    );
    expect(digests[0]).toEqual(digests[1]);
    expect(one.files.map((files_) => files_.all)).toEqual(two.files.map((files_) => files_.all));
  });
});

describe("operators", () => {
  async function runOne(
    functions: Functions,
    operators: readonly OperatorProgram[],
    rows: readonly unknown[],
    sink: SinkProgram = collect,
  ): Promise<{ readonly result: TaskResult; readonly uploads: Map<string, Uint8Array> }> {
    const cluster = new Cluster(functions);
    const [result] = await cluster.run([readStage(lines([rows]), operators, sink)]);
    return { result: result!, uploads: cluster.uploads };
  }
  const valuesOf = async (...args: Parameters<typeof runOne>) =>
    rowsOf([(await runOne(...args)).result]);

  test("map, flatMap, filter and limit as on arrays", async () => {
    const functions: Functions = {
      1: (n: number) => n * 2,
      2: (n: number) => (n % 3 === 0 ? [] : n % 3 === 1 ? [n, n] : new Set([n, -n])),
      3: (n: number) => n > -20,
      4: function* (n: number) {
        yield n;
        if (n > 10) yield "big";
      },
    };
    const operators: OperatorProgram[] = [
      { kind: "map", node: 1 },
      { kind: "flatMap", node: 2 },
      { kind: "filter", node: 3 },
      { kind: "flatMap", node: 4 },
      { kind: "limit", node: 5, rows: 30 },
    ];
    const rows = Array.from({ length: 40 }, (_, i) => i);
    const naive = rows
      .map((n) => n * 2)
      .flatMap((n) => (n % 3 === 0 ? [] : n % 3 === 1 ? [n, n] : [n, -n]))
      .filter((n) => n > -20)
      .flatMap((n) => (n > 10 ? [n, "big"] : [n]))
      .slice(0, 30);
    expect(await valuesOf(functions, operators, rows)).toEqual(naive);
  });

  test("an endless generator ends at the limit", async () => {
    const functions: Functions = {
      1: function* () {
        for (let i = 0; ; i++) yield i;
      },
    };
    const operators: OperatorProgram[] = [
      { kind: "flatMap", node: 1 },
      { kind: "limit", node: 2, rows: 3 },
    ];
    expect(await valuesOf(functions, operators, [1, 2])).toEqual([0, 1, 2]);
  });

  test("what a closure throws names the place, the operator and the row", async () => {
    const functions: Functions = {
      1: (n: number) => {
        if (n === 3) throw new TypeError("no threes");
        return n;
      },
    };
    const error = await valuesOf(functions, [{ kind: "map", node: 1 }], [1, 2, 3]).catch((e) => e);
    expect(error).toMatchObject({
      code: "USER_CODE_FAILED",
      message: "TypeError: no threes",
      details: {
        source: "job.ts:1:1",
        file: "s3://in/0-0",
        operator: "map#1",
        partition: 0,
        row: 2,
      },
    });
  });

  test("answers that no operator can use are refused by name", async () => {
    const refuse = async (operator: OperatorProgram, closure: unknown, pattern: RegExp) => {
      const functions = { 1: closure } as Functions;
      const error = await valuesOf(
        functions,
        [operator],
        [
          ["k", 1],
          ["k", 2],
        ],
      ).catch((e) => e);
      expect(error).toMatchObject({ code: "VALUE_UNSUPPORTED", details: { partition: 0 } });
      expect(error.message).toMatch(pattern);
    };
    const flatMap = { kind: "flatMap", node: 1 } as const;
    await refuse(flatMap, () => "text", /a string; to give out one row/);
    await refuse(flatMap, () => undefined, /undefined where an array/);
    await refuse({ kind: "map", node: 1 }, async () => 1, /returned a promise/);
    await refuse({ kind: "filter", node: 1 }, async () => true, /returned a promise/);
    await refuse({ kind: "map", node: 1 }, () => new Map(), /a Map cannot be a row/);
    const reducing = { kind: "reduceByKey", node: 1, phase: "final" } as const;
    await refuse(reducing, async () => 1, /returned a promise/);
    const error = await valuesOf({}, [count("partial")], ["\ud83d"]).catch((e) => e);
    expect(error.code).toBe("VALUE_UNSUPPORTED");
  });

  test("too large a result says to write it", async () => {
    const big = "x".repeat(1024 * 1024);
    const error = await valuesOf(
      { 1: () => Array(10).fill(big) },
      [{ kind: "flatMap", node: 1 }],
      [1],
    ).catch((e) => e);
    expect(error).toMatchObject({ code: "RESULT_TOO_LARGE" });
    expect(error.message).toMatch(/write/);
  });

  test("outputs upload under names of the attempt; an empty one uploads nothing", async () => {
    const write = (format: "text" | "ndjson" | "arrow"): SinkProgram => ({
      kind: "output",
      format,
      folderUri: "s3://out/",
    });
    const { result, uploads } = await runOne({}, [], ["a", 1, null], write("text"));
    const uri = `s3://out/part-00000-${jobId}-7.txt`;
    expect(result.upload).toMatchObject({ uri, rows: 3, sizeBytes: 9, digest: result.digest });
    expect(Buffer.from(uploads.get(uri)!).toString()).toBe("a\n1\nnull\n");
    const closures = { 1: (n: number) => ({ n, big: BigInt(n) * 2n ** 60n, small: 3n }) };
    const json = await runOne(closures, [{ kind: "map", node: 1 }], [1], write("ndjson"));
    expect(Buffer.from([...json.uploads.values()][0]!).toString()).toBe(
      '{"n":1,"big":"1152921504606846976","small":3}\n',
    );
    const rows = [{ a: 1 }, { a: null, b: "x" }, { b: "y" }];
    const arrow = await runOne({}, [], rows, write("arrow"));
    expect(batchesOfBytes([...arrow.uploads.values()][0]!).flatMap(batchRows)).toEqual(rows);
    const none = await runOne({}, [], [], write("arrow"));
    expect(none.result.upload).toBeUndefined();
    expect(none.uploads.size).toBe(0);
    const refused = await runOne({}, [], [{ a: 1 }], write("text")).catch((e) => e);
    expect(refused).toMatchObject({
      code: "VALUE_UNSUPPORTED",
      details: { operator: "write text" },
    });
  });

  test("a stopped attempt ends at the next chunk", async () => {
    const cluster = new Cluster();
    const cells = cellsOf(new ArrayBuffer(cellsBytes));
    cells.ints[cellAt.cancelled] = 1;
    const spec = cluster.spec([readStage(["1\n"], [], collect)], 0, 0);
    await expect(runTask(spec, cluster.world(0), cells)).rejects.toMatchObject({
      code: "LEASE_LOST",
    });
  });
});

describe("shuffle faults", () => {
  const stages = [readStage(lines([["a", "b"], ["c"]]), [], single, 1), reduceStage(0, 1, [])];
  const reading = async (spoil: (cluster: Cluster) => void) => {
    const cluster = new Cluster();
    await cluster.run([stages[0]!]);
    spoil(cluster);
    const cells = cellsOf(new ArrayBuffer(cellsBytes));
    return runTask(cluster.spec(stages, 1, 0), cluster.world(0), cells);
  };

  test("whole files read back in map order", async () => {
    expect(rowsOf([await reading(() => undefined)])).toEqual(["a", "b", "c"]);
  });

  test("a missing map is named", async () => {
    for (const worker of [0, 1]) {
      const error = reading((cluster) => cluster.files[worker]!.all.clear());
      await expect(error).rejects.toMatchObject({
        code: "BLOCK_MISSING",
        details: { stageId: 0, taskIndex: worker, token: 7 },
      });
    }
  });

  test("any changed, lost or added byte is noticed before a row is used", async () => {
    const path = `${jobId}/a0-s0-t0-7.shuffle`;
    const sizes = new Cluster();
    await sizes.run([stages[0]!]);
    const size = sizes.files[0]!.all.get(path)!.length;
    const spoilt = fc.tuple(fc.nat({ max: size - 1 }), fc.constantFrom("flip", "cut", "add"));
    await fc.assert(
      fc.asyncProperty(spoilt, async ([at, how]) => {
        const outcome = await reading((cluster) => {
          const bytes = Buffer.from(cluster.files[0]!.all.get(path)!);
          if (how === "flip") bytes[at] = bytes[at]! ^ 0x41;
          const changed =
            how === "cut"
              ? bytes.subarray(0, at)
              : how === "add"
                ? Buffer.concat([bytes.subarray(0, at), Buffer.from("x"), bytes.subarray(at)])
                : bytes;
          cluster.files[0]!.all.set(path, changed);
        }).catch((error) => error);
        expect(outcome).toMatchObject({
          code: "BLOCK_CORRUPT",
          details: { stageId: 0, taskIndex: 0, token: 7 },
        });
      }),
    );
  });

  test("released, missing and empty are three answers", async () => {
    const files = memoryFiles();
    const released = new ReleasedJobs();
    const provide = blockProvider(files, released);
    const cluster = new Cluster();
    await cluster.run([readStage(lines([["a"]]), [count("partial")], hashTo("value", 4), 4)]);
    for (const [path, bytes] of cluster.files[0]!.all) files.all.set(path, bytes);
    const id = { jobId, actionIndex: 0, stageId: 0, taskIndex: 0, token: 7 };
    const answers = await Promise.all(
      [0, 1, 2, 3].map((partition) => provide({ ...id, partition })),
    );
    const lengths = answers.map((answer) => (answer.kind === "bytes" ? answer.bytes.length : -1));
    expect(lengths.filter((length) => length === 0).length).toBe(3);
    expect(lengths.filter((length) => length > 0).length).toBe(1);
    expect(await provide({ ...id, token: 8, partition: 0 })).toEqual({ kind: "missing" });
    await expect(provide({ ...id, partition: 4 })).rejects.toMatchObject({ code: "BLOCK_CORRUPT" });
    await expect(provide({ ...id, jobId: "../x", partition: 0 })).rejects.toMatchObject({
      code: "MESSAGE_INVALID",
    });
    released.add(jobId);
    expect(await provide({ ...id, partition: 0 })).toEqual({ kind: "released" });
  });
});
