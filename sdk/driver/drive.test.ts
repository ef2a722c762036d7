// Driver programs run to their end and replayed, on a host that answers from a list.

import { describe, expect, test } from "vitest";
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
  paramsJson: '{"input":"in.txt"}',
  seed: 7,
  submittedWallMs: 1_700_000_000_000,
  workingFolder: "/base",
};

function jobOf(run: (mr: Millrace, params: { input: string }) => Promise<unknown>) {
  return createBundle(defineJob({ name: "tested", params: z.object({ input: z.string() }), run }));
}

interface Started {
  readonly actionIndex: number;
  readonly planDigest: string;
  readonly label: string;
}

/** Answers action `n` with `answers[n]`, and notes what was started. */
function fakeHost(answers: readonly (ActionOutcome | Promise<ActionOutcome> | Error)[]) {
  const started: Started[] = [];
  const listed: string[] = [];
  const host: DriverHost = {
    describeInput: async (format: string) => {
      throw new Error(`nothing is read here, not even ${format}`);
    },
    listInputs: async (pattern) => {
      listed.push(pattern);
      return [{ uri: pattern, sizeBytes: 100 }];
    },
    recordedOutcome: async () => undefined,
    runAction: async ({ graph }) => {
      started.push(graph);
      const answer = answers[graph.actionIndex];
      if (answer === undefined) throw new Error(`action ${graph.actionIndex} was not expected`);
      if (answer instanceof Error) throw answer;
      return await answer;
    },
  };
  return { host, started, listed };
}

const rows = (...parts: readonly (readonly unknown[])[]): ActionOutcome => ({
  kind: "result",
  parts: parts.map(encodeValue),
});
const counted = (...counts: readonly number[]): ActionOutcome => ({
  kind: "result",
  parts: counts.map(encodeValue),
});

