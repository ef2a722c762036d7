// Each operator and sink by itself, and what it says when user code is at fault.
import { describe, expect, test } from "vitest";
import { batchRows } from "../../proto/batch/batch.ts";
import { batchesOfBytes } from "../../proto/batch/ipc.ts";
import type { OperatorProgram, SinkProgram } from "../../proto/plan/program.ts";
import type { TaskResult } from "../../proto/ports/executor.ts";
import { runTask } from "../executor/run.ts";
import {
  collect,
  count,
  type Functions,
  jobId,
  lines,
  readStage,
  rowsOf,
  TestCluster,
} from "../executor/test-cluster.ts";
import { cellAt, cellsBytes, cellsOf } from "./cells.ts";

describe("operators", () => {
  async function runOne(
    functions: Functions,
    operators: readonly OperatorProgram[],
    rows: readonly unknown[],
    sink: SinkProgram = collect,
  ): Promise<{ readonly result: TaskResult; readonly uploads: Map<string, Uint8Array> }> {
    const cluster = new TestCluster(functions);
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
    expect(result.uploads).toMatchObject([{ uri, rows: 3, sizeBytes: 9, digest: result.digest }]);
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
    expect(none.result.uploads).toBeUndefined();
    expect(none.uploads.size).toBe(0);
    const refused = await runOne({}, [], [{ a: 1 }], write("text")).catch((e) => e);
    expect(refused).toMatchObject({
      code: "VALUE_UNSUPPORTED",
      details: { operator: "write text" },
    });
  });

  test("a stopped attempt ends at the next chunk", async () => {
    const cluster = new TestCluster();
    const cells = cellsOf(new ArrayBuffer(cellsBytes));
    cells.ints[cellAt.cancelled] = 1;
    const spec = cluster.spec([readStage(["1\n"], [], collect)], 0, 0);
    await expect(runTask(spec, cluster.world(0), cells)).rejects.toMatchObject({
      code: "LEASE_LOST",
    });
  });
});
