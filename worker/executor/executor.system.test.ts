// The real executor process: its answers, its deaths, and who is blamed for them.
import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ErrorRecord } from "../../proto/errors.ts";
import type { ActionOutcome } from "../../proto/plan/bundle.ts";
import type { TaskProgram } from "../../proto/plan/program.ts";
import { decodeValue } from "../../proto/plan/values.ts";
import type { TaskOutcome, TaskProgress, TaskSpec } from "../../proto/ports/executor.ts";
import { silentLog } from "../../proto/ports/log.ts";
import { createBlockProvider } from "../shuffle/provider.ts";
import { createExecutorPool, type LocalExecutorPool } from "./pool.ts";

const entryPath = fileURLToPath(new URL("../../dist/worker/executor/entry.mjs", import.meta.url));

/** In one piece, tools would take it for the map of this file. */
const mapComment = ["source", "MappingURL"].join("");
/** Line 3 is mapped to `src/job.ts:12:7`. */
const mapped = {
  version: 3,
  sources: ["../../src/job.ts"],
  names: [],
  mappings: ";;AAWM",
};
const inlineMap = Buffer.from(JSON.stringify(mapped)).toString("base64");
const code = `// A compiled job.
const closures = {
  1: (line) => { throw new RangeError("cannot read " + line); },
  2: (line) => line.split(" "),
  3: () => { for (;;); },
  4: () => { const kept = []; for (;;) kept.push(new Array(10000).fill(kept.length)); },
  5: (line) => { const end = Date.now() + Number(line); while (Date.now() < end); return line; },
  6: () => process.exit(3),
  7: (line) => { if (line === "exit") process.exit(3); while (line === "loop"); return line; },
};
export function describe() { return { name: "test", params: [] }; }
export async function replay(request) {
  console.log("printed by a replay");
  if (request.planDigest === "diverged") {
    throw Object.assign(new Error("differs"), { name: "EngineError", code: "PLAN_DIVERGED" });
  }
  return { closure: (node) => closures[node], takeCounters: () => ({}) };
}
export async function drive(context, host) {
  if (context.jobId === "job-endless") for (;;);
  if (context.jobId === "job-throws") throw new TypeError("bad driver");
  const inputs = await host.listInputs(JSON.parse(context.paramsJson).input);
  const before = await host.recordedOutcome(0, "digest");
  const after = await host.runAction({ graph: { actionIndex: 0, stages: [] }, text: {} });
  return JSON.stringify([inputs.length, before === undefined, after.parts]);
}
//# ${mapComment}=data:application/json;base64,${inlineMap}
`;
const sha256 = createHash("sha256").update(code).digest("hex");

const read = { kind: "text", node: 0 } as const;
let folder: string;
let inputUri: string;
let pool: LocalExecutorPool;

async function openPool(name: string, closureDeadlineMs = 20_000): Promise<LocalExecutorPool> {
  const opened = await createExecutorPool({
    entryPath,
    workFolder: join(folder, name),
    workerId: "w1",
    slots: 2,
    blockToken: "a token of a test",
    log: silentLog,
    heapMiB: 64,
    memoryBytes: 2 ** 30,
    closureDeadlineMs,
  });
  await opened.addBundle(sha256, Buffer.from(code));
  return opened;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-executor-"));
  const path = join(folder, "input.txt");
  await writeFile(path, "a b\nc a\n");
  inputUri = pathToFileURL(path).href;
  pool = await openPool("shared");
});

afterAll(async () => {
  await pool.close();
  await rm(folder, { recursive: true, force: true });
});

let nextToken = 1;

function signal(): { readonly fired: Promise<void>; readonly fire: () => void } {
  let fire = (): void => undefined;
  const fired = new Promise<void>((resolve) => {
    fire = resolve;
  });
  return { fired, fire };
}

