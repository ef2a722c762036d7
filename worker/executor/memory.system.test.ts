// The peak memory of a real executor whose steps hold ten times what they may.
import { readFileSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { executorBaseBytes, executorThreadBytes } from "../../proto/limits/memory.ts";
import type { Expr } from "../../proto/plan/expr.ts";
import type { OperatorProgram, SinkProgram, TaskProgram } from "../../proto/plan/program.ts";
import { utf8Type } from "../../proto/plan/types.ts";
import { decodeValue } from "../../proto/plan/values.ts";
import type { MapLocation, TaskSpec } from "../../proto/ports/executor.ts";
import { silentLog } from "../../proto/ports/log.ts";
import { createExecutorPool, type LocalExecutorPool } from "./pool.ts";

const entryPath = fileURLToPath(new URL("../../dist/worker/executor/entry.mjs", import.meta.url));
const mebibyte = 1024 * 1024;
/** What steps may hold of rows. */
const rowBytes = 16 * mebibyte;
const memoryBytes = executorBaseBytes + executorThreadBytes + rowBytes;
/** Rows of about 160 bytes: ten times as much. */
const rows = 1024 * 1024;

const column = (name: string): Expr => ({ kind: "column", name });
const whole = (value: number): Expr => ({
  kind: "literal",
  type: { kind: "int53" },
  text: String(value),
});
const call = (name: string, ...args: Expr[]): Expr => ({ kind: "call", name, args });
/** Each number below `rows` once, in an order of no kind. */
const scattered = call("modulo", call("multiply", column("value"), whole(7919)), whole(rows));
const long: Expr = call(
  "padStart",
  { kind: "cast", input: column("value"), to: utf8Type, onFailure: "error" },
  whole(120),
);
const select = (names: Readonly<Record<string, Expr>>): OperatorProgram => ({
  kind: "select",
  node: 1,
  columns: Object.entries(names).map(([name, expr]) => ({ name, expr })),
});
const range = { kind: "range", node: 0, start: 0, end: rows, step: 1, tasks: 1 } as const;
const collect: SinkProgram = { kind: "collect" };

let folder: string;
let pool: LocalExecutorPool;
let nextToken = 1;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-memory-"));
});

afterAll(async () => {
  await pool.close();
  await rm(folder, { recursive: true, force: true });
});

async function run(program: TaskProgram, more: Partial<TaskSpec> = {}): Promise<unknown> {
  const context = {
    jobId: "job-1",
    paramsJson: "{}",
    seed: 1,
    submittedWallMs: 0,
    workingFolder: "/",
  };
  const spec: TaskSpec = {
    ...{ context, bundleSha256: "", actionIndex: 0, planDigest: "", history: [], stageId: 0 },
    ...{ taskIndex: 0, attempt: 0, token: nextToken++, label: "test", program, inputs: [] },
    outputPartitions: 0,
    ...more,
  };
  const outcome = await pool.runTask(spec, () => undefined);
  if (outcome.kind === "failed") throw new Error(JSON.stringify(outcome.error));
  return outcome.result.resultJson === undefined
    ? spec.token
    : decodeValue(outcome.result.resultJson);
}

/** Of the process, since it began. */
function peakBytes(): number {
  const status = readFileSync(`/proc/${pool.executorPid}/status`, "utf8");
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)![1]) * 1024;
}

async function within(work: () => Promise<void>): Promise<void> {
  pool = await createExecutorPool({
    ...{ entryPath, workFolder: folder, workerId: "w1", slots: 1, blockToken: "a token of a test" },
    ...{ log: silentLog, heapMiB: 256, memoryBytes },
  });
  await work();
  const peak = peakBytes();
  await pool.close();
  expect(await readdir(join(folder, "spill")).catch(() => [])).toEqual([]);
  expect(peak / mebibyte).toBeLessThan((1.25 * memoryBytes) / mebibyte);
}

describe("within 1.25 times its memory an executor", () => {
  test(
    "sorts ten times as many rows",
    () =>
      within(async () => {
        const keys = [{ expr: column("k"), direction: "desc", nulls: "first" }] as const;
        const found = await run({
          source: range,
          operators: [
            select({ k: scattered, text: long }),
            { kind: "sortBy", node: 2, keys },
            { kind: "limit", node: 3, rows: 2, offset: rows / 2 },
          ],
          sink: collect,
        });
        expect((found as { k: number }[]).map(({ k }) => k)).toEqual([rows / 2 - 1, rows / 2 - 2]);
      }),
    240_000,
  );

  test(
    "joins with ten times as many rows",
    () =>
      within(async () => {
        const tasks = 16;
        const maps: MapLocation[] = [];
        for (let taskIndex = 0; taskIndex < tasks; taskIndex++) {
          const made = await run(
            {
              source: { ...range, tasks },
              operators: [select({ k: scattered, text: long })],
              sink: { kind: "shuffle", partitioner: { kind: "single" } },
            },
            { outputPartitions: 1, taskIndex },
          );
          maps.push({ taskIndex, workerId: "w1", address: "", token: made as number, stageId: 0 });
        }
        const input = { stageId: 0, partition: 0, maps: "all" } as const;
        const found = await run(
          {
            source: range,
            operators: [
              {
                ...{ kind: "join", node: 2, type: "inner", rightNames: [] },
                on: [{ left: column("value"), right: column("k") }],
                build: { stageId: 0, pipeline: "left" },
              },
              { kind: "limit", node: 3, rows: 1, offset: rows - 1 },
            ],
            sink: collect,
          },
          { stageId: 1, inputs: [{ input, maps }] },
        );
        expect(found).toMatchObject([{ value: rows - 1, k: rows - 1 }]);
      }),
    240_000,
  );
});
