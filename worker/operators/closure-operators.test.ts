// Operators that call the user's functions with more than one row, or wait for them.
import { describe, expect, test } from "vitest";
import { batchOfRows, makeBatch } from "../../proto/batch/batch.ts";
import { asyncRowsAheadMax } from "../../proto/limits.ts";
import type { OperatorProgram } from "../../proto/plan/program.ts";
import { int32Type } from "../../proto/plan/types.ts";
import { fakeClock } from "../../proto/testing/fake-clock.ts";
import {
  collect,
  type Functions,
  lines,
  readStage,
  rowsOf,
  TestCluster,
} from "../executor/test-cluster.ts";
import { columnOfValues } from "../kernels/testing/arbitrary-columns.ts";
import { operatorMemoryOf } from "../memory/memory-for-tests.ts";
import { type BatchView, batchOfAnswer, viewOf } from "./batch-view.ts";
import { cogroupStage } from "./keyed/keyed-values.ts";
import { mapAsyncStage } from "./map-async.ts";
import { gathering, rowsOfBatches, runStage, testUser } from "./testing/run-stage.ts";
import { TokenBucket } from "./token-bucket.ts";

async function run(
  functions: Functions,
  operators: readonly OperatorProgram[],
  rows: readonly unknown[],
): Promise<unknown[]> {
  return rowsOf(
    await new TestCluster(functions).run([readStage(lines([rows]), operators, collect)]),
  );
}

describe("mapPartitions", () => {
  const operators: OperatorProgram[] = [{ kind: "mapPartitions", node: 1 }];

  test("gets every row in order and yields as it likes", async () => {
    const functions: Functions = {
      1: function* (rows: Iterable<number>) {
        let sum = 0;
        for (const row of rows) {
          sum += row;
          yield sum;
        }
        yield "end";
      },
    };
    expect(await run(functions, operators, [1, 2, 3])).toEqual([1, 3, 6, "end"]);
    expect(
      await run({ 1: (rows: Iterable<number>) => [...rows].reverse() }, operators, [1, 2]),
    ).toEqual([2, 1]);
    expect(await run({ 1: () => [] }, operators, [1])).toEqual([]);
  });

  test("an endless generator ends at the limit, and is told to clean up", async () => {
    let cleaned = false;
    const functions: Functions = {
      1: function* () {
        try {
          for (let i = 0; ; i++) yield i;
        } finally {
          cleaned = true;
        }
      },
    };
    expect(await run(functions, [...operators, { kind: "limit", node: 2, rows: 2 }], [1])).toEqual([
      0, 1,
    ]);
    expect(cleaned).toBe(true);
  });

  test("what it throws names the row", async () => {
    const functions: Functions = {
      1: function* (rows: Iterable<number>) {
        for (const row of rows) {
          if (row === 7) throw new Error("seven");
          yield row;
        }
      },
    };
    await expect(run(functions, operators, [5, 6, 7])).rejects.toMatchObject({
      ...{ code: "USER_CODE_FAILED", message: "Error: seven" },
      details: { operator: "mapPartitions#1", row: 2 },
    });
    await expect(run({ 1: () => 5 as never }, operators, [1])).rejects.toMatchObject({
      code: "VALUE_UNSUPPORTED",
    });
  });
});

