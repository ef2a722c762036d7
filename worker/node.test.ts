// The worker's own decisions around its core: what it does when leases, drivers and answers come to nothing.

import { describe, expect, test } from "vitest";
import { EngineError, type ErrorCode } from "../proto/errors.ts";
import { registrationMsMax, shortPollMs } from "../proto/limits/rpc.ts";
import { renewTimeoutMs, workerLeaseLoggedTicks } from "../proto/limits.ts";
import type { DriverRequests, ExecutorPool, TaskOutcome } from "../proto/ports/executor.ts";
import type { LeaderCalls } from "../proto/ports/leader.ts";
import { silentLog } from "../proto/ports/log.ts";
import { randomStream } from "../proto/ports/random.ts";
import type { RpcMethod } from "../proto/ports/rpc.ts";
import { fakeClock } from "../proto/testing/fake-clock.ts";
import type * as wire from "../proto/wire/generated/engine.ts";
import { createWorkerNode } from "./node.ts";

const job: wire.JobContextMessage = {
  ...{ jobId: "job", paramsJson: "{}", bundleSha256: "b", seed: 1 },
  ...{ submittedWallMs: 0, workingFolder: "/" },
};

/** With a function of the user's, which needs the bundle and the outcomes before it. */
const programJson = JSON.stringify({
  source: { kind: "text", node: 0 },
  operators: [{ kind: "map", node: 1 }],
  sink: { kind: "count" },
});

function grant(token: number, actionIndex = 0): wire.TaskGrant {
  return {
    ...{ token, job, actionIndex, stageId: 0, planDigest: "d", programJson, label: "read" },
    tasks: [{ taskIndex: 0, attempt: 1, splitJson: "", firstPartition: 0, partitions: 0 }],
    ...{ inputs: [], inputsJson: "[]", outputPartitions: 0, tellsPartitionBytes: false },
  };
}

/** Of so many actions that ended; `open` more are still running. */
function historyReply(ended: number, open = 0): wire.GetHistoryReply {
  const outcomeJson = Array.from({ length: ended + open }, (_, index) =>
    index < ended ? '{"kind":"result","parts":[]}' : "",
  );
  return { outcomeJson, planDigest: outcomeJson.map(() => "d") };
}

interface Call {
  readonly method: string;
  readonly request: Record<string, unknown>;
  readonly timeoutMs: number | undefined;
  answer(reply: unknown): Promise<void>;
  fail(code: ErrorCode): Promise<void>;
}

/** A worker whose leader and executor are played by the test. */
function open() {
  const clock = fakeClock();
  const calls: Call[] = [];
  const settle = () => clock.advanceAsync(0);
  const leader: LeaderCalls = {
    call: <Request, Response>(
      method: RpcMethod<Request, Response>,
      request: Request,
      options?: { readonly timeoutMs?: number },
    ) =>
      new Promise<Response>((resolve, reject) => {
        calls.push({
          method: method.path.split("/").at(-1) ?? "",
          request: request as Record<string, unknown>,
          timeoutMs: options?.timeoutMs,
          answer: (reply) => {
            resolve(reply as Response);
            return settle();
          },
          fail: (code) => {
            reject(new EngineError(code, `the test says ${code}`));
            return settle();
          },
        });
      }),
  };
  const running = new Map<number, (outcome: TaskOutcome) => void>();
  const cancelled: (number | string)[] = [];
  let driver: { requests: DriverRequests; end(result: string | EngineError): void } | undefined;
  const pool: ExecutorPool = {
    runTask: (spec) => new Promise((end) => running.set(spec.token, end)),
    cancelTask: (token) => void cancelled.push(token),
    runDriver: (_, requests) =>
      new Promise((resolve, reject) => {
        const end = (result: string | EngineError) =>
          typeof result === "string" ? resolve(result) : reject(result);
        driver = { requests, end };
      }),
    cancelDriver: (jobId) => void cancelled.push(jobId),
    ...{ addBundle: async () => {}, hasBundle: () => true, releaseJob: async () => {} },
    ...{ heldJobs: () => [], close: async () => {} },
  };
  const ends: EngineError[] = [];
  const onFatal = (failure: EngineError) => void ends.push(failure);
  const node = createWorkerNode(
    { workerId: "w", dataAddress: "w:1", slots: 2, weight: 1 },
    { leader, pool, clock, random: randomStream(1), log: silentLog, onFatal },
  );
  const all = (method: string) => calls.filter((call) => call.method === method);
  const last = (method: string): Call => {
    const call = all(method).at(-1);
    if (call === undefined) throw new Error(`nobody asked for ${method}`);
    return call;
  };
  const join = async () => {
    node.start();
    await settle();
    await last("Register").answer({ clusterId: "c", holder: "" });
  };
  const drive = async (token: number) => {
    await last("Poll").answer({ grants: [], drivers: [{ token, job }] });
    if (driver === undefined) throw new Error("no driver was started");
    return driver;
  };
  return { clock, node, calls, all, last, join, drive, running, cancelled, settle, ends };
}

