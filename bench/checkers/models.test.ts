// What the models of locks, fenced resources and jobs allow, and what they catch.

import { describe, expect, test } from "vitest";
import { EngineError } from "../../proto/errors.ts";
import { fencedModel } from "./fenced-model.ts";
import { HistoryRecorder } from "./history.ts";
import { type JobInput, type JobOutput, jobModel } from "./job-model.ts";
import { checkLinearizable } from "./linearizability.ts";
import { type LockInput, type LockOutput, lockModel } from "./lock-model.ts";

/** Steps one after the other, a millisecond apart unless told; `undefined` never returns. */
function lockHistory(steps: readonly (readonly [LockInput, LockOutput | undefined, number?])[]) {
  let nowMs = 0;
  const recorder = new HistoryRecorder<LockInput, LockOutput>(() => nowMs);
  for (const [input, output, afterMs = 1] of steps) {
    nowMs += afterMs;
    const open = recorder.call(input.owner, input);
    if (output !== undefined) open.returned(output);
  }
  return checkLinearizable(lockModel, recorder.operations()).kind;
}

const acquire = (owner: string, ttlMs = 1000): LockInput => ({
  ...{ kind: "acquire", name: "l", owner, ttlMs },
});
const renew = (owner: string, token: number): LockInput => ({
  ...{ kind: "renew", name: "l", owner, token, ttlMs: 1000 },
});
const release = (owner: string, token: number): LockInput => ({
  ...{ kind: "release", name: "l", owner, token },
});
const granted = (token: number): LockOutput => ({ kind: "granted", token });
const held: LockOutput = { kind: "held" };
const done: LockOutput = { kind: "done" };
const lost: LockOutput = { kind: "lost" };

describe("locks", () => {
  test.each<[string, Parameters<typeof lockHistory>[0]]>([
    [
      "one after the other",
      [
        [acquire("a"), granted(3)],
        [acquire("b"), held],
        [release("a", 3), done],
        [acquire("b"), granted(5)],
        [release("a", 3), lost],
      ],
    ],
    [
      "a repeated acquire gives the same token, and prolongs",
      [
        [acquire("a"), granted(3)],
        [acquire("a"), granted(3), 900],
        [acquire("b"), held, 900],
        [acquire("b"), granted(9), 101],
      ],
    ],
    [
      "an expiry, once the lease is over",
      [
        [acquire("a"), granted(3)],
        [acquire("b"), granted(4), 1001],
        [renew("a", 3), lost],
      ],
    ],
    [
      "a lost grant becomes known by its repetition",
      [
        [acquire("a"), undefined],
        [acquire("b"), held],
        [acquire("a"), granted(2)],
      ],
    ],
    [
      "a lost grant that never was",
      [
        [acquire("a"), undefined],
        [acquire("b"), granted(2)],
      ],
    ],
    [
      "a lost release that was one",
      [
        [acquire("a"), granted(1)],
        [release("a", 1), undefined],
        [acquire("b"), granted(2)],
      ],
    ],
  ])("allowed: %s", (_, steps) => {
    expect(lockHistory(steps)).toBe("linearizable");
  });

  test.each<[string, Parameters<typeof lockHistory>[0]]>([
    [
      "two holders",
      [
        [acquire("a"), granted(3)],
        [acquire("b"), granted(4)],
      ],
    ],
    [
      "a lease that was shortened",
      [
        [acquire("a"), granted(3)],
        [renew("a", 3), done, 900],
        [acquire("b"), granted(4), 900],
      ],
    ],
    [
      "a token that falls",
      [
        [acquire("a"), granted(3)],
        [release("a", 3), done],
        [acquire("b"), granted(2)],
      ],
    ],
    [
      "a token used twice",
      [
        [acquire("a"), granted(3)],
        [release("a", 3), done],
        [acquire("b"), granted(3)],
      ],
    ],
    [
      "a repetition that gets another token",
      [
        [acquire("a"), granted(3)],
        [acquire("a"), granted(4)],
      ],
    ],
    [
      "a renewal after the lease had passed on",
      [
        [acquire("a"), granted(3)],
        [acquire("b"), granted(4), 1001],
        [renew("a", 3), done],
      ],
    ],
    [
      "a lock that is held by nobody",
      [
        [acquire("a"), granted(3)],
        [release("a", 3), done],
        [acquire("b"), held],
      ],
    ],
    [
      "a holder that is told it is none",
      [
        [acquire("a"), granted(3)],
        [renew("a", 3), lost],
      ],
    ],
  ])("caught: %s", (_, steps) => {
    expect(lockHistory(steps)).toBe("violation");
  });
});

