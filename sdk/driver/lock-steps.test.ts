// Locks in driver programs: numbered among the actions, recorded like them, and the same on every replay.

import { expect, test } from "vitest";
import { z } from "zod";
import type { ActionOutcome, DriverHost, JobContext } from "../../proto/plan/bundle.ts";
import type { StageGraph } from "../../proto/plan/stage.ts";
import { decodeValue, encodeValue } from "../../proto/plan/values.ts";
import { defineJob } from "../dataset/define-job.ts";
import type { Millrace } from "../dataset/millrace.ts";
import { testJob } from "../testing/test-job.ts";
import { createBundle } from "./create-bundle.ts";

const context: JobContext = {
  jobId: "job-1",
  paramsJson: "{}",
  seed: 7,
  submittedWallMs: 0,
  workingFolder: "/base",
};
const granted = (token: number): ActionOutcome => {
  return { kind: "result", parts: [encodeValue(String(token))] };
};
const held: ActionOutcome = {
  kind: "failed",
  error: { code: "LOCK_HELD", message: "by another", details: { holder: "job-2" } },
};

const defined = (run: (mr: Millrace) => Promise<unknown>) =>
  defineJob({ name: "tested", params: z.object({}), run });

/** Answers action `n` with `answers[n]`; `recorded` ones were ended by an earlier driver. */
function hostOf(answers: readonly ActionOutcome[], recorded = 0) {
  const graphs: StageGraph[] = [];
  const digests: string[] = [];
  const host: DriverHost = {
    listInputs: async (uri) => [{ uri, sizeBytes: 10 }],
    describeInput: async () => {
      throw new Error("no input has columns here");
    },
    recordedOutcome: async (index, digest) => {
      digests.push(digest);
      return index < recorded ? answers[index] : undefined;
    },
    runAction: async ({ graph }) => {
      graphs.push(graph);
      return answers[graph.actionIndex]!;
    },
  };
  return { host, graphs, digests };
}

const guarded = defined(async (mr) => {
  return await mr.withLock("prices", async (lock) => {
    const { token } = lock;
    const rows = await mr.read
      .text("in.txt")
      .map((line) => `${line} ${token}`)
      .collect();
    return { token, rows };
  });
});
const answers = [
  granted(41),
  { kind: "result", parts: [encodeValue(["a 41"])] },
  granted(0),
] as const;

test("a lock is taken before and given back after what it guards", async () => {
  const { host, graphs } = hostOf(answers);
  const result = await createBundle(guarded).drive(context, host);
  expect(decodeValue(result)).toEqual({ token: 41n, rows: ["a 41"] });
  expect(graphs.map(({ label, lock }) => [label, lock])).toEqual([
    ["lock prices", { kind: "lock", name: "prices", waitMs: 600_000 }],
    ["collect", undefined],
    ["unlock prices", { kind: "unlock", name: "prices", actionIndex: 0 }],
  ]);
});

test("a driver that takes over neither takes nor gives back what is recorded", async () => {
  const { host, graphs } = hostOf(answers, 3);
  const result = await createBundle(guarded).drive(context, host);
  expect(decodeValue(result)).toEqual({ token: 41n, rows: ["a 41"] });
  expect(graphs).toEqual([]);
});

test("replays find the functions, with the token that the driver saw", async () => {
  const { host, digests } = hostOf(answers);
  await createBundle(guarded).drive(context, host);
  const request = { context, history: answers, actionIndex: 1, planDigest: digests[1]! };
  const { closure } = await createBundle(guarded).replay(request);
  const node = Number(/map#(\d+)/.exec(digests[1]!)?.[1]);
  expect(closure(node)("x" as never)).toBe("x 41");
});

test("a replay that takes another lock is told so", async () => {
  const { host, digests } = hostOf(answers);
  await createBundle(guarded).drive(context, host);
  const other = defined(async (mr) => {
    await mr.lock("prices");
    await mr.lock("costs");
  });
  const request = { context, history: answers, actionIndex: 1, planDigest: digests[1]! };
  await expect(createBundle(other).replay(request)).rejects.toMatchObject({
    code: "PLAN_DIVERGED",
    message: expect.stringContaining("lock costs"),
  });
});

test("a lock that another holds is an error that the program may catch", async () => {
  const job = defined(async (mr) => {
    const one = await mr.lock("a", { waitMs: 0 }).catch((error) => error.code);
    return one;
  });
  const { host } = hostOf([held]);
  expect(decodeValue(await createBundle(job).drive(context, host))).toBe("LOCK_HELD");
});

test("a lock is given back when its body throws, once, and by `await using` too", async () => {
  const job = defined(async (mr) => {
    const failed = await mr
      .withLock("a", async (lock) => {
        await lock.release();
        throw new Error("oh");
      })
      .catch((error: Error) => error.message);
    {
      await using lock = await mr.lock("b");
      if (lock.token !== 3n) throw new Error(`token ${lock.token}`);
    }
    return failed;
  });
  const { host, graphs } = hostOf([granted(1), granted(0), granted(3), granted(0)]);
  expect(decodeValue(await createBundle(job).drive(context, host))).toBe("oh");
  expect(graphs.map(({ label }) => label)).toEqual(["lock a", "unlock a", "lock b", "unlock b"]);
});

test.each([
  [(mr: Millrace) => mr.lock("output:file:///x/"), "must not begin with 'output:'"],
  [(mr: Millrace) => mr.lock("a b"), "the name of a lock must be"],
  [(mr: Millrace) => mr.lock("a", { waitMs: -1 }), "waitMs of lock a must be"],
  [(mr: Millrace) => mr.lock("a", { waitMs: 0.5 }), "waitMs of lock a must be"],
])("what cannot be a lock is refused before anyone is asked", async (run, message) => {
  const { host, graphs } = hostOf([]);
  const driven = createBundle(defined(run)).drive(context, host);
  await expect(driven).rejects.toMatchObject({
    code: "PLAN_INVALID",
    message: expect.stringContaining(message),
  });
  expect(graphs).toEqual([]);
});

test("the test kit grants locks, and refuses one that the job holds", async () => {
  const job = defined(async (mr) => {
    const first = await mr.withLock("a", async (lock) => lock.token);
    const second = await mr.withLock("a", async (lock) => {
      const again = await mr.lock("a").catch((error) => error.code);
      return [lock.token, again];
    });
    return [first, ...second];
  });
  expect((await testJob(job, {})).result).toEqual([1n, 2n, "LOCK_HELD"]);
});
