// Submitting and driving against a leader that answers from a table.

import { describe, expect, test } from "vitest";
import { EngineError, type ErrorRecord } from "../../proto/errors.ts";
import { actionResultBytesMax, renewEveryMs } from "../../proto/limits.ts";
import type { ActionOutcome, DriverHost, JobBundle, JobContext } from "../../proto/plan/bundle.ts";
import { encodeValue } from "../../proto/plan/values.ts";
import type { LeaderCalls } from "../../proto/ports/leader.ts";
import { randomStream } from "../../proto/ports/random.ts";
import { fakeClock } from "../../proto/testing/fake-clock.ts";
import { createMemoryStore } from "../../proto/testing/memory-store.ts";
import type * as wire from "../../proto/wire/generated/engine.ts";
import { clientApi } from "../../proto/wire/methods.ts";
import type { JobView } from "../../proto/wire/views.ts";
import { createClient } from "./client.ts";
import { listInputs } from "./driver-host.ts";
import { runAttached, submitDetached } from "./submit-job.ts";
import type { ActionProgress, CompiledJob } from "./world.ts";

const output = { folderUri: "file:///out/", files: 1, rows: 3, bytes: 9 };
const committed: ActionOutcome = { kind: "committed", output };
const never = <T>(): Promise<T> => new Promise(() => {});

type Drive = (context: JobContext, host: DriverHost) => Promise<string>;

function jobOf(drive: Drive): CompiledJob {
  const bundle: JobBundle = {
    describe: () => ({ name: "words", params: [] }),
    parseFlags: () => ({ paramsJson: "{}" }),
    checkParams: (json) => {
      if (json === '{"wrong":1}')
        throw new EngineError("PARAMS_INVALID", "wrong: no such parameter");
    },
    drive,
    replay: never,
  };
  return { bundle, code: new TextEncoder().encode("// code"), sha256: "ab".repeat(32) };
}

/** One action, whose outcome becomes the result. */
const oneAction: Drive = async (_, host) => {
  const stages: never[] = [];
  const graph = { actionIndex: 0, planDigest: "count:1", label: "count", stages };
  const text = { logical: "", optimised: "", physical: "" };
  return encodeValue((await host.runAction({ graph, keeps: new Map(), text })).kind);
};

/** Answers as a leader does; what it was asked is kept. */
function fakeLeader(
  answers: {
    readonly hasBundle?: boolean;
    readonly waitAction?: () => Promise<wire.WaitActionReply>;
    readonly renewDriver?: () => Promise<wire.RenewDriverReply>;
    readonly finishJob?: () => Promise<wire.FinishJobReply>;
    readonly views?: readonly Partial<JobView>[];
  } = {},
) {
  const calls: string[] = [];
  const requests = new Map<string, unknown>();
  const views = [...(answers.views ?? [])];
  let { hasBundle = true } = answers;
  const finished = { revision: 2, stages: [], outcomeJson: encodeValue(committed) };
  const replies: Readonly<Record<string, () => Promise<unknown>>> = {
    [clientApi.putBundle.path]: async () => {
      hasBundle = true;
      return {};
    },
    [clientApi.submit.path]: async () => {
      if (!hasBundle) throw new EngineError("BUNDLE_NOT_FOUND", "upload it, then submit");
      return { driverToken: 7 };
    },
    [clientApi.startAction.path]: async () => ({ revision: 1 }),
    [clientApi.waitAction.path]: answers.waitAction ?? (async () => finished),
    [clientApi.renewDriver.path]: answers.renewDriver ?? (async () => ({ held: true })),
    [clientApi.finishJob.path]: answers.finishJob ?? (async () => ({})),
    [clientApi.cancelJob.path]: async () => ({ state: "cancelled" }),
    [clientApi.getJob.path]: async () => {
      const view = views.length > 1 ? views.shift() : views[0];
      return { jobJson: JSON.stringify({ jobId: "words-1", actions: [], ...view }) };
    },
  };
  const leader: LeaderCalls = {
    call: async <Request, Response>(method: { readonly path: string }, request: Request) => {
      const name = method.path.slice("/millrace.ClientApi/".length);
      calls.push(name);
      requests.set(name, request);
      return (await replies[method.path]?.()) as Response;
    },
  };
  return { leader, calls, requests };
}

