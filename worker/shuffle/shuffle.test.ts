// Sealed blocks that are missing, released, empty or damaged.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { batchOfRows, batchRows } from "../../proto/batch/batch.ts";
import type { BlockId } from "../../proto/ports/blocks.ts";
import { runTask } from "../executor/run.ts";
import {
  count,
  hashTo,
  jobId,
  lines,
  memoryFiles,
  readStage,
  reduceStage,
  rowsOf,
  single,
  TestCluster,
} from "../executor/test-cluster.ts";
import { ArraySpillFiles, operatorMemoryOf } from "../memory/memory-for-tests.ts";
import { cellsBytes, cellsOf } from "../operators/cells.ts";
import { hashBatches } from "./partition-batches.ts";
import { hashPartitioner, StrideSample } from "./partition-rows.ts";
import { blockProvider, ReleasedJobs } from "./provider.ts";
import { readShuffle } from "./read-shuffle.ts";
import { sealedPath } from "./sealed-files.ts";
import { shuffleSink } from "./shuffle-sink.ts";

describe("shuffle faults", () => {
  const stages = [readStage(lines([["a", "b"], ["c"]]), [], single, 1), reduceStage(0, 1, [])];
  const reading = async (spoil: (cluster: TestCluster) => void) => {
    const cluster = new TestCluster();
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
    const sizes = new TestCluster();
    await sizes.run([stages[0]!]);
    const size = sizes.files[0]!.all.get(path)!.length;
    const spoil = async (at: number, how: "flip" | "cut" | "add") => {
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
      expect(outcome, `${how} at byte ${at} of ${size}`).toMatchObject({
        code: "BLOCK_CORRUPT",
        details: { stageId: 0, taskIndex: 0, token: 7 },
      });
    };
    // Every byte, those between the blocks and the index too, which no checksum covers.
    for (let at = 0; at < size; at++) {
      for (const how of ["flip", "cut", "add"] as const) await spoil(at, how);
    }
  });

  test("released, missing and empty are three answers", async () => {
    const files = memoryFiles();
    const released = new ReleasedJobs();
    const provide = blockProvider(files, released);
    const cluster = new TestCluster();
    await cluster.run([readStage(lines([["a"]]), [count("partial")], hashTo("value", 4), 4)]);
    for (const [path, bytes] of cluster.files[0]!.all) files.all.set(path, bytes);
    const id = {
      jobId,
      actionIndex: 0,
      stageId: 0,
      taskIndex: 0,
      token: 7,
      partitions: 1,
      fromByte: 0,
      bytesMax: 1000,
    };
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

describe("partitions", () => {
  test("those side by side are read in one piece, and are what each alone would be", async () => {
    const words = lines([[..."abcdefgh"], [..."hgxyz"], []]);
    const stages = [
      readStage(words, [count("partial")], hashTo("value", 5), 5),
      reduceStage(0, 5, [count("final")]),
    ];
    const cluster = new TestCluster();
    const [map] = await cluster.run([stages[0]!]);
    expect(map?.partitionBytes).toBeUndefined();
    const asked: number[] = [];
    const rowsOfTask = async (first: number, count: number) => {
      const own = cluster.world(0);
      const fetch: typeof own.blocks.fetch = (address, block) => {
        asked.push(block.partitions);
        return own.blocks.fetch(address, block);
      };
      const world = { ...own, blocks: { ...own.blocks, fetch } };
      const spec = { ...cluster.spec(stages, 1, 0), partitions: { first, count } };
      return rowsOf([await runTask(spec, world, cellsOf(new ArrayBuffer(cellsBytes)))]);
    };
    const alone: unknown[][] = [];
    for (let partition = 0; partition < 5; partition++) alone.push(await rowsOfTask(partition, 1));
    expect(alone.flat()).toHaveLength(11);
    const text = (rows: readonly unknown[]) => rows.map((row) => JSON.stringify(row)).sort();
    for (const [first, count] of [
      [0, 5],
      [1, 2],
      [3, 2],
    ] as const) {
      asked.length = 0;
      const together = await rowsOfTask(first, count);
      expect(text(together)).toEqual(text(alone.slice(first, first + count).flat()));
      // One of the three maps lies with another worker.
      expect(asked).toEqual([count]);
    }
  });

  test("their sizes are told where they are asked for", async () => {
    const stage = readStage(lines([[..."abcdefgh"]]), [count("partial")], hashTo("value", 3), 3);
    const cluster = new TestCluster();
    const spec = { ...cluster.spec([stage], 0, 0), tellsPartitionBytes: true } as const;
    const cells = cellsOf(new ArrayBuffer(cellsBytes));
    const result = await runTask(spec, cluster.world(0), cells);
    expect(result.partitionBytes).toHaveLength(3);
    expect(result.partitionBytes!.reduce((sum, size) => sum + size, 0)).toBe(result.bytesOut);
  });

  test("a sample is every n-th row, whatever the chunks", () => {
    const cases = fc.tuple(fc.integer({ min: 1, max: 8 }), fc.array(fc.nat({ max: 30 })));
    fc.assert(
      fc.property(cases, ([samplesMax, chunks]) => {
        const sample = new StrideSample(samplesMax);
        let rows = 0;
        for (const length of chunks) {
          const first = rows;
          sample.add(Array.from({ length }, (_, index) => first + index));
          rows += length;
        }
        const taken = sample.take() as number[];
        const stride = taken.length > 1 ? taken[1]! - taken[0]! : Math.max(1, rows);
        const expected: number[] = [];
        for (let row = 0; row < rows; row += stride) expected.push(row);
        expect(taken).toEqual(expected);
        expect(taken.length).toBeGreaterThanOrEqual(Math.min(rows, samplesMax));
        expect(taken.length).toBeLessThan(2 * samplesMax + 1);
      }),
    );
  });

  test("equal keys meet, also records with their keys in another order", () => {
    const split = hashPartitioner("key", 97);
    const [one, two, text, number] = Array.from(
      split([
        [{ a: 1, b: "x" }, 0],
        [{ b: "x", a: 1 }, 0],
        ["1", 0],
        [1, 0],
      ]),
    );
    expect(one).toBe(two);
    expect(text).not.toBe(number);
  });
});

test("what a map wrote in many blocks is read in pieces of any size, here and from a peer", async () => {
  const partitions = 2;
  const key = { kind: "column", name: "k" } as const;
  const partitionOf = hashBatches({ kind: "hashColumns", keys: [key], partitions });
  const sizes = fc.record({
    block: fc.integer({ min: 1, max: 3000 }),
    piece: fc.integer({ min: 16, max: 9000 }),
  });
  const counts = fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(counts, sizes, fc.boolean(), async (rowsOfBatch, { block, piece }, isPeer) => {
      const files = memoryFiles();
      const location = { taskIndex: 0, workerId: "w1", address: "", token: 7 };
      const id = { jobId, actionIndex: 0, stageId: 0, taskIndex: 0, token: 7 };
      const options = { routing: { kind: "columns", partitionOf }, partitions, files } as const;
      const sink = shuffleSink({
        ...{ ...options, path: sealedPath(id), memory: operatorMemoryOf(), blockBytes: block },
      });
      const rows = rowsOfBatch.map((count, at) =>
        Array.from({ length: count }, (_, i) => ({ k: i % 5, text: `${at}.${i}` })),
      );
      for (const batch of rows) sink.pushBatch(batchOfRows(batch));
      await sink.seal();
      const provide = blockProvider(files, new ReleasedJobs());
      const blocks = { fetch: (_: string, wanted: BlockId) => provide(wanted), close: () => {} };
      const world = { workerId: isPeer ? "w2" : "w1", files, blocks, pieceBytes: piece };
      const found = [];
      for (let taskIndex = 0; taskIndex < partitions; taskIndex++) {
        const input = { stageId: 0, partition: "own", maps: "all" } as const;
        const read = { jobId, actionIndex: 0, taskIndex, input: { input, maps: [location] } };
        for await (const { batches } of readShuffle(world, read)) found.push(...batches);
      }
      const texts = (all: readonly unknown[]) => all.map((row) => JSON.stringify(row)).sort();
      expect(texts(found.flatMap(batchRows))).toEqual(texts(rows.flat()));
    }),
    { numRuns: 60 },
  );
});

test("a map task that may hold little seals the same bytes", async () => {
  const batches = Array.from({ length: 40 }, (_, number) =>
    batchOfRows(Array.from({ length: 50 }, (_, i) => ({ k: (i * 7 + number) % 13, t: `t${i}` }))),
  );
  const sealedBy = async (memoryBytes: number, spills: ArraySpillFiles) => {
    const files = memoryFiles();
    const sink = shuffleSink({
      routing: {
        kind: "columns",
        partitionOf: hashBatches({
          kind: "hashColumns",
          keys: [{ kind: "column", name: "k" }],
          partitions: 3,
        }),
      },
      partitions: 3,
      files,
      path: "sealed",
      memory: operatorMemoryOf(memoryBytes, spills),
    });
    for (const [at, batch] of batches.entries()) {
      sink.pushBatch(batch);
      // Rows of closures come between: what was divided before goes before.
      if (at % 10 === 9) sink.push([{ k: at, t: "row" }]);
    }
    const { digest } = await sink.seal();
    return { digest, bytes: files.all.get("sealed") };
  };
  const spills = new ArraySpillFiles();
  const whole = await sealedBy(2 ** 40, spills);
  expect(spills.created).toBe(0);
  expect(await sealedBy(1000, spills)).toEqual(whole);
  expect(spills.created).toBe(1);
  expect(spills.open).toBe(0);
});