function spec(program: TaskProgram, more: Partial<TaskSpec> = {}): TaskSpec {
  const fileBytes = 8;
  const range = { uri: inputUri, fileBytes, startByte: 0, endByte: fileBytes };
  return {
    context: { jobId: "job-1", paramsJson: "{}", seed: 1, submittedWallMs: 0, workingFolder: "/" },
    bundleSha256: sha256,
    actionIndex: 0,
    planDigest: "digest",
    history: [],
    stageId: 0,
    taskIndex: 0,
    attempt: 0,
    token: nextToken++,
    label: "test",
    program,
    split: { ranges: [{ ...range, compression: "none" }] },
    inputs: [],
    outputPartitions: 0,
    ...more,
  };
}

function flatMap(node: number): TaskProgram {
  return { source: read, operators: [{ kind: "flatMap", node }], sink: { kind: "collect" } };
}

function map(node: number): TaskProgram {
  return { source: read, operators: [{ kind: "map", node }], sink: { kind: "collect" } };
}

const run = (task: TaskSpec, on = pool) => on.runTask(task, () => undefined);

function rowsOf(outcome: TaskOutcome): unknown {
  if (outcome.kind === "failed") throw new Error(JSON.stringify(outcome.error));
  return decodeValue(outcome.result.resultJson ?? "null");
}

function errorOf(outcome: TaskOutcome): ErrorRecord {
  if (outcome.kind === "done") throw new Error("the task was to fail");
  return outcome.error;
}

describe("tasks", () => {
  test("a task runs user code and answers its rows", async () => {
    const reports: TaskProgress[] = [];
    const outcome = await pool.runTask(spec(flatMap(2)), (progress) => reports.push(progress));
    expect(rowsOf(outcome)).toEqual(["a", "b", "c", "a"]);
    expect(outcome).toMatchObject({ result: { rowsIn: 2, bytesIn: 8, rowsOut: 4 } });
    expect(reports.at(-1)).toMatchObject({ rows: 2, bytes: 8 });
  });

  test("blocks of a map task are read by a reduce task and served to peers", async () => {
    const context = { ...spec(map(2)).context, jobId: "job-shuffle" };
    const partitioner = { kind: "hash", column: "value", partitions: 2 } as const;
    const count = { kind: "countByValue", node: 9 } as const;
    const counting = spec(
      {
        source: read,
        operators: [
          { kind: "flatMap", node: 2 },
          { ...count, phase: "partial" },
        ],
        sink: { kind: "shuffle", partitioner },
      },
      { outputPartitions: 2, context },
    );
    expect(await run(counting)).toMatchObject({ kind: "done", result: { rowsOut: 3 } });
    const location = { taskIndex: 0, workerId: "w1", address: "", token: counting.token };
    const reduceOf = (taskIndex: number): TaskSpec => ({
      ...spec({
        source: { kind: "shuffle", node: 9, stageId: 0 },
        operators: [{ ...count, phase: "final" }],
        sink: { kind: "collect" },
      }),
      context,
      stageId: 1,
      taskIndex,
      inputs: [{ input: { stageId: 0, partition: "own", maps: "all" }, maps: [location] }],
    });
    const found = await Promise.all([run(reduceOf(0)), run(reduceOf(1))]);
    const sorted = found.flatMap((outcome) => rowsOf(outcome) as { value: string }[]);
    sorted.sort((a, b) => (a.value < b.value ? -1 : 1));
    expect(sorted).toEqual([
      { value: "a", count: 2 },
      { value: "b", count: 1 },
      { value: "c", count: 1 },
    ]);
    const provide = createBlockProvider(join(folder, "shared"));
    const { token } = counting;
    const id = { jobId: "job-shuffle", actionIndex: 0, stageId: 0, taskIndex: 0, token };
    const piece = { partition: 0, partitions: 1, fromByte: 0, bytesMax: 100 };
    expect(await provide({ ...id, ...piece })).toMatchObject({ kind: "bytes" });
    expect(pool.heldJobs()).toContain("job-shuffle");
    await pool.releaseJob("job-shuffle");
    expect(pool.heldJobs()).not.toContain("job-shuffle");
    expect(await provide({ ...id, ...piece })).toEqual({ kind: "released" });
    expect(errorOf(await run(reduceOf(0))).code).toBe("BLOCK_MISSING");
  });

  test("what user code throws is shown at its place in the user's source", async () => {
    const error = errorOf(await run(spec(map(1), { taskIndex: 4 })));
    expect(error).toMatchObject({
      code: "USER_CODE_FAILED",
      message: "RangeError: cannot read a b",
      details: {
        source: "src/job.ts:12:7",
        file: inputUri,
        operator: "map#1",
        partition: 4,
        row: 0,
      },
    });
    expect(error.details.stack).toContain("src/job.ts:12:7");
  });

  test("a plan that differs on replay is named, a wrong module is not run", async () => {
    const diverged = errorOf(await run(spec(map(2), { planDigest: "diverged" })));
    expect(diverged.code).toBe("PLAN_DIVERGED");
    const absent = await run(spec(map(2), { bundleSha256: "0".repeat(64) }));
    expect(errorOf(absent).code).toBe("BUNDLE_NOT_FOUND");
    await expect(pool.addBundle("1".repeat(64), Buffer.from(code))).rejects.toMatchObject({
      code: "BUNDLE_HASH_MISMATCH",
    });
    await writeFile(join(folder, "shared", "bundles", `${"2".repeat(64)}.mjs`), "changed");
    const changed = await run(spec(map(2), { bundleSha256: "2".repeat(64) }));
    expect(errorOf(changed).code).toBe("BUNDLE_HASH_MISMATCH");
  });

  test("more tasks than threads wait their turn", async () => {
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => run(spec(flatMap(2)))));
    for (const outcome of outcomes) expect(rowsOf(outcome)).toEqual(["a", "b", "c", "a"]);
  });

  test("a stuck task is stopped when it is cancelled", async () => {
    const stuck = spec(map(3), { taskIndex: 7 });
    const progressed = signal();
    const outcome = pool.runTask(stuck, () => progressed.fire());
    await progressed.fired;
    pool.cancelTask(stuck.token, 7);
    expect(errorOf(await outcome).code).toBe("LEASE_LOST");
    expect(rowsOf(await run(spec(flatMap(2))))).toEqual(["a", "b", "c", "a"]);
  });
});