describe("mapBatches", () => {
  test("columns are typed arrays, nulls are marked", () => {
    const batch = makeBatch("record", [
      columnOfValues("f", "float64", [0.5, null]),
      columnOfValues("i", "int32", [1, 2]),
      columnOfValues("s", "int53", [2 ** 40, -1]),
      columnOfValues("b", "int64", [2n ** 60n, -1n]),
      columnOfValues("t", "utf8", ["é", "x"]),
      columnOfValues("o", "bool", [true, false]),
      columnOfValues("d", "timestamp", [new Date(5), new Date(-1)]),
    ]);
    const { rows, columns } = viewOf(batch);
    expect(rows).toBe(2);
    expect(Object.keys(columns)).toEqual(["f", "i", "s", "b", "t", "o", "d"]);
    expect(columns["f"]).toMatchObject({ valid: Uint8Array.of(1, 0) });
    expect(columns["i"]!.values).toEqual(Int32Array.of(1, 2));
    expect(columns["s"]!.values).toEqual(Float64Array.of(2 ** 40, -1));
    expect(columns["b"]!.values).toEqual(BigInt64Array.of(2n ** 60n, -1n));
    expect(columns["t"]!.values).toEqual(["é", "x"]);
    expect(columns["o"]!.values).toEqual(Uint8Array.of(1, 0));
    expect(columns["d"]!.values).toEqual(Float64Array.of(5, -1));
    expect(rowsOfBatches([batchOfAnswer({ ...columns, d: [1, 2] })!])).toEqual([
      { f: 0.5, i: 1, s: 2 ** 40, b: 2n ** 60n, t: "é", o: true, d: 1 },
      { f: null, i: 2, s: -1, b: -1n, t: "x", o: false, d: 2 },
    ]);
  });

  test("answers columns, rows or nothing; with a schema they must fit it", async () => {
    const node = { kind: "mapBatches", node: 1 } as const;
    const doubled = ({ columns }: BatchView) => ({
      v: Float64Array.from(columns["value"]!.values as Float64Array, (v) => v * 2),
      w: { values: Int32Array.of(1, 2), valid: Uint8Array.of(1, 0) },
    });
    expect(await run({ 1: doubled }, [node], [1, 2])).toEqual([
      { v: 2, w: 1 },
      { v: 4, w: null },
    ]);
    expect(await run({ 1: ({ rows }: BatchView) => [{ rows }, "x"] }, [node], [1, 2])).toEqual([
      { rows: 2 },
      "x",
    ]);
    expect(await run({ 1: () => ({ v: [] }) }, [node], [1])).toEqual([]);
    const schema = { fields: [{ name: "v", type: int32Type, nullable: false }] };
    expect(await run({ 1: doubled }, [{ ...node, schema }], [1, 2])).toEqual([{ v: 2 }, { v: 4 }]);
    const wrong = run({ 1: () => ({ v: [1.5] }) }, [{ ...node, schema }], [1]);
    await expect(wrong).rejects.toMatchObject({
      ...{
        code: "INPUT_MALFORMED",
        message: expect.stringContaining("column v: 1.5 does not fit v: int32"),
      },
      details: { row: 0 },
    });
    const uneven = run({ 1: () => ({ a: [1], b: [1, 2] }) }, [node], [1]);
    await expect(uneven).rejects.toThrow("1 values for column a and 2 for column b");
    await expect(run({ 1: () => 5 }, [node], [1])).rejects.toThrow("returned number");
  });
});

describe("mapAsync", () => {
  const operators: OperatorProgram[] = [
    { kind: "mapAsync", node: 1, concurrency: 3, ratePerSecond: 0 },
  ];

  test("keeps the order and never runs more calls than allowed", async () => {
    let running = 0;
    let most = 0;
    const call = async (n: number) => {
      most = Math.max(most, ++running);
      for (let turn = 0; turn < (n * 7) % 5; turn++) await Promise.resolve();
      running--;
      return n * 2;
    };
    const rows = Array.from({ length: 2 * asyncRowsAheadMax }, (_, i) => i);
    expect(await run({ 1: call }, operators, rows)).toEqual(rows.map((n) => n * 2));
    expect(most).toBe(3);
  });

  test("a call that rejects or throws names its row", async () => {
    for (const fail of [
      async () => Promise.reject(new Error("no")),
      () => {
        throw new Error("no");
      },
    ]) {
      const call = (n: number) => (n === 4 ? fail() : Promise.resolve(n));
      await expect(run({ 1: call }, operators, [1, 2, 3, 4, 5])).rejects.toMatchObject({
        ...{ code: "USER_CODE_FAILED", message: "Error: no" },
        details: { operator: "mapAsync#1", row: 3 },
      });
    }
  });

  test("answers wait for a slow one before them, and calls stop when too many do", async () => {
    let release: (() => void) | undefined;
    let begun = 0;
    const call = (n: number) => {
      begun++;
      return n === 0
        ? new Promise((resolve) => {
            release = () => resolve(n);
          })
        : Promise.resolve(n);
    };
    const next = gathering();
    const stage = mapAsyncStage(
      call as never,
      { concurrency: 4, limiter: undefined },
      0,
      testUser(),
      next,
    );
    const count = 2 * asyncRowsAheadMax;
    stage.push(Array.from({ length: count }, (_, i) => i));
    const work = stage.drain!();
    for (let turn = 0; turn < 20 * count; turn++) await Promise.resolve();
    expect(begun).toBe(asyncRowsAheadMax);
    expect(next.batches).toEqual([]);
    release!();
    await work;
    for (const _ of stage.finish()) await stage.drain!();
    expect(rowsOfBatches(next.batches).length).toBe(count);
  });

  test("a limit ends the calls", async () => {
    const ended = [...operators, { kind: "limit", node: 2, rows: 2 } as const];
    expect(await run({ 1: async (n: number) => n }, ended, [1, 2, 3, 4])).toEqual([1, 2]);
  });
});

