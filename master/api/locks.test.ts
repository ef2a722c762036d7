// Locks as clients see them: waiting calls, refusals with all details, bad requests, and the list.

import { describe, expect, test } from "vitest";
import { EngineError } from "../../proto/errors.ts";
import { clientApi } from "../../proto/wire/methods.ts";
import type { LockView } from "../../proto/wire/views.ts";
import { createLocalMaster, type LocalMaster } from "./testing/local-core.ts";

async function failureOf(run: Promise<unknown>): Promise<EngineError> {
  const thrown: unknown = await run.then(
    (value) => new Error(`answered ${JSON.stringify(value)}`),
    (failure: unknown) => failure,
  );
  if (thrown instanceof EngineError) return thrown;
  throw thrown;
}

const claim = { name: "l", owner: "one", holder: "host-1", ttlMs: 1000, waitMs: 0, pollMs: 0 };
const acquire = (master: LocalMaster, request: Partial<typeof claim> = {}) =>
  master.call(clientApi.acquireLock, { ...claim, ...request });
const tick = async (master: LocalMaster, times: number) => {
  for (let i = 0; i < times; i++) await master.propose({ kind: "tick", term: 1 });
};

test("a lock is granted, listed, kept and given back", async () => {
  const master = createLocalMaster();
  expect(await acquire(master)).toEqual({ token: 1 });
  const list = async () => {
    const { lockJson } = await master.call(clientApi.listLocks, { prefix: "" });
    return lockJson.map((json) => JSON.parse(json) as LockView);
  };
  expect(await list()).toEqual([
    { name: "l", holder: "host-1", token: 1, remainingMs: 1250, waiting: 0 },
  ]);
  expect((await master.call(clientApi.listLocks, { prefix: "m" })).lockJson).toEqual([]);
  await tick(master, 4);
  await master.call(clientApi.renewLock, { name: "l", owner: "one", token: 1, ttlMs: 1000 });
  expect((await list())[0]?.remainingMs).toBe(1250);
  const release = { name: "l", owner: "one", token: 1 };
  expect(await master.call(clientApi.releaseLock, release)).toEqual({ held: true });
  expect(await list()).toEqual([]);
});

test("who is refused learns who holds it and for how long", async () => {
  const master = createLocalMaster();
  await acquire(master);
  const failure = await failureOf(acquire(master, { owner: "two" }));
  expect(failure).toMatchObject({
    code: "LOCK_HELD",
    retriable: true,
    details: { lock: "l", holder: "host-1", token: 1, remainingMs: 1250 },
  });
  const renew = { name: "l", owner: "two", token: 1, ttlMs: 1000 };
  const lost = await failureOf(master.call(clientApi.renewLock, renew));
  expect(lost).toMatchObject({ code: "LOCK_LOST", details: { lock: "l", token: 1 } });
});

describe("waiting", () => {
  test("a call waits until the lock is handed on", async () => {
    const master = createLocalMaster();
    await acquire(master);
    const waits = acquire(master, { owner: "two", waitMs: 60_000, pollMs: 3000 });
    await master.clock.advanceAsync(1000);
    await master.call(clientApi.releaseLock, { name: "l", owner: "one", token: 1 });
    await master.clock.advanceAsync(1);
    expect(await waits).toEqual({ token: 3 });
  });

  test("a call that waited long enough says so; the claim keeps its place", async () => {
    const master = createLocalMaster();
    await acquire(master);
    const waits = acquire(master, { owner: "two", waitMs: 60_000, pollMs: 3000 });
    await master.clock.advanceAsync(3100);
    expect(await waits).toEqual({ token: 0 });
    await tick(master, 5);
    expect(await acquire(master, { owner: "two", waitMs: 60_000, pollMs: 3000 })).toEqual({
      token: 7,
    });
  });

  test("a wait that is over is refused", async () => {
    const master = createLocalMaster();
    await acquire(master, { ttlMs: 60_000 });
    const waits = acquire(master, { owner: "two", waitMs: 1000, pollMs: 3000 });
    const failure = failureOf(waits);
    await master.clock.advanceAsync(10);
    await tick(master, 4);
    await master.clock.advanceAsync(10);
    expect((await failure).code).toBe("LOCK_HELD");
  });

  test.each([undefined, "grantedWithoutRecheck"] as const)(
    "of one that was granted and lost again while nobody looked (planted bug: %s)",
    async (bug) => {
      const master = createLocalMaster(bug);
      await acquire(master);
      const waits = acquire(master, { owner: "two", waitMs: 60_000, pollMs: 3000 });
      waits.catch(() => undefined);
      await master.clock.advanceAsync(1);
      // In one turn of the event loop: handed on, expired, taken by another.
      const release = { kind: "releaseLock", name: "l", owner: "one", token: 1 } as const;
      const steps = [master.propose(release)];
      for (let i = 0; i < 6; i++) steps.push(master.propose({ kind: "tick", term: 1 }));
      const third = { ...claim, kind: "acquireLock", owner: "three" } as const;
      steps.push(master.propose({ ...third, ttlLoggedTicks: 100, waitLoggedTicks: 0 }));
      await Promise.all(steps);
      await master.clock.advanceAsync(1);
      if (bug === undefined) expect((await failureOf(waits)).code).toBe("LOCK_LOST");
      // It is told that it holds what another holds, with the other's token.
      else expect(await waits).toEqual({ token: 10 });
    },
  );
});

test.each([
  [{ name: "" }, "name must be 1 to 200"],
  [{ name: "output:file:///x/" }, "name must not begin with 'output:'"],
  [{ name: "a b" }, "name must be"],
  [{ owner: "job j1/a0" }, "owner must be"],
  [{ ttlMs: 999 }, "ttl_ms must be an integer from 1000"],
  [{ ttlMs: 0 }, "ttl_ms must be"],
  [{ waitMs: 86_400_001 }, "wait_ms must be"],
  [{ holder: "x".repeat(201) }, "holder has 201 characters"],
])("%j is refused", async (request, message) => {
  const failure = await failureOf(acquire(createLocalMaster(), request));
  expect(failure.message).toContain(message);
});
