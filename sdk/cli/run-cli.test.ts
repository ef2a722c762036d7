// Whole commands against a world without processes, files or sockets.

import { describe, expect, test } from "vitest";
import { EngineError } from "../../proto/errors.ts";
import type { JobBundle } from "../../proto/plan/bundle.ts";
import { silentLog } from "../../proto/ports/log.ts";
import { createMemoryStore } from "../../proto/testing/memory-store.ts";
import type { JobView, MastersView, MasterView } from "../../proto/wire/views.ts";
import { type ClusterClient, ReaderGone, type World } from "./ports.ts";
import { runCli } from "./run-cli.ts";

const output = { folderUri: "file:///base/out/", files: 1, rows: 2, bytes: 30 };

const bundle: JobBundle = {
  describe: () => ({
    name: "words",
    params: [
      { name: "input", type: "string", required: true, description: "text files" },
      { name: "minLength", type: "number", required: false, description: "", defaultText: "8" },
    ],
  }),
  parseFlags: (flags) => {
    if (flags.length > 0) return { paramsJson: JSON.stringify(flags) };
    const fields = [{ path: "input", message: "is required" }];
    throw new EngineError("PARAMS_INVALID", "1 parameter is wrong", { fields });
  },
  checkParams: () => {},
  drive: async () => "",
  replay: async () => ({
    closure: () => () => undefined,
    takeCounters: () => ({}),
    goOn: async () => {},
  }),
};

const job: JobView = {
  jobId: "job-1",
  name: "words",
  state: "failed",
  revision: 3,
  submittedWallMs: 0,
  driver: "ended",
  actions: [
    {
      actionIndex: 0,
      planDigest: "",
      label: "count",
      state: "failed",
      stages: [
        { stageId: 0, label: "read text", tasks: 4, done: 3, running: 0, retries: 2, reruns: 1 },
      ],
    },
  ],
  error: { code: "USER_CODE_FAILED", message: "oh", details: { source: "job.ts:1:2" } },
};

const masterOne: MasterView = {
  ...{ masterId: "m1", address: "a:1", key: "", role: "leader" },
  ...{ matchIndex: 9, lagEntries: 0, isHeard: true },
};

function mastersView(masters: readonly MasterView[]): MastersView {
  return { clusterId: "c", leader: "m1", term: 2, masters };
}

interface Seen {
  out: string;
  notes: string;
  stopped: number;
  closed: number;
  readonly calls: string[];
}

function fakeClient(seen: Seen): ClusterClient {
  const stage = { stageId: 0, label: "read", tasks: 1, done: 1, running: 0, rows: 1, bytes: 1 };
  return {
    runAttached: async (_job, paramsJson, hooks) => {
      seen.calls.push(paramsJson);
      hooks.onJobId("job-1");
      const stages = [{ ...stage, inputBytes: 1, retries: 0 }];
      hooks.onProgress({ actionIndex: 0, label: "count", stages });
      return { jobId: "job-1", resultJson: '{"total":3}', outputs: [output] };
    },
    submitDetached: async () => "job-2",
    cancel: async (jobId, reason) => {
      seen.calls.push(`cancel ${jobId} ${reason}`);
      return "cancelled";
    },
    job: async () => job,
    jobs: async () => [job],
    cluster: async () => ({
      clusterId: "c",
      leader: "m1",
      term: 2,
      appliedIndex: 9,
      masters: [masterOne],
      workers: [],
      jobsRunning: 0,
      jobsEnded: 1,
    }),
    masters: {
      list: async () => mastersView([masterOne]),
      add: async ({ masterId }) => {
        seen.calls.push(`add ${masterId}`);
        return mastersView([masterOne]);
      },
      remove: async ({ masterId, force }) => {
        seen.calls.push(`remove ${masterId} ${force}`);
        return mastersView([masterOne]);
      },
      transfer: async ({ masterId }) => {
        seen.calls.push(`transfer ${masterId}`);
        return mastersView([masterOne]);
      },
    },
    // Their command has a test of its own.
    locks: {} as ClusterClient["locks"],
    close: () => {
      seen.closed++;
    },
  };
}