describe("user code that does not end well", () => {
  test("an endless loop meets its deadline; its neighbour goes on", async () => {
    const own = await openPool("deadline", 1500);
    // Longer than the deadline, each of its rows far shorter: a busy machine may hold up either.
    const patient = join(folder, "patient.txt");
    await writeFile(patient, "200\n".repeat(9));
    const uri = pathToFileURL(patient).href;
    const range = { uri, fileBytes: 36, startByte: 0, endByte: 36, compression: "none" } as const;
    const neighbour = run(spec(map(5), { split: { ranges: [range] } }), own);
    const error = errorOf(await run(spec(map(3), { taskIndex: 2 }), own));
    expect(error).toMatchObject({
      code: "USER_CODE_DEADLINE",
      details: { operator: "map#3", partition: 2, row: 0, deadlineMs: 1500 },
    });
    expect(rowsOf(await neighbour)).toEqual(Array(9).fill("200"));
    await own.close();
  });

  test("a full heap is blamed on its operator; its neighbour goes on", async () => {
    const slow = join(folder, "slow.txt");
    await writeFile(slow, "100\n".repeat(20));
    const uri = pathToFileURL(slow).href;
    const range = { uri, fileBytes: 80, startByte: 0, endByte: 80, compression: "none" } as const;
    const neighbour = run(spec(map(5), { split: { ranges: [range] } }));
    const error = errorOf(await run(spec(map(4), { taskIndex: 3 })));
    expect(error).toMatchObject({
      code: "USER_CODE_OUT_OF_MEMORY",
      details: { operator: "map#4", partition: 3, limitBytes: 64 * 1024 * 1024 },
    });
    expect(rowsOf(await neighbour)).toEqual(Array(20).fill("100"));
    expect(rowsOf(await run(spec(flatMap(2))))).toEqual(["a", "b", "c", "a"]);
  });

  test("code that exits its thread fails its task only", async () => {
    expect(errorOf(await run(spec(map(6)))).code).toBe("USER_CODE_FAILED");
    expect(rowsOf(await run(spec(flatMap(2))))).toEqual(["a", "b", "c", "a"]);
  });

  test("of many short tasks of a lease, one that exits its thread and one that hangs end alone", async () => {
    const lines = Array.from({ length: 60 }, () => "pass");
    lines[30] = "exit";
    lines[45] = "loop";
    const path = join(folder, "lines.txt");
    await writeFile(path, `${lines.join("\n")}\n`);
    const range = { uri: pathToFileURL(path).href, fileBytes: 300, compression: "none" } as const;
    const lease = spec(map(7), { attempt: 1 });
    const stuck = signal();
    const outcomes = lines.map((_, taskIndex) => {
      const [startByte, endByte] = [5 * taskIndex, 5 * taskIndex + 5];
      const own = { taskIndex, split: { ranges: [{ ...range, startByte, endByte }] } };
      return pool.runTask({ ...lease, ...own }, ({ rows }) => {
        if (taskIndex === 45 && rows > 0) stuck.fire();
      });
    });
    await stuck.fired;
    pool.cancelTask(lease.token, 45);
    for (const [index, outcome] of (await Promise.all(outcomes)).entries()) {
      if (lines[index] === "pass") expect(rowsOf(outcome)).toEqual(["pass"]);
    }
    const failed = async (index: number) => errorOf(await outcomes[index]!);
    expect(await failed(30)).toMatchObject({
      code: "USER_CODE_FAILED",
      details: { partition: 30, operator: "map#7" },
    });
    expect((await failed(45)).code).toBe("LEASE_LOST");
  });

  test("a killed process fails what ran in it, and the next task runs", async () => {
    const running = signal();
    const stuck = pool.runTask(spec(map(3)), () => running.fire());
    await running.fired;
    process.kill(pool.executorPid ?? 0, "SIGKILL");
    const error = errorOf(await stuck);
    expect(error).toMatchObject({ code: "EXECUTOR_DIED" });
    expect(error.message).toContain("SIGKILL");
    expect(rowsOf(await run(spec(flatMap(2))))).toEqual(["a", "b", "c", "a"]);
  });
});