function worldOf(leader: LeaderCalls) {
  const clock = fakeClock(1000);
  return { leader, clock, random: randomStream(1), store: createMemoryStore() };
}

const quiet = { onJobId: () => {}, onProgress: () => {} };

function submission(drive: Drive, paramsJson = "{}") {
  return { job: jobOf(drive), paramsJson, workingFolder: "/base" };
}

describe("a job that this process drives", () => {
  test("submit, action, end: in this order, with one token", async () => {
    const { leader, calls, requests } = fakeLeader();
    const seen: unknown[] = [];
    const finished = await runAttached(worldOf(leader), submission(oneAction), {
      onJobId: (jobId) => seen.push(jobId),
      onProgress: ({ label }: ActionProgress) => seen.push(label),
    });
    expect(calls).toEqual(["Submit", "StartAction", "WaitAction", "FinishJob"]);
    expect(finished).toEqual({
      jobId: finished.jobId,
      resultJson: encodeValue("committed"),
      outputs: [output],
    });
    expect(seen).toEqual([finished.jobId, "count"]);
    expect(finished.jobId).toMatch(/^words-[0-9a-f]{16}$/);
    expect(requests.get("Submit")).toMatchObject({
      name: "words",
      workingFolder: "/base",
      submittedWallMs: 1000,
      detached: false,
    });
    expect(requests.get("StartAction")).toMatchObject({ driverToken: 7 });
    expect(requests.get("FinishJob")).toMatchObject({ driverToken: 7, errorJson: "" });
  });

  test("wrong parameters reach no cluster", async () => {
    const { leader, calls } = fakeLeader();
    const wrong = runAttached(worldOf(leader), submission(oneAction, '{"wrong":1}'), quiet);
    await expect(wrong).rejects.toMatchObject({ code: "PARAMS_INVALID" });
    const large = JSON.stringify({ text: "x".repeat(300_000) });
    const tooLarge = runAttached(worldOf(leader), submission(oneAction, large), quiet);
    await expect(tooLarge).rejects.toMatchObject({ code: "LIMIT_EXCEEDED" });
    expect(calls).toEqual([]);
  });

  test("the lease is renewed while the program computes, and no longer", async () => {
    const { leader, calls } = fakeLeader();
    const world = worldOf(leader);
    let end: (resultJson: string) => void = () => {};
    const computing: Drive = () =>
      new Promise((resolve) => {
        end = resolve;
      });
    const running = runAttached(world, submission(computing), quiet);
    await world.clock.advanceAsync(3 * renewEveryMs);
    expect(calls.filter((name) => name === "RenewDriver")).toHaveLength(3);
    end("1");
    await running;
    expect(world.clock.pending()).toBe(0);
  });

  test("an error of the user's own ends the job and names it", async () => {
    const { leader, requests } = fakeLeader();
    const throwing: Drive = async () => {
      throw new RangeError("thirteen");
    };
    const running = runAttached(worldOf(leader), submission(throwing), quiet);
    await expect(running).rejects.toMatchObject({
      code: "USER_CODE_FAILED",
      message: "run: RangeError: thirteen",
    });
    const { errorJson } = requests.get("FinishJob") as wire.FinishJobRequest;
    expect(JSON.parse(errorJson) as ErrorRecord).toMatchObject({ code: "USER_CODE_FAILED" });
  });

  test("an error of an action passes through the program to the caller", async () => {
    const error = { code: "OUTPUT_EXISTS", message: "taken", details: {} } as const;
    const outcomeJson = encodeValue({ kind: "failed", error });
    const { leader } = fakeLeader({
      waitAction: async () => ({ revision: 1, stages: [], outcomeJson }),
    });
    const rethrowing: Drive = async (context, host) => {
      expect(await oneAction(context, host)).toBe(encodeValue("failed"));
      throw new EngineError(error.code, error.message);
    };
    const running = runAttached(worldOf(leader), submission(rethrowing), quiet);
    await expect(running).rejects.toMatchObject({ code: "OUTPUT_EXISTS", message: "taken" });
  });

  test("a result that is too large to be recorded", async () => {
    const { leader, requests } = fakeLeader();
    const large: Drive = async () => encodeValue("x".repeat(actionResultBytesMax));
    const running = runAttached(worldOf(leader), submission(large), quiet);
    await expect(running).rejects.toMatchObject({ code: "RESULT_TOO_LARGE" });
    expect(requests.get("FinishJob")).toMatchObject({ resultJson: "" });
  });

  test("a job cancelled elsewhere: the program cannot catch that", async () => {
    const cancelled = new EngineError("JOB_CANCELLED", "job words-1 was cancelled: enough");
    const { leader, calls } = fakeLeader({
      waitAction: async () => {
        throw cancelled;
      },
    });
    const stubborn: Drive = (context, host) => oneAction(context, host).catch(() => "1");
    const running = runAttached(worldOf(leader), submission(stubborn), quiet);
    await expect(running).rejects.toBe(cancelled);
    expect(calls).not.toContain("FinishJob");
  });
});