describe("drive", () => {
  test("runs actions in order and answers what run returned", async () => {
    const bundle = jobOf(async (mr, { input }) => {
      const lines = mr.read.text(input);
      const total = await lines.count();
      const firstTwo = await lines.take(2);
      const output = await lines.write.text("out");
      return { total, firstTwo, uri: output.folderUri, at: mr.now() };
    });
    const output = { folderUri: "file:///base/out/", files: 1, rows: 3, bytes: 9 };
    const { host, started, listed } = fakeHost([
      counted(2, 1),
      rows(["a", "b"], ["c", "d"]),
      { kind: "committed", output },
    ]);
    expect(decodeValue(await bundle.drive(context, host))).toEqual({
      total: 3,
      firstTwo: ["a", "b"],
      uri: "file:///base/out/",
      at: 1_700_000_000_000,
    });
    expect(started.map((graph) => graph.label)).toEqual([
      "count",
      "collect",
      "write text file:///base/out/",
    ]);
    expect(listed).toEqual(Array(3).fill("file:///base/in.txt"));
  });

  test("a checkpoint is written to a scratch folder, and plans begin with what is read there", async () => {
    const bundle = jobOf(async (mr, { input }) => {
      const kept = await mr.read.text(input).map(String).checkpoint();
      return await kept.count();
    });
    const folderUri = "mem://scratch/job-1/_checkpoint-0/";
    const output = { folderUri, files: 1, rows: 3, bytes: 9 };
    const { host, started, listed } = fakeHost([{ kind: "committed", output }, counted(3)]);
    const scratchUri = "mem://scratch/job-1/";
    expect(decodeValue(await bundle.drive(context, { ...host, scratchUri }))).toBe(3);
    expect(listed).toEqual(["file:///base/in.txt", folderUri]);
    const [written, counting] = started as unknown as readonly StageGraph[];
    expect(written!.stages.at(-1)!.output).toMatchObject({ format: "checkpoint", folderUri });
    expect(counting!.stages.map(({ label }) => label)).toEqual(["read checkpoint"]);
  });

  test("a driver that goes on after a checkpoint does not look for what was read before it", async () => {
    const bundle = jobOf(async (mr, { input }) => {
      const kept = await mr.read.text(input).checkpoint();
      return await kept.count();
    });
    const folderUri = "mem://scratch/job-1/_checkpoint-0/";
    const output = { folderUri, files: 1, rows: 3, bytes: 9 };
    const { host, listed } = fakeHost([{ kind: "committed", output }, counted(3)]);
    const recorded = { kind: "committed", output } as const;
    const recordedOutcome = async (index: number) => (index === 0 ? recorded : undefined);
    const value = await bundle.drive(context, { ...host, recordedOutcome });
    expect([decodeValue(value), listed]).toEqual([3, [folderUri]]);
  });

  test.each([
    ["their footers answer", async () => 7, 0],
    ["footers that cannot be read are left to tasks", () => Promise.reject(new Error("torn")), 1],
  ])("counts Parquet files: %s", async (_, countRows, stages) => {
    const bundle = jobOf((mr, { input }) => mr.read.parquet(input).count());
    const { host, started } = fakeHost([counted(7)]);
    const describeInput = async () => ({ fields: [] });
    expect(await bundle.drive(context, { ...host, describeInput, countRows })).toBe("7");
    expect((started as unknown as readonly StageGraph[])[0]!.stages).toHaveLength(stages);
  });

  test("a checkpoint to a folder of the job's choice needs no scratch folder; without either it is refused", async () => {
    const folderUri = "file:///base/kept/";
    const output = { folderUri, files: 1, rows: 3, bytes: 9 };
    const placed = jobOf(async (mr, { input }) => {
      await mr.read.text(input).checkpoint({ folder: "kept" });
    });
    const { host, started } = fakeHost([{ kind: "committed", output }]);
    await placed.drive(context, host);
    expect(started[0]!.label).toBe(`checkpoint ${folderUri}`);
    const unplaced = jobOf(async (mr, { input }) => void (await mr.read.text(input).checkpoint()));
    await expect(unplaced.drive(context, host)).rejects.toMatchObject({
      code: "PLAN_INVALID",
      message: expect.stringMatching(
        /no scratch folder. Set MILLRACE_SCRATCH .* checkpoint\({ folder }\)/,
      ),
    });
  });

  test("of two limits at the end the smaller counts, over all tasks together", async () => {
    const bundle = jobOf(async (mr, { input }) => await mr.read.text(input).limit(2).take(5));
    const { host } = fakeHost([rows(["a"], ["b", "c"], ["d"])]);
    expect(decodeValue(await bundle.drive(context, host))).toEqual(["a", "b"]);
  });

  test("a job may catch a failure and answer otherwise, also of one of two actions", async () => {
    const bundle = jobOf(async (mr, { input }) => {
      const lines = mr.read.text(input);
      const ended = await Promise.allSettled([lines.count(), lines.map(String).count()]);
      return ended.map(({ status }) => status);
    });
    const error = { code: "USER_CODE_FAILED", message: "no", details: {} } as const;
    const { host } = fakeHost([{ kind: "failed", error }, counted(3)]);
    expect(decodeValue(await bundle.drive(context, host))).toEqual(["rejected", "fulfilled"]);
  });

  test("an action answered with an outcome of another kind is refused", async () => {
    const bundle = jobOf(async (mr, { input }) => await mr.read.text(input).count());
    const output = { folderUri: "file:///out/", files: 1, rows: 3, bytes: 9 };
    const { host } = fakeHost([{ kind: "committed", output }]);
    await expect(bundle.drive(context, host)).rejects.toMatchObject({ code: "MESSAGE_INVALID" });
  });

  test("inputs that are empty are told with their name, before anything is run", async () => {
    const bundle = jobOf(async (mr, { input }) => await mr.read.text(input).count());
    const { host, started } = fakeHost([]);
    const listInputs = async (uri: string) => [{ uri, sizeBytes: 0 }];
    const driven = bundle.drive(context, { ...host, listInputs });
    await expect(driven).rejects.toMatchObject({ code: "INPUT_EMPTY" });
    await expect(driven).rejects.toThrow("file:///base/in.txt is empty");
    expect(started).toEqual([]);
  });

  test("actions may run side by side, and end in any order", async () => {
    const bundle = jobOf(async (mr, { input }) => {
      const lines = mr.read.text(input);
      return await Promise.all([lines.count(), lines.map((line) => line.length).count()]);
    });
    let endFirst: (outcome: ActionOutcome) => void = () => {};
    const first = new Promise<ActionOutcome>((resolve) => {
      endFirst = resolve;
    });
    const { host, started } = fakeHost([first, counted(9)]);
    const driven = bundle.drive(context, host);
    while (started.length < 2) await Promise.resolve();
    endFirst(counted(4));
    expect(decodeValue(await driven)).toEqual([4, 9]);
  });

  test("numbers of later actions do not depend on which of two chains was faster", async () => {
    const program = async (mr: Millrace, { input }: { input: string }): Promise<unknown> => {
      const chain = async (name: string, pauses: number) => {
        const lines = mr.read.text(input).filter(() => name !== "");
        const total = await lines.count();
        for (let i = 0; i < pauses; i++) await undefined;
        return await lines.limit(total).write.text(name);
      };
      return await Promise.all([chain("slow", 20), chain("fast", 0)]);
    };
    const labels = async (order: readonly number[]) => {
      const ends: ((outcome: ActionOutcome) => void)[] = [];
      const counts = [0, 1].map(
        (at) =>
          new Promise<ActionOutcome>((resolve) => {
            ends[at] = resolve;
          }),
      );
      const output = { folderUri: "file:///base/out/", files: 1, rows: 3, bytes: 9 };
      const done: ActionOutcome = { kind: "committed", output };
      const { host, started } = fakeHost([...counts, done, done]);
      const driven = jobOf(program).drive(context, host);
      while (started.length < 2) await Promise.resolve();
      for (const at of order) {
        ends[at]?.(counted(1));
        for (let turn = 0; turn < 1000; turn++) await Promise.resolve();
      }
      await driven;
      return [...started].sort((a, b) => a.actionIndex - b.actionIndex).map(({ label }) => label);
    };
    const slowFirst = await labels([0, 1]);
    expect(slowFirst.slice(2)).toEqual([
      "write text file:///base/slow/",
      "write text file:///base/fast/",
    ]);
    expect(await labels([1, 0])).toEqual(slowFirst);
  });

  test("a recorded outcome is not run again", async () => {
    const bundle = jobOf(async (mr, { input }) => await mr.read.text(input).count());
    const { host, started } = fakeHost([]);
    const durable = { ...host, recordedOutcome: async () => counted(41, 1) };
    expect(decodeValue(await bundle.drive(context, durable))).toBe(42);
    expect(started).toEqual([]);
  });

  test("a failed action throws into run, which may catch it", async () => {
    const bundle = jobOf(async (mr, { input }) => {
      try {
        return await mr.read.text(input).count();
      } catch (error) {
        return error instanceof EngineError ? error.code : "something else";
      }
    });
    const error = { code: "USER_CODE_FAILED", message: "no", details: {} } as const;
    const { host } = fakeHost([{ kind: "failed", error }]);
    expect(decodeValue(await bundle.drive(context, host))).toBe("USER_CODE_FAILED");
  });

  test("what is not recorded ends the job, even where run would catch it", async () => {
    const bundle = jobOf(
      async (mr, { input }) =>
        await mr.read
          .text(input)
          .count()
          .catch(() => 0),
    );
    const { host } = fakeHost([new EngineError("JOB_CANCELLED", "cancelled")]);
    await expect(bundle.drive(context, host)).rejects.toMatchObject({ code: "JOB_CANCELLED" });
  });

  test("an action that nobody awaits is refused", async () => {
    const bundle = jobOf(async (mr, { input }) => void mr.read.text(input).count());
    const { host } = fakeHost([new Promise<ActionOutcome>(() => {})]);
    await expect(bundle.drive(context, host)).rejects.toThrow(/still running; put await/);
  });

  test("a folder given without its last slash is found", async () => {
    const bundle = jobOf(async (mr) => await mr.read.text("s3://bucket/logs").count());
    const { host } = fakeHost([counted(1)]);
    const listed: string[] = [];
    const picky: DriverHost = {
      ...host,
      listInputs: async (pattern) => {
        listed.push(pattern);
        if (!pattern.endsWith("/")) throw new EngineError("INPUT_NOT_FOUND", "none");
        return [{ uri: `${pattern}a`, sizeBytes: 1 }];
      },
    };
    expect(decodeValue(await bundle.drive(context, picky))).toBe(1);
    expect(listed).toEqual(["s3://bucket/logs", "s3://bucket/logs/"]);
  });

  test("random numbers follow the seed", async () => {
    const bundle = jobOf(async (mr) => [mr.random(), mr.random()]);
    const { host } = fakeHost([]);
    const draw = async (seed: number) =>
      decodeValue(await bundle.drive({ ...context, seed }, host)) as number[];
    const [a, b] = await draw(7);
    expect(await draw(7)).toEqual([a, b]);
    expect(await draw(8)).not.toEqual([a, b]);
    expect(a).not.toBe(b);
    expect(a).toBeGreaterThanOrEqual(0);
    expect(a).toBeLessThan(1);
  });
});

