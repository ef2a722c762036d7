// Requests against one master: what clients and workers get to see.

import { expect, test } from "vitest";
import { EngineError } from "../../proto/errors.ts";
import { decodeValue } from "../../proto/plan/values.ts";
import type { TaskReport } from "../../proto/wire/generated/engine.ts";
import { clientApi, workerApi } from "../../proto/wire/methods.ts";
import { graphOf } from "../scheduler/testing/graphs.ts";
import { createLocalMaster, type LocalMaster } from "./testing/local-core.ts";

const bundleHash = `${"0".repeat(62)}07`;

async function codeOf(run: Promise<unknown>): Promise<string> {
  const thrown: unknown = await run.then(
    () => undefined,
    (failure: unknown) => failure,
  );
  return thrown instanceof EngineError ? thrown.code : `no error: ${String(thrown)}`;
}

async function register(master: LocalMaster, workerId: string, slots = 4): Promise<void> {
  const shape = { dataAddress: "host:1", slots, weight: 1 };
  const request = { workerId, incarnation: "i1", ...shape, replaces: "" };
  await master.call(workerApi.register, request);
}

async function submit(master: LocalMaster, jobId: string, detached = false): Promise<number> {
  await master.call(clientApi.putBundle, { sha256: bundleHash, code: Uint8Array.of(7, 8, 9) });
  const { driverToken } = await master.call(clientApi.submit, {
    jobId,
    name: "words",
    paramsJson: '{"a":1}',
    bundleSha256: bundleHash,
    seed: 1,
    submittedWallMs: 5,
    workingFolder: "/home",
    detached,
  });
  return driverToken;
}

function graphJson(maps: number, reduces = 0, folderUri = "", actionIndex = 0): string {
  const shape = { actionIndex, maps, reduces, sorts: false, folderUri, plan: "p" };
  return JSON.stringify(graphOf(shape));
}

async function startAction(
  master: LocalMaster,
  jobId: string,
  driverToken: number,
  json: string,
): Promise<void> {
  await master.call(clientApi.startAction, { jobId, driverToken, graphJson: json });
}

function poll(master: LocalMaster, workerId: string, freeSlots: number, waitMs = 1000) {
  const request = {
    workerId,
    incarnation: "i1",
    freeSlots,
    freeAhead: 0,
    freeDriverSlots: 1,
    waitMs,
  };
  return master.call(workerApi.poll, request);
}

function done(jobId: string, stageId: number, taskIndex: number, token: number): TaskReport {
  const value = {
    rowsIn: 3,
    bytesIn: 30,
    rowsOut: 1,
    bytesOut: 1,
    digest: "d",
    resultJson: "[1]",
    uploadJson: "",
    counters: {},
    partitionBytes: [],
  };
  const outcome = { $case: "done", value } as const;
  return { jobId, actionIndex: 0, stageId, taskIndex, token, outcome };
}

async function report(master: LocalMaster, workerId: string, reports: TaskReport[]) {
  return (await master.call(workerApi.report, { workerId, incarnation: "i1", reports })).verdicts;
}

