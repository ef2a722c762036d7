// Claims and held locks against a leader that answers as it is told: what is asked, when, and when a lock is given up.

import { beforeEach, describe, expect, test } from "vitest";
import { EngineError } from "../../proto/errors.ts";
import type { LeaderCalls } from "../../proto/ports/leader.ts";
import { randomStream } from "../../proto/ports/random.ts";
import { type FakeClock, fakeClock } from "../../proto/testing/fake-clock.ts";
import { clientApi } from "../../proto/wire/methods.ts";
import { keepLock, underLock } from "./held-lock.ts";
import { claimLock, type LockWorld } from "./lock-claim.ts";

interface Call {
  readonly what: string;
  readonly atMs: number;
  readonly request: Readonly<Record<string, unknown>>;
}

type Answer = (call: Call) => Promise<unknown>;

const names = new Map(Object.entries(clientApi).map(([name, { path }]) => [path, name]));
let clock: FakeClock;
let calls: Call[];
let answers: Record<string, Answer>;
let world: LockWorld;

const lostError = () => new EngineError("LOCK_LOST", "it is gone");
const whatWasCalled = () => calls.map(({ what, atMs }) => `${what} ${atMs}`);
const never: Answer = () => new Promise(() => {});
const later =
  (delayMs: number, answer: unknown): Answer =>
  async () => {
    await new Promise<void>((done) => clock.after(delayMs, done));
    return answer;
  };

async function codeOf(run: Promise<unknown>): Promise<string> {
  return await run.then(
    () => "no error",
    (thrown: unknown) => (thrown instanceof EngineError ? thrown.code : String(thrown)),
  );
}

beforeEach(() => {
  clock = fakeClock();
  calls = [];
  answers = {
    acquireLock: async () => ({ token: 7 }),
    renewLock: async () => ({}),
    releaseLock: async () => ({ held: true }),
  };
  const leader: LeaderCalls = {
    call: async (method, request) => {
      const call = { what: names.get(method.path) ?? "", atMs: clock.nowMs(), request } as Call;
      calls.push(call);
      return (await answers[call.what]!(call)) as never;
    },
  };
  world = { leader, clock, random: randomStream(1) };
});

async function held(ttlMs = 3000) {
  return keepLock(world, await claimLock(world, "l", { ttlMs }));
}

describe("a claim", () => {
  test("asks again as the same claim while it waits", async () => {
    let asked = 0;
    answers.acquireLock = async () => ({ token: ++asked < 3 ? 0 : 9 });
    const claim = await claimLock(world, "l", { waitMs: 60_000, holder: "me" });
    expect(claim).toMatchObject({ token: 9, sinceMs: 0, ttlMs: 15_000 });
    expect(new Set(calls.map(({ request }) => request.owner)).size).toBe(1);
    expect(calls[0]?.request).toMatchObject({ name: "l", holder: "me", waitMs: 60_000 });
  });

  test("that was granted during a long call is looked at once more", async () => {
    answers.acquireLock = later(2500, { token: 9 });
    const claiming = claimLock(world, "l", { ttlMs: 3000 });
    await clock.advanceAsync(2500);
    expect(await claiming).toMatchObject({ token: 9, sinceMs: 2500 });
    expect(whatWasCalled()).toEqual(["acquireLock 0", "renewLock 2500"]);
  });

  test("whose lease was over by then is lost", async () => {
    answers.acquireLock = later(5000, { token: 9 });
    answers.renewLock = async () => {
      throw lostError();
    };
    const code = codeOf(claimLock(world, "l", { ttlMs: 3000 }));
    await clock.advanceAsync(5000);
    expect(await code).toBe("LOCK_LOST");
  });

  test("that is aborted gives up its place", async () => {
    const abort = new AbortController();
    answers.acquireLock = later(3000, { token: 0 });
    const code = codeOf(claimLock(world, "l", { waitMs: 60_000, signal: abort.signal }));
    await clock.advanceAsync(1000);
    abort.abort();
    await clock.advanceAsync(2000);
    expect(await code).toBe("LOCK_HELD");
    expect(calls[1]).toMatchObject({ what: "releaseLock", request: { token: 0 } });
  });

  test.each([
    ["a b", {}],
    ["l", { ttlMs: 999 }],
    ["l", { ttlMs: 1000.5 }],
    ["l", { waitMs: -1 }],
  ])("that cannot be is refused here: %s %j", async (name, options) => {
    expect(await codeOf(claimLock(world, name, options))).toBe("USAGE");
    expect(calls).toEqual([]);
  });
});