test("a fenced resource takes no token below one it has seen", () => {
  const check = (writes: readonly (readonly [number, "accepted" | "refused"])[]) => {
    const recorder = new HistoryRecorder<{ resource: string; token: number }, never>(() => 0);
    for (const [token, output] of writes) {
      recorder.call("a", { resource: "r", token }).returned(output as never);
    }
    return checkLinearizable(fencedModel, recorder.operations()).kind;
  };
  expect(
    check([
      [3, "accepted"],
      [3, "accepted"],
      [5, "accepted"],
      [3, "refused"],
    ]),
  ).toBe("linearizable");
  expect(
    check([
      [5, "accepted"],
      [3, "accepted"],
    ]),
  ).toBe("violation");
  expect(check([[5, "refused"]])).toBe("violation");
});

describe("jobs", () => {
  const check = (steps: readonly (readonly [JobInput["kind"], JobOutput | undefined])[]) => {
    const recorder = new HistoryRecorder<JobInput, JobOutput>(() => 0);
    for (const [kind, output] of steps) {
      const open = recorder.call("a", { kind, jobId: "j" });
      if (output !== undefined) open.returned(output);
    }
    return checkLinearizable(jobModel, recorder.operations()).kind;
  };

  test("a job that was submitted is there, and its end stays", () => {
    const history = [
      ["status", "missing"],
      ["submit", undefined],
      ["status", "running"],
      ["submit", "running"],
      ["status", "succeeded"],
      ["cancel", "succeeded"],
    ] as const;
    expect(check(history)).toBe("linearizable");
  });

  test.each([
    [["submit", "running"] as const, ["status", "missing"] as const],
    [["cancel", "cancelled"] as const],
    [
      ["submit", "running"] as const,
      ["cancel", "cancelled"] as const,
      ["status", "running"] as const,
    ],
    [
      ["submit", "running"] as const,
      ["status", "failed"] as const,
      ["status", "succeeded"] as const,
    ],
  ])("caught: %j %j", (...history) => {
    expect(check(history.filter((step) => Array.isArray(step)))).toBe("violation");
  });
});

test("the recorder leaves open what has an unknown outcome", async () => {
  let nowMs = 5;
  const recorder = new HistoryRecorder<string, string>(() => nowMs);
  const outcomeOf = (thrown: unknown) =>
    thrown instanceof EngineError && thrown.code === "LOCK_HELD" ? "held" : undefined;
  const fail = (code: "LOCK_HELD" | "DEADLINE") => async (): Promise<string> => {
    nowMs++;
    throw new EngineError(code, "no");
  };
  expect(await recorder.record("a", "one", async () => "fine", outcomeOf)).toBe("fine");
  expect(await recorder.record("a", "two", fail("LOCK_HELD"), outcomeOf)).toBe("held");
  expect(await recorder.record("a", "three", fail("DEADLINE"), outcomeOf)).toBeUndefined();
  const never = Number.POSITIVE_INFINITY;
  expect(
    recorder.operations().map((each) => [each.calledAt, each.returnedAt, each.returnedMs]),
  ).toEqual([
    [0, 1, 5],
    [2, 3, 6],
    [4, never, never],
  ]);
});