const done: TaskOutcome = {
  kind: "done",
  result: { rowsIn: 1, bytesIn: 1, rowsOut: 1, bytesOut: 1, digest: "d" },
};

describe("worker", () => {
  test("several renewals fit a lease, however slow a leader is", async () => {
    const { clock, join, last } = open();
    await join();
    await clock.advanceAsync(1000);
    expect(last("Renew").timeoutMs).toBe(renewTimeoutMs);
    expect(3 * renewTimeoutMs).toBeLessThan(workerLeaseLoggedTicks * 250);
    expect(last("Poll").request).toMatchObject({ waitMs: shortPollMs });
  });

  test("given up by the cluster, it comes back as another, and old answers do not touch that one", async () => {
    const { clock, join, last, all, running, cancelled } = open();
    await join();
    await last("Poll").answer({ grants: [grant(7)], drivers: [] });
    const oldPoll = last("Poll");
    await clock.advanceAsync(1000);
    const lost = { known: false, lostTasks: [], lostDrivers: [], releasedJobs: [] };
    await last("Renew").answer(lost);
    expect(cancelled).toEqual([7]);
    await last("Register").answer({ clusterId: "c", holder: "" });
    const incarnations = all("Register").map(({ request }) => request.incarnation);
    expect(new Set(incarnations).size).toBe(2);
    await oldPoll.fail("WORKER_UNKNOWN");
    expect(all("Register")).toHaveLength(2);
    running.get(7)?.(done);
    await clock.advanceAsync(500);
    expect(all("Report")).toEqual([]);
    expect(last("Poll").request.incarnation).toBe(incarnations[1]);
  });

  test("takes the place of an incarnation that it was told of, and of no other", async () => {
    const { clock, node, last, all, settle } = open();
    node.start();
    await settle();
    expect(last("Register").request.replaces).toBe("");
    await last("Register").answer({ clusterId: "c", holder: "before" });
    expect(last("Register").request.replaces).toBe("before");
    await last("Register").answer({ clusterId: "c", holder: "between" });
    expect(all("Poll")).toEqual([]);
    await clock.advanceAsync(1000);
    expect(last("Register").request.replaces).toBe("");
    await last("Register").answer({ clusterId: "c", holder: "" });
    expect(all("Register")).toHaveLength(3);
    expect(all("Poll")).toHaveLength(1);
  });

  test("asks again while the masters may yet take it in, for an hour each time", async () => {
    const { clock, node, last, all, settle, ends } = open();
    node.start();
    await settle();
    await last("Register").fail("UNAVAILABLE");
    await clock.advanceAsync(1000);
    expect(all("Register")).toHaveLength(2);
    await last("Register").answer({ clusterId: "c", holder: "" });
    await clock.advanceAsync(1000);
    const lost = { known: false, lostTasks: [], lostDrivers: [], releasedJobs: [] };
    await last("Renew").answer(lost);
    clock.advance(registrationMsMax - 500);
    await last("Register").fail("DEADLINE");
    expect(ends).toEqual([]);
    await clock.advanceAsync(1000);
    await last("Register").fail("UNAVAILABLE");
    expect(ends.map(({ code }) => code)).toEqual(["UNAVAILABLE"]);
  });

  test("ends where it is refused for good, and asks nothing more", async () => {
    const { clock, node, last, calls, settle, ends } = open();
    node.start();
    await settle();
    await last("Register").fail("UNAUTHENTICATED");
    expect(ends.map(({ code }) => code)).toEqual(["UNAUTHENTICATED"]);
    await clock.advanceAsync(60_000);
    expect(calls).toHaveLength(1);
  });

  test("ends where another cluster has the masters' addresses", async () => {
    const { clock, join, last, running, cancelled, ends } = open();
    await join();
    await last("Poll").answer({ grants: [grant(7)], drivers: [] });
    expect([...running.keys()]).toEqual([7]);
    await clock.advanceAsync(1000);
    const lost = { known: false, lostTasks: [], lostDrivers: [], releasedJobs: [] };
    await last("Renew").answer(lost);
    await last("Register").answer({ clusterId: "another", holder: "" });
    expect(ends.map(({ code }) => code)).toEqual(["MASTER_MISMATCH"]);
    expect(cancelled).toEqual([7]);
  });

  test("a lease that ends while its task is prepared never starts it", async () => {
    const { clock, join, last, running } = open();
    await join();
    await last("Poll").answer({ grants: [grant(7, 1)], drivers: [] });
    const history = last("GetHistory");
    await clock.advanceAsync(1000);
    const { tasks } = last("Renew").request;
    const lost = { known: true, lostTasks: tasks, lostDrivers: [], releasedJobs: [] };
    await last("Renew").answer(lost);
    await history.answer(historyReply(1));
    expect(running.size).toBe(0);
  });

  test("tasks that need the same history ask for it once", async () => {
    const { join, last, all, running } = open();
    await join();
    await last("Poll").answer({ grants: [grant(7, 1), grant(8, 1)], drivers: [] });
    expect(all("GetHistory")).toHaveLength(1);
    await last("GetHistory").answer(historyReply(1));
    expect(running.size).toBe(2);
    await last("Poll").answer({ grants: [grant(9, 1)], drivers: [] });
    expect([all("GetHistory").length, running.size]).toEqual([1, 3]);
  });

  test("of a longer history only what is new is asked for", async () => {
    const { join, last, all, running } = open();
    await join();
    const asked = () => all("GetHistory").map(({ request: { begin, end } }) => [begin, end]);
    await last("Poll").answer({ grants: [grant(7, 2)], drivers: [] });
    await last("GetHistory").answer(historyReply(2));
    await last("Poll").answer({ grants: [grant(8, 5)], drivers: [] });
    await last("GetHistory").answer(historyReply(1, 2));
    expect(asked()).toEqual([
      [0, 2],
      [2, 5],
    ]);
    // The fourth ran beside the fifth: by now it may have ended.
    await last("Poll").answer({ grants: [grant(9, 5)], drivers: [] });
    await last("GetHistory").answer(historyReply(2));
    expect(asked().at(-1)).toEqual([3, 5]);
    expect(running.size).toBe(3);
  });

  test("a leader that gives fewer outcomes than it was asked for fails the task", async () => {
    const { clock, join, last, running } = open();
    await join();
    await last("Poll").answer({ grants: [grant(7, 2)], drivers: [] });
    await last("GetHistory").answer(historyReply(1));
    await clock.advanceAsync(500);
    expect(running.size).toBe(0);
    expect(JSON.stringify(last("Report").request)).toContain("MESSAGE_INVALID");
  });

  test.each(["LEASE_LOST", "UNAVAILABLE", "JOB_CANCELLED"] as const)(
    "a driver whose action ends in %s is stopped, and never sees it",
    async (code) => {
      const { join, last, drive, all, cancelled, settle } = open();
      await join();
      const driver = await drive(5);
      let seen = "nothing";
      driver.requests.runAction('{"actionIndex":0}').then(
        () => {
          seen = "outcome";
        },
        () => {
          seen = "failure";
        },
      );
      await last("StartAction").fail(code);
      driver.end('"caught it and went on"');
      await settle();
      expect([seen, cancelled, all("FinishJob")]).toEqual(["nothing", ["job"], []]);
    },
  );

  test("what the job itself got wrong is for its program to meet, and ends the job", async () => {
    const { join, last, drive } = open();
    await join();
    const driver = await drive(5);
    const action = driver.requests.runAction('{"actionIndex":0}');
    const refused = expect(action).rejects.toMatchObject({ code: "OUTPUT_EXISTS" });
    await last("StartAction").fail("OUTPUT_EXISTS");
    await refused;
    driver.end(new EngineError("OUTPUT_EXISTS", "as told"));
    await last("Poll").answer({ grants: [], drivers: [] });
    const { resultJson, errorJson, driverToken } = last("FinishJob").request;
    expect([resultJson, driverToken]).toEqual(["", 5]);
    expect(JSON.parse(String(errorJson))).toMatchObject({ code: "OUTPUT_EXISTS" });
  });

  test("a result that the leader cannot take fails the job instead of running it for ever", async () => {
    const { join, last, drive, settle } = open();
    await join();
    (await drive(5)).end('"huge"');
    await settle();
    await last("FinishJob").fail("LIMIT_EXCEEDED");
    expect(last("FinishJob").request).toMatchObject({ resultJson: "", driverToken: 5 });
    expect(String(last("FinishJob").request.errorJson)).toContain("LIMIT_EXCEEDED");
  });

  test("a dead executor ends the driver, not the job", async () => {
    const { join, drive, all, last, settle } = open();
    await join();
    (await drive(5)).end(new EngineError("EXECUTOR_DIED", "killed"));
    await settle();
    expect(all("FinishJob")).toEqual([]);
    await last("Poll").answer({ grants: [], drivers: [] });
    expect(last("Poll").request).toMatchObject({ freeDriverSlots: 16 });
  });

  test("stopped, it cancels what runs, waits for nobody and says nothing more", async () => {
    const { clock, node, join, last, drive, calls, cancelled, running } = open();
    await join();
    await drive(5);
    await last("Poll").answer({ grants: [grant(7)], drivers: [] });
    node.stop();
    expect(cancelled).toEqual([7, "job"]);
    const said = calls.length;
    running.get(7)?.(done);
    await clock.advanceAsync(60_000);
    expect(calls).toHaveLength(said);
    expect(clock.pending()).toBe(0);
  });
});