describe("drivers", () => {
  const outcome: ActionOutcome = { kind: "result", parts: ["[1]"] };
  const requests = {
    runAction: async () => outcome,
    recordedOutcome: async () => undefined,
  };
  const contextOf = (jobId: string) => ({
    ...spec(map(2)).context,
    jobId,
    paramsJson: JSON.stringify({ input: inputUri }),
  });

  test("a driver lists inputs and asks for actions", async () => {
    const asked: string[] = [];
    const result = await pool.runDriver(
      { context: contextOf("job-1"), bundleSha256: sha256 },
      {
        ...requests,
        runAction: async (graphJson) => {
          asked.push(graphJson);
          return outcome;
        },
      },
    );
    expect(JSON.parse(result)).toEqual([1, true, ["[1]"]]);
    expect(asked).toEqual(['{"actionIndex":0,"stages":[]}']);
  });

  test("what a driver throws, and what it is refused, reaches the caller", async () => {
    const throwing = { context: contextOf("job-throws"), bundleSha256: sha256 };
    await expect(pool.runDriver(throwing, requests)).rejects.toMatchObject({
      code: "USER_CODE_FAILED",
      message: expect.stringContaining("TypeError: bad driver"),
    });
    const missing = { ...contextOf("job-1"), paramsJson: `{"input":"${inputUri}.gone"}` };
    await expect(
      pool.runDriver({ context: missing, bundleSha256: sha256 }, requests),
    ).rejects.toMatchObject({ code: "INPUT_NOT_FOUND" });
  });

  test("an endless driver is cancelled without harm to tasks", async () => {
    const driver = pool.runDriver(
      { context: contextOf("job-endless"), bundleSha256: sha256 },
      requests,
    );
    const stopped = expect(driver).rejects.toMatchObject({ code: "LEASE_LOST" });
    expect(rowsOf(await run(spec(flatMap(2))))).toEqual(["a", "b", "c", "a"]);
    pool.cancelDriver("job-endless");
    await stopped;
  });
});