describe("a job that another driver takes over", () => {
  const ended: Partial<JobView> = {
    state: "succeeded",
    resultJson: encodeValue(42),
    actions: [
      { actionIndex: 0, planDigest: "", label: "count", state: "succeeded", stages: [], output },
    ],
  };
  const views = [{ state: "running", revision: 3 } as const, ended];

  test("a renewal tells; its end is waited for", async () => {
    const { leader, calls } = fakeLeader({ views, renewDriver: async () => ({ held: false }) });
    const world = worldOf(leader);
    const running = runAttached(world, submission(never), quiet);
    await world.clock.advanceAsync(renewEveryMs);
    expect(await running).toMatchObject({ resultJson: encodeValue(42), outputs: [output] });
    expect(calls.filter((name) => name === "GetJob")).toHaveLength(2);
    expect(calls).not.toContain("FinishJob");
  });

  test("an action or the end tells", async () => {
    const lost = async (): Promise<never> => {
      throw new EngineError("LEASE_LOST", "replaced");
    };
    for (const answers of [{ waitAction: lost }, { finishJob: lost }]) {
      const { leader } = fakeLeader({ views, ...answers });
      const running = runAttached(worldOf(leader), submission(oneAction), quiet);
      expect((await running).resultJson).toBe(encodeValue(42));
    }
  });

  test("its failure is the job's", async () => {
    const error: ErrorRecord = { code: "USER_CODE_FAILED", message: "oh", details: { row: 3 } };
    const { leader } = fakeLeader({
      views: [{ state: "failed", error }],
      renewDriver: async () => ({ held: false }),
    });
    const world = worldOf(leader);
    const running = runAttached(world, submission(never), quiet);
    const failed = expect(running).rejects.toMatchObject({ ...error });
    await world.clock.advanceAsync(renewEveryMs);
    await failed;
  });
});

test("a cluster out of reach: the error says what becomes of the job", async () => {
  const { leader } = fakeLeader({
    renewDriver: async () => {
      throw new EngineError("UNAVAILABLE", "no leader found");
    },
  });
  const world = worldOf(leader);
  const running = runAttached(world, submission(never), quiet);
  const failed = expect(running).rejects.toMatchObject({
    code: "UNAVAILABLE",
    message: expect.stringMatching(/no leader found; job words-.* may still be running/),
  });
  await world.clock.advanceAsync(renewEveryMs);
  await failed;
});

test("a detached job is left to the cluster", async () => {
  const { leader, calls, requests } = fakeLeader();
  const jobId = await submitDetached(worldOf(leader), submission(never));
  expect(calls).toEqual(["Submit"]);
  expect(requests.get("Submit")).toMatchObject({ jobId, detached: true });
});

test("the bundle goes along where the cluster lacks it, and the job keeps its id", async () => {
  const { leader, calls, requests } = fakeLeader({ hasBundle: false });
  const { jobId } = await runAttached(worldOf(leader), submission(oneAction), quiet);
  expect(calls.slice(0, 3)).toEqual(["Submit", "PutBundle", "Submit"]);
  expect(requests.get("Submit")).toMatchObject({ jobId });
});