function fakeWorld(change: { client?: Partial<ClusterClient>; world?: Partial<World> } = {}) {
  const seen: Seen = { out: "", notes: "", stopped: 0, closed: 0, calls: [] };
  const client: ClusterClient = { ...fakeClient(seen), ...change.client };
  const world: World = {
    version: "1.2.3",
    environment: { MILLRACE_MASTERS: "a:1", MILLRACE_TOKEN: "t" },
    workingFolder: "/base",
    cores: 3,
    executorBytes: 8 * 2 ** 30,
    terminal: {
      isTerminal: false,
      columns: () => 80,
      write: (text) => {
        seen.notes += text;
      },
      nowMs: () => 0,
    },
    print: async (data) => {
      seen.out += typeof data === "string" ? data : new TextDecoder().decode(data);
    },
    note: (text) => {
      seen.notes += text;
    },
    nowMs: () => 0,
    wallMs: () => 0,
    pause: () => new Promise(() => {}),
    interrupted: () => new Promise(() => {}),
    log: async () => silentLog,
    readTextFile: async () => '{"input":"x"}',
    compile: async () => ({ bundle, code: new Uint8Array(), sha256: "" }),
    store: async () => createMemoryStore(),
    readToken: async ({ variable }) => (variable === "MILLRACE_NODE_TOKEN" ? "n" : "t"),
    generateToken: async () => "mlr_x",
    connect: async () => client,
    runProgram: async () => 0,
    runBench: async () => 0,
    startEmbedded: ({ threads }) => {
      seen.calls.push(`embedded ${threads}`);
      return {
        token: "t",
        scratchUri: "file:///rows/",
        serving: Promise.resolve("b:2"),
        lost: new Promise(() => {}),
        stop: async () => {
          seen.stopped++;
        },
        discard: async () => {
          seen.stopped++;
        },
      };
    },
    startMaster: async () => ({ address: "127.0.0.1:1", stop: async () => {} }),
    recoverMaster: async ({ from, to, address }) => {
      seen.calls.push(`recover ${from} ${to} ${address}`);
      return {
        ...{ masterId: "m2", clusterId: "c", address: "b:1", masters: ["m1", "m2", "m3"] },
        ...{ lastIndex: 12, lastTerm: 3, commitIndex: 11, jobsRunning: 1, jobsEnded: 4 },
        ...(to === undefined ? {} : { recoveredClusterId: "d" }),
      };
    },
    startWorker: async () => ({ address: "127.0.0.1:1", stop: async () => {} }),
    ...change.world,
  };
  const run = (...args: string[]) => runCli(args, world);
  return { seen, run };
}