describe("replay", () => {
  const centers = jobOf(async (mr, { input }) => {
    const points = mr.read.text(input).map(Number);
    let center = mr.random();
    for (let round = 0; round < 3; round++) {
      const [nearest = 0] = await points.map((point) => Math.abs(point - center)).collect();
      center = nearest + round;
    }
    return center;
  });

  test("functions come with what they captured of earlier results", async () => {
    const answers = [rows([5]), rows([10]), rows([20])];
    const { host, started } = fakeHost(answers);
    await centers.drive(context, host);
    const third = started[2];
    const closures = await centers.replay({
      context,
      history: answers.slice(0, 2),
      actionIndex: 2,
      planDigest: third?.planDigest ?? "",
    });
    // Nodes: read 0, map(Number) 1, and one map for each round.
    const distance = closures.closure(4) as unknown as (point: number) => number;
    expect(distance(100)).toBe(100 - (10 + 1));
    expect((closures.closure(1) as unknown as (text: string) => number)("17")).toBe(17);
    expect(() => closures.closure(0)).toThrow(/step #0 .* has no function/);
  });

  test("clock and dice are those of the first run", async () => {
    const seen: number[][] = [];
    const bundle = jobOf(async (mr, { input }) => {
      seen.push([mr.now(), mr.random(), mr.random()]);
      await mr.read.text(input).count();
      seen.push([mr.random()]);
      await mr.read.text(input).count();
    });
    const { host, started } = fakeHost([counted(1), counted(1)]);
    await bundle.drive(context, host);
    const planDigest = started[1]?.planDigest ?? "";
    await bundle.replay({ context, history: [counted(1)], actionIndex: 1, planDigest });
    expect(seen.slice(2)).toEqual(seen.slice(0, 2));
  });

  test("stops at the action: what follows is not run", async () => {
    let after = 0;
    const bundle = jobOf(async (mr, { input }) => {
      await mr.read.text(input).count();
      after++;
    });
    const { host, started } = fakeHost([counted(1)]);
    await bundle.drive(context, host);
    expect(after).toBe(1);
    const planDigest = started[0]?.planDigest ?? "";
    await bundle.replay({ context, history: [], actionIndex: 0, planDigest });
    for (let turn = 0; turn < 1000; turn++) await Promise.resolve();
    expect(after).toBe(1);
  });

  test("an action beside one that still runs can be replayed", async () => {
    const bundle = jobOf(async (mr, { input }) => {
      const lines = mr.read.text(input);
      return await Promise.all([lines.count(), lines.map((line) => `${line}!`).collect()]);
    });
    const { host, started } = fakeHost([counted(1), rows(["a"])]);
    await bundle.drive(context, host);
    const planDigest = started[1]?.planDigest ?? "";
    const request = { context, history: [undefined], actionIndex: 1, planDigest };
    const { closure } = await bundle.replay(request);
    expect((closure(1) as unknown as (line: string) => string)("b")).toBe("b!");
  });

  test("a recorded failure is thrown again", async () => {
    const bundle = jobOf(async (mr, { input }) => {
      const lines = mr.read.text(input);
      const suffix = await lines.count().catch((error: unknown) => (error as EngineError).code);
      return await lines.map((line) => line + suffix).collect();
    });
    const error = { code: "USER_CODE_FAILED", message: "no", details: {} } as const;
    const failed: ActionOutcome = { kind: "failed", error };
    const { host, started } = fakeHost([failed, rows(["x"])]);
    await bundle.drive(context, host);
    const planDigest = started[1]?.planDigest ?? "";
    const request = { context, history: [failed], actionIndex: 1, planDigest };
    const { closure } = await bundle.replay(request);
    expect((closure(1) as unknown as (line: string) => string)("a")).toBe("aUSER_CODE_FAILED");
  });

  test("another plan than at first names the step", async () => {
    let isReplay = false;
    const bundle = jobOf(async (mr, { input }) => {
      const lines = mr.read.text(input);
      await (isReplay ? lines.filter(() => true) : lines.map((line) => line)).count();
    });
    const { host, started } = fakeHost([counted(1)]);
    await bundle.drive(context, host);
    isReplay = true;
    const planDigest = started[0]?.planDigest ?? "";
    const replayed = bundle.replay({ context, history: [], actionIndex: 0, planDigest });
    await expect(replayed).rejects.toMatchObject({ code: "PLAN_DIVERGED" });
    await expect(replayed).rejects.toThrow(
      /where map#1 was planned at first, there is now filter#1/,
    );
  });

  test.each([
    ["returned", async () => undefined],
    [
      "threw",
      async () => {
        throw new TypeError("odd");
      },
    ],
  ])("a run that %s before the action is told", async (what, run) => {
    const replayed = jobOf(run).replay({
      context,
      history: [],
      actionIndex: 0,
      planDigest: "count:1",
    });
    await expect(replayed).rejects.toMatchObject({ code: "PLAN_DIVERGED" });
    await expect(replayed).rejects.toThrow(
      `not reached when run was repeated: run ${what} before it`,
    );
  });
});