test("a job runs from upload to result", async () => {
  const master = createLocalMaster();
  await register(master, "w1");
  const driverToken = await submit(master, "j1");
  await startAction(master, "j1", driverToken, graphJson(2, 1));
  const maps = (await poll(master, "w1", 4)).grants[0]!;
  expect(maps).toMatchObject({ stageId: 0, outputPartitions: 1, planDigest: "count#p:0" });
  expect(maps.job).toMatchObject({ jobId: "j1", paramsJson: '{"a":1}', workingFolder: "/home" });
  expect(maps.tasks.map((task) => [task.taskIndex, task.attempt])).toEqual([
    [0, 1],
    [1, 1],
  ]);
  expect(
    await report(
      master,
      "w1",
      [0, 1].map((i) => done("j1", 0, i, maps.token)),
    ),
  ).toEqual([1, 1]);
  const reduce = (await poll(master, "w1", 4)).grants[0]!;
  const origin = { actionIndex: 0, stageId: 0 };
  const map = { workerId: "w1", address: "host:1", token: maps.token, ...origin };
  expect(reduce.inputs).toEqual([
    { stageId: 0, maps: [0, 1].map((taskIndex) => ({ taskIndex, ...map })) },
  ]);
  await report(master, "w1", [done("j1", 1, 0, reduce.token)]);
  const waited = await master.call(clientApi.waitAction, {
    jobId: "j1",
    actionIndex: 0,
    knownRevision: 0,
    waitMs: 0,
  });
  expect(decodeValue(waited.outcomeJson)).toEqual({ kind: "result", parts: ["[1]"] });
  expect(waited.stages.map((stage) => [stage.label, stage.done, stage.rows])).toEqual([
    ["map", 2, 6],
    ["reduce", 1, 3],
  ]);
  const finish = { jobId: "j1", driverToken, resultJson: "7", errorJson: "" };
  await master.call(clientApi.finishJob, finish);
  const ask = { jobId: "j1", knownRevision: 0, waitMs: 0 };
  const { jobJson } = await master.call(clientApi.getJob, ask);
  expect(JSON.parse(jobJson)).toMatchObject({ state: "succeeded", resultJson: "7" });
  // Its results went with it; nobody may take that for an empty result.
  expect(await codeOf(master.call(clientApi.getHistory, { jobId: "j1", begin: 0, end: 1 }))).toBe(
    "LEASE_LOST",
  );
  const { code } = await master.call(workerApi.getBundle, { sha256: bundleHash });
  expect([...code]).toEqual([7, 8, 9]);
});

test("polls at the same time share the tasks, none twice", async () => {
  const master = createLocalMaster();
  const names = ["w1", "w2", "w3"];
  for (const name of names) await register(master, name, 2);
  await startAction(master, "j1", await submit(master, "j1"), graphJson(6));
  const replies = await Promise.all(names.map((name) => poll(master, name, 2)));
  const tasks = replies.flatMap(({ grants }) => grants[0]!.tasks.map((task) => task.taskIndex));
  expect(tasks.sort()).toEqual([0, 1, 2, 3, 4, 5]);
});

test("a poll waits for work, ends empty in time, and yields to a newer one", async () => {
  const master = createLocalMaster();
  await register(master, "w1");
  const token = await submit(master, "j1");
  const empty = poll(master, "w1", 1, 500);
  await master.clock.advanceAsync(500);
  expect(await empty).toEqual({ grants: [], drivers: [] });
  const older = poll(master, "w1", 1);
  const newer = poll(master, "w1", 1);
  await master.clock.advanceAsync(1);
  await startAction(master, "j1", token, graphJson(1));
  expect((await older).grants).toEqual([]);
  expect((await newer).grants.length).toBe(1);
});

test("drivers of detached jobs are granted to workers", async () => {
  const master = createLocalMaster();
  await register(master, "w1");
  expect(await submit(master, "j1", true)).toBe(0);
  const { drivers } = await poll(master, "w1", 1);
  expect(drivers).toMatchObject([{ job: { jobId: "j1" } }]);
});

test("an unknown worker is told to register, and a lost one what it lost", async () => {
  const master = createLocalMaster();
  expect(await codeOf(poll(master, "w9", 1))).toBe("WORKER_UNKNOWN");
  const reply = await master.call(workerApi.renew, {
    workerId: "w9",
    incarnation: "i1",
    tasks: [],
    drivers: [{ jobId: "j1", token: 3 }],
    heldJobs: ["j1"],
  });
  expect(reply).toEqual({
    known: false,
    lostTasks: [],
    lostDrivers: [{ jobId: "j1", token: 3 }],
    releasedJobs: ["j1"],
  });
});