describe("run", () => {
  test("prints the result, names the outputs, and clears away", async () => {
    const { seen, run } = fakeWorld();
    expect(await run("run", "--threads", "2", "job.ts", "--input", "x")).toBe(0);
    expect(seen.out).toBe('{\n  "total": 3\n}\n');
    expect(seen.notes).toContain("count: 1/1 tasks, 1 B read in 0.0 s\n");
    expect(seen.notes).toContain("committed out/: 2 rows, 1 file, 30 B\n");
    expect(seen.calls).toEqual(["embedded 2", '["--input","x"]']);
    expect([seen.stopped, seen.closed]).toEqual([1, 1]);
  });

  test("--json prints one object, --quiet says nothing else", async () => {
    const { seen, run } = fakeWorld();
    expect(await run("run", "--json", "--quiet", "job.ts", "--input", "x")).toBe(0);
    expect(JSON.parse(seen.out)).toEqual({
      jobId: "job-1",
      state: "succeeded",
      result: { total: 3 },
      outputs: [output],
      durationMs: 0,
    });
    expect(seen.notes).toBe("");
  });

  test("job.ts --help lists the job's parameters without starting anything", async () => {
    const { seen, run } = fakeWorld();
    expect(await run("run", "job.ts", "--help")).toBe(0);
    expect(seen.out).toContain("  --input       string  required   text files\n");
    expect(seen.out).toContain("  --min-length  number  default 8\n");
    expect(seen.calls).toEqual([]);
  });

  test("wrong parameters end it with every field named, and the cluster is stopped", async () => {
    const { seen, run } = fakeWorld();
    expect(await run("run", "job.ts")).toBe(2);
    expect(seen.notes).toContain("  --input: is required");
    expect(seen.notes).toContain("millrace run job.ts --help lists the parameters");
    expect(seen.stopped).toBe(1);
  });

  test("a cluster that is lost ends it", async () => {
    const lost = Promise.reject(new EngineError("UNAVAILABLE", "the embedded cluster ended"));
    lost.catch(() => {});
    const never = new Promise<never>(() => {});
    const scratchUri = "file:///rows/";
    const end = async (): Promise<void> => {};
    const given = { token: "t", scratchUri, serving: never, lost };
    const embedded = { ...given, stop: end, discard: end };
    const { seen, run } = fakeWorld({ world: { startEmbedded: () => embedded } });
    expect(await run("run", "--json", "job.ts", "--input", "x")).toBe(7);
    expect(JSON.parse(seen.notes).error.code).toBe("UNAVAILABLE");
  });

  test("parameters come from a file or from flags, not from both", async () => {
    const { seen, run } = fakeWorld();
    expect(await run("run", "--params", "p.json", "job.ts")).toBe(0);
    expect(seen.calls).toContain('{"input":"x"}');
    expect(await run("run", "--params", "p.json", "job.ts", "--input", "y")).toBe(2);
    expect(seen.notes).toContain("use one of the two");
  });
});

describe("interrupts", () => {
  test("Ctrl-C cancels the job and tells so", async () => {
    const never = new Promise<never>(() => {});
    let submitted: (value: number) => void = () => {};
    const interrupted = new Promise<number>((resolve) => {
      submitted = resolve;
    });
    const { seen, run } = fakeWorld({
      client: {
        runAttached: (_job, _params, hooks) => {
          hooks.onJobId("job-1");
          submitted(130);
          return never;
        },
      },
      world: { interrupted: () => interrupted },
    });
    expect(await run("submit", "job.ts", "--input", "x")).toBe(130);
    expect(seen.calls).toEqual(["cancel job-1 interrupted by the user who submitted it"]);
    expect(seen.notes).toContain("job job-1 is cancelled");
    expect(seen.closed).toBe(1);
  });

  test("before the job was submitted there is nothing to cancel", async () => {
    const never = new Promise<never>(() => {});
    const world = { interrupted: () => Promise.resolve(143), compile: () => never };
    const { seen, run } = fakeWorld({ world });
    expect(await run("run", "job.ts")).toBe(143);
    expect(seen.calls).toEqual(["embedded 3"]);
    expect(seen.stopped).toBe(1);
  });
});