describe("a held lock", () => {
  test("is renewed three times in a lease, until it is released", async () => {
    const lock = await held();
    expect([lock.name, lock.token]).toEqual(["l", 7n]);
    await clock.advanceAsync(2500);
    lock.check();
    await lock.release();
    await lock.release();
    await clock.advanceAsync(10_000);
    expect(whatWasCalled()).toEqual([
      "acquireLock 0",
      "renewLock 1000",
      "renewLock 2000",
      "releaseLock 2500",
    ]);
    expect(lock.signal.aborted).toBe(false);
    expect(() => lock.check()).toThrow("it was released");
  });

  test("outlasts renewals that fail, while its lease lasts", async () => {
    const lock = await held();
    let failures = 0;
    answers.renewLock = async () => {
      if (failures++ < 2) throw new EngineError("UNAVAILABLE", "nobody there");
      return {};
    };
    await clock.advanceAsync(2900);
    lock.check();
    await lock.release();
  });

  test("is given up before its lease ends elsewhere when no renewal gets through", async () => {
    const lock = await held();
    answers.renewLock = never;
    await clock.advanceAsync(2939);
    expect(lock.signal.aborted).toBe(false);
    await clock.advanceAsync(1);
    expect(lock.signal.reason).toMatchObject({ code: "LOCK_LOST", details: { lock: "l" } });
    expect(() => lock.check()).toThrow("no renewal got through");
    expect(await codeOf(lock.release())).toBe("LOCK_LOST");
    expect(calls.at(-1)?.what).toBe("releaseLock");
  });

  test("is given up at once when the leader says so", async () => {
    const lock = await held();
    answers.renewLock = async () => {
      throw lostError();
    };
    await clock.advanceAsync(1000);
    expect(lock.signal.aborted).toBe(true);
    expect(() => lock.check()).toThrow("it is gone");
  });

  test("is not revived by an answer that came after its end", async () => {
    const lock = await held();
    answers.renewLock = later(5000, {});
    await clock.advanceAsync(20_000);
    expect(() => lock.check()).toThrow("no renewal got through");
  });

  test("of a process that stood still is known to be lost before any timer runs", async () => {
    let nowMs = 0;
    const stuck = { nowMs: () => nowMs, wallMs: () => nowMs, after: () => ({ cancel: () => {} }) };
    const lock = keepLock({ ...world, clock: stuck }, await claimLock(world, "l", {}));
    nowMs = 14_000;
    lock.check();
    nowMs = 60_000;
    expect(() => lock.check()).toThrow("this process stood still");
    expect(lock.signal.aborted).toBe(true);
  });
});

describe("a body under a lock", () => {
  test("ends with the lock given back", async () => {
    expect(await underLock(await held(), async ({ token }) => token + 1n)).toBe(8n);
    expect(calls.at(-1)?.what).toBe("releaseLock");
  });

  test("that fails says why, and the lock is given back", async () => {
    const failing = underLock(await held(), async () => {
      throw new Error("oh");
    });
    await expect(failing).rejects.toThrow("oh");
    expect(calls.at(-1)?.what).toBe("releaseLock");
  });

  test("that ended without its lock says so", async () => {
    answers.releaseLock = async () => ({ held: false });
    expect(await codeOf(underLock(await held(), async () => 1))).toBe("LOCK_LOST");
  });
});
