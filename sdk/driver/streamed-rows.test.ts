// for await over a dataset whose rows were written to a scratch folder: read some at a time, again on a replay.

import { expect, test } from "vitest";
import { z } from "zod";
import { EngineError } from "../../proto/errors.ts";
import type { ActionOutcome, DriverHost, JobContext } from "../../proto/plan/bundle.ts";
import type { StageGraph } from "../../proto/plan/stage.ts";
import { decodeValue, encodeValue } from "../../proto/plan/values.ts";
import { defineJob } from "../dataset/define-job.ts";
import type { Millrace } from "../dataset/millrace.ts";
import { createBundle } from "./create-bundle.ts";

const context: JobContext = {
  jobId: "job-1",
  paramsJson: "{}",
  seed: 7,
  submittedWallMs: 0,
  workingFolder: "/base",
};

const bundleOf = (run: (mr: Millrace) => Promise<unknown>) =>
  createBundle(defineJob({ name: "tested", params: z.object({}), run }));

const written: ActionOutcome = {
  kind: "committed",
  output: { folderUri: "mem://scratch/job-1/_rows-0/", files: 2, rows: 4, bytes: 9 },
};
const counted: ActionOutcome = { kind: "result", parts: [encodeValue(5)] };

/** Pieces of lines, and what became of their reading. */
function reading(pieces: readonly (readonly unknown[])[]) {
  const seen: string[] = [];
  async function* readLines(folderUri: string): AsyncGenerator<readonly string[]> {
    seen.push(`open ${folderUri}`);
    try {
      for (const piece of pieces) {
        seen.push(`read ${piece.length}`);
        yield piece.map(encodeValue);
      }
    } finally {
      seen.push("close");
    }
  }
  return { seen, readLines };
}

function hostOf(
  outcomes: readonly ActionOutcome[],
  more: Pick<DriverHost, "readLines" | "scratchUri">,
): { readonly host: DriverHost; readonly graphs: StageGraph[] } {
  const graphs: StageGraph[] = [];
  const host: DriverHost = {
    describeInput: async () => ({ fields: [] }),
    listInputs: async (uri) => [{ uri, sizeBytes: 10 }],
    recordedOutcome: async () => undefined,
    runAction: async ({ graph }) => {
      graphs.push(graph);
      return outcomes[graph.actionIndex]!;
    },
    ...more,
  };
  return { host, graphs };
}

const scratchUri = "mem://scratch/job-1/";
const rows = [1, "two", { three: 3n }, null];

test("rows are written to a folder of their action, and come as they are", async () => {
  const bundle = bundleOf(async (mr) => {
    const found: unknown[] = [];
    for await (const row of mr.read.text("in.txt")) found.push(row);
    return found;
  });
  const { seen, readLines } = reading([rows.slice(0, 3), rows.slice(3)]);
  const { host, graphs } = hostOf([written], { readLines, scratchUri });
  expect(decodeValue(await bundle.drive(context, host))).toEqual(rows);
  expect(graphs[0]!.stages.at(-1)!.output).toEqual({
    kind: "output",
    format: "text",
    folderUri: "mem://scratch/job-1/_rows-0/",
  });
  expect(seen).toEqual(["open mem://scratch/job-1/_rows-0/", "read 3", "read 1", "close"]);
});

test("a program that leaves the loop reads no further", async () => {
  const bundle = bundleOf(async (mr) => {
    for await (const row of mr.read.text("in.txt")) return row;
    return undefined;
  });
  const { seen, readLines } = reading([rows, rows, rows]);
  const { host } = hostOf([written], { readLines, scratchUri });
  expect(decodeValue(await bundle.drive(context, host))).toBe(1);
  expect(seen).toEqual(["open mem://scratch/job-1/_rows-0/", "read 4", "close"]);
});

test("rows that can be read no more end the job, whatever the program catches", async () => {
  const bundle = bundleOf(async (mr) => {
    try {
      for await (const row of mr.read.text("in.txt")) void row;
    } catch {
      return "caught";
    }
    return "read";
  });
  const gone = new EngineError("INPUT_UNREADABLE", "gone");
  async function* readLines(): AsyncGenerator<readonly string[]> {
    yield [encodeValue(1)];
    throw gone;
  }
  const { host } = hostOf([written], { readLines, scratchUri });
  await expect(bundle.drive(context, host)).rejects.toBe(gone);
});

test("a replay reads them again, and interleaves with actions as the first run did", async () => {
  const bundle = bundleOf(async (mr) => {
    const order: unknown[] = [];
    const lines = mr.read.text("in.txt");
    const looped = (async () => {
      for await (const row of lines) order.push(row);
    })();
    const total = lines.count().then((count) => order.push(`count ${count}`));
    await Promise.all([looped, total]);
    await lines.map((line) => `${line} ${order.join()}`).count();
    return order;
  });
  const pieces = [[1, 2], [3], [4]];
  const outcomes = [written, counted, counted];
  const { host, graphs } = hostOf(outcomes, { readLines: reading(pieces).readLines, scratchUri });
  const order = decodeValue(await bundle.drive(context, host)) as readonly unknown[];
  expect(order.filter((entry) => typeof entry === "number")).toEqual([1, 2, 3, 4]);
  const { seen, readLines } = reading(pieces);
  const replayed = await bundle.replay({
    context,
    history: outcomes.slice(0, 2),
    actionIndex: 2,
    planDigest: graphs[2]!.planDigest,
    readLines,
  });
  const map = replayed.closure(1) as unknown as (line: string) => string;
  expect(map("x")).toBe(`x ${order.join()}`);
  expect(seen.at(-1)).toBe("close");
});

test("without a scratch folder rows are the recorded result", async () => {
  const bundle = bundleOf(async (mr) => {
    const found: unknown[] = [];
    for await (const row of mr.read.text("in.txt").limit(3)) found.push(row);
    return found;
  });
  const parts = [encodeValue([1, 2]), encodeValue([3, 4])];
  const { host, graphs } = hostOf([{ kind: "result", parts }], {});
  expect(decodeValue(await bundle.drive(context, host))).toEqual([1, 2, 3]);
  expect(graphs[0]!.stages.at(-1)!.output).toEqual({ kind: "result" });
});