test("a watcher hears of the next change, not of the last one", async () => {
  const master = createLocalMaster();
  await register(master, "w1");
  const driverToken = await submit(master, "j1");
  await startAction(master, "j1", driverToken, graphJson(1));
  const ask = { jobId: "j1", actionIndex: 0, knownRevision: 0, waitMs: 10_000 };
  const first = await master.call(clientApi.waitAction, ask);
  const next = master.call(clientApi.waitAction, { ...ask, knownRevision: first.revision });
  const token = (await poll(master, "w1", 1)).grants[0]!.token;
  await master.propose({ kind: "tick", term: 1 });
  const second = await next;
  expect(second.stages[0]!.running).toBe(1);
  const last = master.call(clientApi.waitAction, { ...ask, knownRevision: second.revision });
  await report(master, "w1", [done("j1", 0, 0, token)]);
  expect((await last).outcomeJson).not.toBe("");
});

test("an output that exists is refused, but not to the action that made it", async () => {
  const master = createLocalMaster();
  const driverToken = await submit(master, "j1");
  master.committed.add("file:///out/");
  const json = graphJson(1, 0, "file:///out/");
  expect(await codeOf(startAction(master, "j1", driverToken, json))).toBe("OUTPUT_EXISTS");
  master.committed.clear();
  await startAction(master, "j1", driverToken, json);
  master.committed.add("file:///out/");
  await startAction(master, "j1", driverToken, json);
});

test("a bundle that is not what it is called is refused", async () => {
  const master = createLocalMaster();
  const request = { sha256: bundleHash, code: Uint8Array.of(8) };
  expect(await codeOf(master.call(clientApi.putBundle, request))).toBe("BUNDLE_HASH_MISMATCH");
});

test("history is given from where it is asked for, with what was planned there", async () => {
  const master = createLocalMaster();
  await register(master, "w1");
  const driverToken = await submit(master, "j1");
  for (const index of [0, 1]) {
    await startAction(master, "j1", driverToken, graphJson(1, 0, "", index));
    const { token } = (await poll(master, "w1", 1)).grants[0]!;
    await report(master, "w1", [{ ...done("j1", 0, 0, token), actionIndex: index }]);
  }
  await startAction(master, "j1", driverToken, graphJson(1, 0, "", 2));
  const ask = (begin: number, end: number) =>
    master.call(clientApi.getHistory, { jobId: "j1", begin, end });
  const { outcomeJson, planDigest } = await ask(1, 4);
  expect(outcomeJson.map((json) => json === "" || decodeValue(json))).toEqual([
    expect.objectContaining({ kind: "result" }),
    true,
    true,
  ]);
  expect(planDigest).toEqual(["count#p:0", "count#p:0", ""]);
  expect(await ask(2, 2)).toEqual({ outcomeJson: [], planDigest: [] });
  expect(await codeOf(ask(2, 1))).toBe("MESSAGE_INVALID");
});

test("a result that is too large fails its action, and is never logged", async () => {
  const master = createLocalMaster();
  await register(master, "w1");
  const driverToken = await submit(master, "j1");
  await startAction(master, "j1", driverToken, graphJson(1));
  const { token } = (await poll(master, "w1", 1)).grants[0]!;
  const large = done("j1", 0, 0, token);
  if (large.outcome?.$case === "done") large.outcome.value.resultJson = "x".repeat(9_000_000);
  expect(await report(master, "w1", [large])).toEqual([1]);
  const ask = { jobId: "j1", begin: 0, end: 1 };
  const { outcomeJson } = await master.call(clientApi.getHistory, ask);
  expect(decodeValue(outcomeJson[0]!)).toMatchObject({
    kind: "failed",
    error: { code: "RESULT_TOO_LARGE" },
  });
});

test("the cluster shows itself", async () => {
  const master = createLocalMaster();
  await register(master, "w1");
  await submit(master, "j1");
  const { statusJson } = await master.call(clientApi.clusterStatus, {});
  expect(JSON.parse(statusJson)).toMatchObject({
    clusterId: "c1",
    leader: "m1",
    jobsRunning: 1,
    workers: [{ workerId: "w1", slots: 4, running: 0 }],
  });
  const { jobJson } = await master.call(clientApi.listJobs, { limit: 10 });
  expect(jobJson.map((json) => JSON.parse(json).jobId)).toEqual(["j1"]);
});