describe("inputs", () => {
  const bucket = { objects: new Map<string, Uint8Array>(), uploads: new Map(), late: [] };
  bucket.objects.set("mem://inputs/empty-1.txt", new Uint8Array(0));
  bucket.objects.set("mem://inputs/empty-2.txt", new Uint8Array(0));
  bucket.objects.set("mem://inputs/full.txt", new Uint8Array(3));
  const store = createMemoryStore(bucket);

  test("that are missing or empty are named", async () => {
    await expect(listInputs(store, "mem://inputs/none*")).rejects.toMatchObject({
      code: "INPUT_NOT_FOUND",
      message: expect.stringContaining("mem://inputs/none*"),
    });
    await expect(listInputs(store, "mem://inputs/empty-*")).rejects.toMatchObject({
      code: "INPUT_EMPTY",
      message: expect.stringContaining("all 2 files of mem://inputs/empty-* are empty"),
    });
  });

  test("that are an output without rows are told from those that are not there", async () => {
    bucket.objects.set("mem://outputs/none/_manifest.json", new Uint8Array(2));
    await expect(listInputs(store, "mem://outputs/none/")).rejects.toMatchObject({
      code: "INPUT_EMPTY",
      message: expect.stringContaining("the output mem://outputs/none/ was committed without rows"),
    });
  });

  test("of which one holds something are all listed", async () => {
    const files = await listInputs(store, "mem://inputs/*");
    expect(files.map(({ sizeBytes }) => sizeBytes)).toEqual([0, 0, 3]);
  });
});

describe("the client", () => {
  function clientOf(leader: LeaderCalls, drive: Drive) {
    const compiled: string[] = [];
    const compile = async (path: string) => {
      compiled.push(path);
      return jobOf(drive);
    };
    const world = worldOf(leader);
    const client = createClient({
      world,
      workingFolder: "/base",
      holder: "host:1",
      compile,
      close: () => {},
    });
    return { client, compiled };
  }

  test("submits a module and decodes what run returned", async () => {
    const { leader } = fakeLeader();
    const { client, compiled } = clientOf(leader, oneAction);
    const ended = await client.submit(new URL("file:///jobs/words.ts"), { top: 3 });
    expect(compiled).toEqual(["file:///jobs/words.ts"]);
    expect(ended).toMatchObject({ result: "committed", outputs: [output], durationMs: 0 });
    const { jobId } = await client.submit("words.ts", {}, { detached: true });
    expect(jobId).toMatch(/^words-/);
  });

  test("refuses a job of which no module is known", async () => {
    const { leader } = fakeLeader();
    const { client } = clientOf(leader, oneAction);
    const job = { [Symbol.for("millrace.Job")]: true, name: "lost", moduleFile: undefined };
    await expect(client.submit(job as never, {})).rejects.toMatchObject({
      code: "JOB_MODULE_UNKNOWN",
    });
  });

  test("an abort cancels the job on the cluster, whenever it comes", async () => {
    for (const promiseTurns of [0, 1, 2, 3, 100]) {
      const { leader, calls, requests } = fakeLeader();
      const { client } = clientOf(leader, never);
      const aborting = new AbortController();
      const running = client.submit("words.ts", {}, { signal: aborting.signal });
      const failed = expect(running).rejects.toMatchObject({ code: "JOB_CANCELLED" });
      for (let turn = 0; turn < promiseTurns; turn++) await Promise.resolve();
      aborting.abort();
      await failed;
      if (calls.length === 0) continue;
      expect(calls).toEqual(["Submit", "CancelJob"]);
      const { jobId } = requests.get("Submit") as wire.SubmitRequest;
      expect(requests.get("CancelJob")).toMatchObject({ jobId });
    }
  });

  test("waits for a job and shows its state", async () => {
    const error: ErrorRecord = { code: "JOB_CANCELLED", message: "enough", details: {} };
    const { leader } = fakeLeader({ views: [{ state: "cancelled", error }] });
    const { client } = clientOf(leader, never);
    await expect(client.wait("words-1")).rejects.toMatchObject(error);
    expect(await client.status("words-1")).toMatchObject({ state: "cancelled" });
    expect(await client.cancel("words-1")).toBe("cancelled");
  });
});