describe("other commands", () => {
  test("submit --detach prints the id", async () => {
    const { seen, run } = fakeWorld();
    expect(await run("submit", "--detach", "job.ts", "--input", "x")).toBe(0);
    expect(seen.out).toBe("job-2\n");
  });

  test("status of the cluster and of a job", async () => {
    const { seen, run } = fakeWorld();
    expect(await run("status")).toBe(0);
    expect(await run("status", "job-1")).toBe(0);
    expect(seen.out).toMatchInlineSnapshot(`
      "cluster c, term 2, log index 9

      masters
        m1  a:1  leader  entry 9

      workers
        none: jobs wait until one registers

      jobs: 0 running, 1 ended
        job-1  words  failed  1970-01-01 00:00:00 UTC  0/1 actions
      job job-1 (words): failed
        submitted 1970-01-01 00:00:00 UTC, driver: ended

      action 0: count: failed
        stage 0  3/4 tasks  read text  2 retried, 1 run again

      error USER_CODE_FAILED: oh
        at      job.ts:1:2
      "
    `);
  });

  test("bench hands on what it is given, what is empty too", async () => {
    const calls: (readonly string[])[] = [];
    const runBench = async (args: readonly string[]) => {
      calls.push(args);
      return 0;
    };
    const { run } = fakeWorld({ world: { runBench } });
    await run("bench", "list", "--size", "smoke");
    await run("bench", "--runs", "", "--only", "csv");
    await run("bench", "--publish", "--tpch-scale", "0.1", "--parts", "memory");
    expect(calls).toEqual([
      ["list", "--size=smoke"],
      ["--only=csv", "--runs="],
      ["--tpch-scale=0.1", "--parts=memory", "--publish"],
    ]);
  });

  test("bench ends its program when it is interrupted, and says by what", async () => {
    const runBench: World["runBench"] = (_, { signal }) =>
      new Promise((resolve) => signal.addEventListener("abort", () => resolve(143)));
    const { run } = fakeWorld({ world: { runBench, interrupted: async () => 130 } });
    expect(await run("bench")).toBe(130);
  });

  test("cancel passes the reason on", async () => {
    const { seen, run } = fakeWorld();
    expect(await run("cancel", "job-1", "--reason", "too slow")).toBe(0);
    expect(seen.calls).toEqual(["cancel job-1 too slow"]);
    expect(seen.out).toBe("job job-1: cancelled\n");
  });

  test("a reader that went away is no failure", async () => {
    const print = () => Promise.reject(new ReaderGone());
    const { seen, run } = fakeWorld({ world: { print } });
    expect(await run("status")).toBe(0);
    expect(seen.notes).toBe("");
  });

  test("a master serves until it is told to stop, or until it fails", async () => {
    const args = ["master", "--id", "m1", "--data", "d"];
    let stops = 0;
    let interrupt: (exitCode: number) => void = () => {};
    const interrupted = new Promise<number>((resolve) => {
      interrupt = resolve;
    });
    const stop = async (): Promise<void> => {
      stops++;
    };
    const startMaster = async () => {
      setImmediate(interrupt, 143);
      return { address: "127.0.0.1:1", stop };
    };
    const stopping = fakeWorld({ world: { interrupted: () => interrupted, startMaster } });
    expect(await stopping.run(...args, "--json")).toBe(0);
    expect(stops).toBe(1);
    const served = { serving: "master", id: "m1", address: "127.0.0.1:1" };
    expect(JSON.parse(stopping.seen.out)).toEqual(served);
    const failing = fakeWorld({
      world: {
        startMaster: async ({ onFatal }) => {
          onFatal(new EngineError("DISK_FULL", "the disk is full"));
          return { address: "127.0.0.1:1", stop: async () => {} };
        },
      },
    });
    expect(await failing.run(...args)).toBe(10);
    expect(failing.seen.notes).toContain("error DISK_FULL");
  });

  test("a new master is waited for until it votes, and its progress is told", async () => {
    const learner: MasterView = {
      ...{ masterId: "m2", address: "b:1", key: "k", role: "learner" },
      ...{ matchIndex: 4, lagEntries: 5, isHeard: true },
    };
    const voter: MasterView = { ...learner, role: "voter", matchIndex: 9, lagEntries: 0 };
    const looks = [learner, learner, voter];
    const { seen, run } = fakeWorld({
      world: { pause: async () => {} },
      client: {
        masters: {
          ...fakeClient({ out: "", notes: "", stopped: 0, closed: 0, calls: [] }).masters,
          add: async () => mastersView([masterOne, learner]),
          list: async () => mastersView([masterOne, looks.shift() ?? voter]),
        },
      },
    });
    expect(await run("master", "add", "m2", "b:1")).toBe(0);
    expect(seen.notes).toBe("m2 has 4 of 9 log entries\n");
    expect(seen.out).toBe("  m1  a:1  leader  entry 9\n  m2  b:1  voter   entry 9\n");
    expect(looks).toEqual([]);
  });

  test("a new master that does not come closer is given up, with what to do about it", async () => {
    let nowMs = 0;
    const learner: MasterView = { ...masterOne, masterId: "m2", role: "learner", matchIndex: 0 };
    const client = fakeClient({ out: "", notes: "", stopped: 0, closed: 0, calls: [] });
    const list = async () => mastersView([masterOne, learner]);
    const { seen, run } = fakeWorld({
      world: {
        nowMs: () => nowMs,
        pause: async (delayMs) => {
          nowMs += delayMs;
        },
      },
      client: { masters: { ...client.masters, add: list, list } },
    });
    expect(await run("master", "replace", "m1", "m2", "b:1")).toBe(7);
    expect(seen.notes).toContain("undo it with millrace master remove m2");
  });

  test("masters are removed, forced or not, and leadership is handed over", async () => {
    const { seen, run } = fakeWorld();
    expect(await run("master", "remove", "m2")).toBe(0);
    expect(await run("master", "remove", "m2", "--force")).toBe(0);
    expect(await run("master", "transfer", "m1", "--json")).toBe(0);
    expect(seen.calls).toEqual(["remove m2 false", "remove m2 true", "transfer m1"]);
    expect(seen.out).toContain('"masters":[{"masterId":"m1"');
  });

  test("recover tells what would be lost, and writes only what is confirmed", async () => {
    const { seen, run } = fakeWorld();
    const args = ["master", "recover", "--data", "d", "--to", "e"];
    expect(await run(...args)).toBe(2);
    expect(seen.out).toContain(
      "last entry: 12, of term 3; up to 11 it knows them to be committed\n",
    );
    expect(seen.out).toContain("jobs: 1 running, 4 ended\n");
    expect(seen.notes).toContain("nothing was written");
    expect(await run(...args, "--yes", "--listen", "b:2")).toBe(0);
    expect(seen.out).toContain("goes on as cluster d, with m2 at b:1 alone\n");
    expect(seen.notes).toContain("millrace master --id m2 --listen b:1 --data e");
    expect(seen.calls).toEqual(["recover d undefined undefined", "recover d e b:2"]);
  });

  test.each([
    [[], 2, "Usage: millrace COMMAND"],
    [
      ["master", "drop", "m1"],
      2,
      "knows list, add, replace, remove, transfer and recover, not 'drop'",
    ],
    [["master", "add", "m4"], 2, "master add needs ID HOST:PORT"],
    [["master", "add", "m4", "nowhere"], 2, "must be HOST:PORT"],
    [["master", "list", "m4"], 2, "too many arguments: 'm4'"],
    [["master", "recover", "--data", "d"], 2, "--to is required"],
    [["master", "recover", "m4", "--data", "d"], 2, "too many arguments: 'm4'"],
    [
      ["master", "--id", "m", "--data", "d", "--peers", "m=a:1", "--join", "b:1"],
      ...([2, "--peers founds a cluster and --join joins one"] as const),
    ],
    [["--version"], 0, ""],
    [["rnu"], 2, "did you mean run?"],
    [["job.ts"], 2, "did you mean run job.ts?"],
    [["--threads"], 2, "no option --threads before a command"],
    [["run"], 2, "millrace run needs JOB"],
    [["status", "a", "b"], 2, "too many arguments: 'b'"],
    [["worker", "--id", "w"], 2, "--work is required"],
    [["worker", "--id", "w", "--work", "d", "--listen", "0.0.0.0:1"], 2, "name one that they can"],
    [["output", "ftp://x"], 2, "scheme ftp:// is not known"],
  ])("%j ends with %i", async (args, exitCode, text) => {
    const { seen, run } = fakeWorld();
    expect(await run(...args)).toBe(exitCode);
    expect(seen.notes).toContain(text);
  });
});