describe("a token bucket", () => {
  test("lets through its rate, and after a pause no more than that of a second", async () => {
    const clock = fakeClock();
    const bucket = new TokenBucket(clock, 10);
    let taken = 0;
    const user = async () => {
      for (;;) {
        await bucket.take(1);
        taken++;
        if (taken === 40) return;
      }
    };
    const done = user();
    await clock.advanceAsync(1000);
    expect(taken).toBe(11);
    await clock.advanceAsync(2900);
    expect(taken).toBe(40);
    await done;
    await clock.advanceAsync(60_000);
    const after = clock.nowMs();
    for (let i = 0; i < 11; i++) await bucket.take(1);
    expect(clock.nowMs()).toBe(after);
    let isThrough = false;
    const late = bucket.take(1).then(() => {
      isThrough = true;
    });
    await Promise.resolve();
    expect(isThrough).toBe(false);
    await clock.advanceAsync(100);
    await late;
  });
});

describe("pairs by key", () => {
  test("groupByKey gathers values, sorted where asked", async () => {
    const rows = [
      ["a", 3],
      [{ x: 1 }, 1],
      ["a", 1],
      [{ x: 1 }, 0],
      ["a", 2],
    ];
    const group = (sorted: boolean) => ({ kind: "groupByKey", node: 1, sorted }) as const;
    expect(await run({}, [group(false)], rows)).toEqual([
      ["a", [3, 1, 2]],
      [{ x: 1 }, [1, 0]],
    ]);
    expect(await run({ 1: (v: number) => -v }, [group(true)], rows)).toEqual([
      ["a", [3, 2, 1]],
      [{ x: 1 }, [1, 0]],
    ]);
    await expect(run({}, [group(false)], [1])).rejects.toThrow("where a pair [key, value] belongs");
  });

  test("aggregateByKey folds from a zero of its own for each key, and merges", async () => {
    const fold = (what: "add" | "merge", state: number[], other: never) => {
      if (what === "merge") return [...state, ...(other as number[])];
      state.push(other);
      return state;
    };
    const phase = (name: "partial" | "final") =>
      ({ kind: "aggregateByKey", node: 1, zeroJson: "[]", phase: name }) as const;
    const rows = [
      ["a", 1],
      ["b", 2],
      ["a", 3],
    ];
    const expected = [
      ["a", [1, 3]],
      ["b", [2]],
    ];
    expect(await run({ 1: fold }, [phase("partial")], rows)).toEqual(expected);
    expect(await run({ 1: fold }, [phase("partial"), phase("final")], rows)).toEqual(expected);
    const split = [
      ["a", [1]],
      ["b", [2]],
      ["a", [3]],
    ];
    expect(await run({ 1: fold }, [phase("final")], split)).toEqual(expected);
  });

  test("cogroup has the keys of both sides", () => {
    const left = [
      batchOfRows([
        ["a", 1],
        ["b", 2],
      ]),
      batchOfRows([["a", 3]]),
    ];
    const right = [
      batchOfRows([
        ["c", 9],
        ["a", 8],
      ]),
    ];
    const place = { index: 0, user: testUser(), memory: operatorMemoryOf() };
    expect(rowsOfBatches(runStage((next) => cogroupStage(1, place, next), left, right))).toEqual([
      ["c", [[], [9]]],
      ["a", [[1, 3], [8]]],
      ["b", [[2], []]],
    ]);
  });

  test("forEach sees every row and gives out none, and is awaited", async () => {
    const seen: unknown[] = [];
    const effect = async (rows: Iterable<unknown>): Promise<void> => {
      for (const row of rows) {
        await Promise.resolve();
        seen.push(row);
      }
    };
    expect(await run({ 1: effect }, [{ kind: "forEach", node: 1 }], [1, "x"])).toEqual([]);
    expect(seen).toEqual([1, "x"]);
  });

  test("what forEach rejects with ends the task, with its place", async () => {
    const effect = async (rows: Iterable<unknown>): Promise<void> => {
      for (const row of rows) if (row === "x") throw new Error("boom");
    };
    await expect(
      run({ 1: effect }, [{ kind: "forEach", node: 1 }], [1, "x"]),
    ).rejects.toMatchObject({
      code: "USER_CODE_FAILED",
      message: "Error: boom",
      details: { operator: "forEach#1", row: 1 },
    });
  });
});
