// A replay that goes on from action to action stands where one that began anew would stand.

import { expect, test } from "vitest";
import { z } from "zod";
import type { ActionOutcome, DriverHost, JobContext } from "../../proto/plan/bundle.ts";
import { encodeValue } from "../../proto/plan/values.ts";
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

/** Digests of the actions, by their numbers; outcomes answer them in order. */
async function digestsOf(
  bundle: ReturnType<typeof bundleOf>,
  outcomes: readonly ActionOutcome[],
): Promise<readonly string[]> {
  const digests: string[] = [];
  const host: DriverHost = {
    describeInput: async () => ({ fields: [] }),
    listInputs: async (uri) => [{ uri, sizeBytes: 1e9 }],
    recordedOutcome: async () => undefined,
    runAction: async ({ graph }) => {
      digests[graph.actionIndex] = graph.planDigest;
      return outcomes[graph.actionIndex]!;
    },
  };
  await bundle.drive(context, host);
  return digests;
}

const counted = (count: number): ActionOutcome => ({ kind: "result", parts: [encodeValue(count)] });

test("functions see what the program knows at their action", async () => {
  let runs = 0;
  const bundle = bundleOf(async (mr) => {
    runs++;
    let offset = 0;
    const numbers = mr.range(10);
    for (let round = 0; round < 4; round++) offset += await numbers.map((n) => n + offset).count();
  });
  const history = [counted(10), counted(20), counted(30), counted(40)];
  const digests = await digestsOf(bundle, history);
  runs = 0;
  const request = (actionIndex: number) => ({
    ...{ context, actionIndex, history: history.slice(0, actionIndex) },
    planDigest: digests[actionIndex]!,
  });
  const replayed = await bundle.replay(request(0));
  const added = (node: number) => (replayed.closure(node) as unknown as (n: number) => number)(1);
  expect(added(1)).toBe(1);
  await replayed.goOn(request(1));
  expect(added(2)).toBe(11);
  await replayed.goOn(request(3));
  expect(added(4)).toBe(61);
  expect(runs).toBe(1);
});

test("a dataset inside of a function is refused, and does not disturb what follows", async () => {
  const bundle = bundleOf(async (mr) => {
    const numbers = mr.range(10);
    await numbers.map(() => numbers.count()).count();
    await numbers.map(() => numbers.map((n) => n)).count();
    await numbers.map((n) => n + 1).count();
  });
  const history = [counted(1), counted(2), counted(3)];
  const digests = await digestsOf(bundle, history);
  let running: string | undefined;
  const request = (actionIndex: number) => ({
    ...{ context, actionIndex, history: history.slice(0, actionIndex) },
    planDigest: digests[actionIndex]!,
    functionRunning: () => running,
  });
  const replayed = await bundle.replay(request(0));
  const called = (node: number): unknown => {
    running = `map#${node}`;
    try {
      return (replayed.closure(node) as unknown as (n: number) => unknown)(1);
    } finally {
      running = undefined;
    }
  };
  await expect(called(1)).rejects.toThrow(
    /count was started inside the function of map#1; .* join/,
  );
  await replayed.goOn(request(1));
  expect(() => called(2)).toThrow(/a dataset was made inside the function of map#2/);
  await replayed.goOn(request(2));
  expect(called(3)).toBe(2);
});

test("actions that counted a side of a join have numbers of their own on the way", async () => {
  const bundle = bundleOf(async (mr) => {
    const big = mr.read.csv("big/", { header: true });
    const small = big.filter((row) => row.a !== "");
    const [rows, lines] = await Promise.all([
      big.join(small, "a").count(),
      mr.read.text("lines/").count(),
    ]);
    await mr
      .range(rows + lines)
      .map((n) => n + rows)
      .count();
  });
  const history: ActionOutcome[] = [
    { ...(counted(5) as Extract<ActionOutcome, { kind: "result" }>), measured: true },
    counted(100),
    counted(7),
    counted(107),
  ];
  const digests = await digestsOf(bundle, history);
  expect(digests).toHaveLength(4);
  const request = (actionIndex: number) => ({
    ...{ context, actionIndex, history: history.slice(0, actionIndex) },
    planDigest: digests[actionIndex]!,
  });
  const replayed = await bundle.replay(request(0));
  for (const actionIndex of [1, 2, 3]) await replayed.goOn(request(actionIndex));
  const last = replayed.closure(5) as unknown as (n: number) => number;
  expect(last(1)).toBe(101);
});

test("a program that goes on otherwise is refused", async () => {
  let isOther = false;
  const bundle = bundleOf(async (mr) => {
    const numbers = mr.range(10);
    await numbers.count();
    await (isOther ? numbers.distinct() : numbers.map(String)).count();
  });
  const history = [counted(10), counted(10)];
  const digests = await digestsOf(bundle, history);
  isOther = true;
  const first = { context, history: [], actionIndex: 0, planDigest: digests[0]! };
  const replayed = await bundle.replay(first);
  const next = { context, history: [counted(10)], actionIndex: 1, planDigest: digests[1]! };
  await expect(replayed.goOn(next)).rejects.toMatchObject({ code: "PLAN_DIVERGED" });
  const after = { context, history, actionIndex: 2, planDigest: "count#9:0" };
  await expect(replayed.goOn(after)).rejects.toThrow("run returned before it");
});
