// The real command as built, as a user meets it: its words, its streams, its exit codes.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type LocalCluster, startLocalCluster } from "../../bench/cluster/local-cluster.ts";

const program = fileURLToPath(new URL("./millrace.mjs", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "millrace-cli-"));
/** Temporary folders of the commands under test, to see that none is left. */
const scratch = join(folder, "tmp");

const wordsJob = `
import { defineJob, z } from "millrace";

export default defineJob({
  name: "words",
  params: z.object({
    input: z.string().describe("text files"),
    output: z.string().describe("folder for the counts"),
    minLength: z.number().int().default(1).describe("shortest word that counts"),
  }),
  async run(mr, { input, output, minLength }) {
    console.log("driver speaks");
    const words = mr.read
      .text(input)
      .flatMap((line) => line.split(" "))
      .filter((word) => word.length >= minLength);
    await words.countByValue().orderBy("count", "desc").write.ndjson(output);
    return { total: await words.count() };
  },
});
`;

const failingJob = `
import { defineJob, z } from "millrace";

export default defineJob({
  name: "failing",
  params: z.object({ input: z.string() }),
  async run(mr, { input }) {
    return await mr.read
      .text(input)
      .map((line) => {
        if (line === "bad") throw new RangeError("a bad line");
        return line;
      })
      .count();
  },
});
`;

const endlessJob = `
import { defineJob, z } from "millrace";

export default defineJob({
  name: "endless",
  params: z.object({ input: z.string() }),
  async run(mr, { input }) {
    const lines = await mr.read.text(input).count();
    console.log("counted");
    await new Promise((resolve) => setTimeout(resolve, 600_000));
    return lines;
  },
});
`;

const strayJob = `
import { defineJob, z } from "millrace";

export default defineJob({
  name: "stray",
  params: z.object({}),
  async run() {
    void Promise.reject(new Error("nobody waits"));
    setInterval(() => {}, 1000);
    await new Promise((resolve) => setTimeout(resolve, 600_000));
  },
});
`;

const limitJob = `import { defineJob, z } from "millrace";
export default defineJob({
  name: "limit",
  params: z.object({}),
  run: async (mr) => await mr.range(3).limit(-1).count(),
});
`;

interface Ended {
  readonly exitCode: number | null;
  readonly out: string;
  readonly errors: string;
}

type Environment = Readonly<Record<string, string>>;

function start(args: readonly string[], environment: Environment = {}): ChildProcess {
  const { MILLRACE_TOKEN: _token, MILLRACE_MASTERS: _masters, ...inherited } = process.env;
  return spawn(process.execPath, [program, ...args], {
    cwd: folder,
    env: { ...inherited, TMPDIR: scratch, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

function outcome(child: ChildProcess): Promise<Ended> {
  let out = "";
  let errors = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    out += text;
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (exitCode) => resolve({ exitCode, out, errors }));
  });
}

function millrace(args: readonly string[], environment: Environment = {}): Promise<Ended> {
  return outcome(start(args, environment));
}

function saw(child: ChildProcess, text: string): Promise<void> {
  return new Promise((resolve) => {
    let seen = "";
    child.stderr?.on("data", (part) => {
      seen += String(part);
      if (seen.includes(text)) resolve();
    });
  });
}

beforeAll(() => {
  mkdirSync(scratch);
  mkdirSync(join(folder, "data"));
  const files = {
    "words.ts": wordsJob,
    "limit.ts": limitJob,
    "failing.ts": failingJob,
    "endless.ts": endlessJob,
    "stray.ts": strayJob,
    "syntax.ts": "export default {\n  name: oh no,\n};\n",
    "nothing.ts": "export const answer = 42;\n",
    "params.json": '{ "input": "data/a.txt", "output": "out/from-file", "minLength": 2 }\n',
    "data/a.txt": "to be or not to be\nthat is the question\n",
    "data/bad.txt": "good\nbad\n",
  };
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe("without a cluster", () => {
  test("--version and --help", async () => {
    const { version } = JSON.parse(
      readFileSync(new URL("../../package.json", import.meta.url), "utf8"),
    ) as { version: string };
    expect(await millrace(["--version"])).toEqual({ exitCode: 0, out: `${version}\n`, errors: "" });
    const help = await millrace(["--help"]);
    expect(help.exitCode).toBe(0);
    expect(help.out).toContain("Example:");
    const bare = await millrace([]);
    expect([bare.exitCode, bare.out]).toEqual([2, ""]);
  });

  test.each([
    "run",
    "submit",
    "status",
    "cancel",
    "explain",
    "output",
    "master",
    "worker",
    "token",
  ])("%s --help has an example", async (command) => {
    const help = await millrace([command, "--help"]);
    expect(help).toMatchObject({ exitCode: 0, errors: "" });
    expect(help.out).toContain("Examples:\n");
    expect(help.out).toContain(`Usage: millrace ${command}`);
  });

  test.each([
    [["rnu", "words.ts"], 2, "error USAGE: millrace has no command rnu; did you mean run?"],
    [["run", "--thread", "2", "words.ts"], 2, "did you mean --threads?"],
    [["run", "--threads", "0", "words.ts"], 2, "--threads must be a whole number from 1 to"],
    [["run", "missing.ts"], 2, "error JOB_MODULE_NOT_FOUND"],
    [["run", "syntax.ts"], 2, "syntax.ts:2:12"],
    [["run", "nothing.ts"], 2, "error JOB_MODULE_NO_DEFAULT"],
    [["run", "--params", "absent.json", "words.ts"], 2, "cannot read absent.json"],
    [["status"], 2, "no masters given"],
    [["status", "--masters", "127.0.0.1:1"], 2, "no access token given"],
    [["output", "data"], 4, "error OUTPUT_NOT_COMMITTED"],
    [["explain", "words.ts", "--input", "data/none*", "--output", "o"], 3, "error INPUT_NOT_FOUND"],
    [["explain", "limit.ts"], 2, "at      limit.ts:5:40"],
  ])("%j ends with %i", async (args, exitCode, text) => {
    const ended = await millrace(args);
    expect(ended.errors).toContain(text);
    expect(ended).toMatchObject({ exitCode, out: "" });
    expect(ended.errors).not.toMatch(/\n {4}at /);
  });

  test("run JOB --help lists the job's parameters", async () => {
    const help = await millrace(["run", "words.ts", "--help"]);
    expect(help).toMatchObject({ exitCode: 0, errors: "" });
    expect(help.out).toMatch(/--input +string +required +text files/);
    expect(help.out).toMatch(/--min-length +\S+ +default 1 +shortest word that counts/);
  });

  test("every wrong parameter is named", async () => {
    const ended = await millrace(["run", "words.ts", "--min-length", "many", "--colour", "red"]);
    expect(ended.exitCode).toBe(2);
    expect(ended.errors).toContain("error PARAMS_INVALID");
    for (const field of ["input", "output", "min-length", "colour"]) {
      expect(ended.errors).toContain(`--${field}`);
    }
  });

  test("explain shows the plans of the first action", async () => {
    const args = ["explain", "words.ts", "--input", "data/a.txt", "--output", "out/words"];
    const explained = await millrace(args);
    expect(explained).toMatchObject({ exitCode: 0 });
    await expect(explained.out.replaceAll(folder, "/base")).toMatchFileSnapshot(
      "./testdata/explain-words.txt",
    );
    expect(readdirSync(folder)).not.toContain("out");
  });

  test("no master is reachable", async () => {
    const token = { MILLRACE_TOKEN: "a-token-that-opens-nothing" };
    const args = ["status", "--masters", "127.0.0.1:1", "--timeout-ms", "300", "--json"];
    const ended = await millrace(args, token);
    expect(ended.exitCode).toBe(7);
    expect(JSON.parse(ended.errors)).toMatchObject({ error: { code: "UNAVAILABLE" } });
  });
});

describe("on this machine", () => {
  test("a job's result is on standard output, all else beside it", async () => {
    const args = ["--input", "data/a.txt", "--output", "out/words"];
    const ended = await millrace(["run", "--threads", "1", "words.ts", ...args]);
    expect(ended.errors).toContain("driver speaks\n");
    expect(ended.errors).toContain("committed out/words/: 8 rows");
    expect(ended).toMatchObject({ exitCode: 0, out: '{\n  "total": 10\n}\n' });
    const rows = await millrace(["output", "out/words", "--limit", "2"]);
    expect(rows).toEqual({
      exitCode: 0,
      out: '{"value":"be","count":2}\n{"value":"to","count":2}\n',
      errors: "",
    });
    const again = await millrace(["run", "--threads", "1", "words.ts", ...args]);
    expect(again.exitCode).toBe(4);
    expect(again.errors).toContain("error OUTPUT_EXISTS");
    expect(readdirSync(scratch)).toEqual([]);
  });

  test("--json prints one object, parameters may come from a file", async () => {
    const args = ["--threads", "1", "--json", "--params", "params.json", "words.ts"];
    const ended = await millrace(["run", ...args]);
    expect(JSON.parse(ended.out)).toMatchObject({
      state: "succeeded",
      result: { total: 10 },
      outputs: [{ rows: 8, files: 1 }],
    });
    expect(ended.exitCode).toBe(0);
  });

  test("an error in a function names its line, the file and the row", async () => {
    const ended = await millrace([
      "run",
      "--threads",
      "1",
      "failing.ts",
      "--input",
      "data/bad.txt",
    ]);
    expect(ended).toMatchObject({ exitCode: 5, out: "" });
    expect(ended.errors).toContain("error USER_CODE_FAILED: ");
    expect(ended.errors).toContain("a bad line");
    expect(ended.errors).toContain("failing.ts:11:");
    expect(ended.errors).toContain("data/bad.txt");
  });

  test("a promise that the driver program forgot ends the job with its place", async () => {
    const ended = await millrace(["run", "--threads", "1", "stray.ts"]);
    expect(ended).toMatchObject({ exitCode: 5, out: "" });
    expect(ended.errors).toContain("error USER_CODE_FAILED: Error: nobody waits");
    expect(ended.errors).toContain("stray.ts:8:");
    expect(readdirSync(scratch)).toEqual([]);
  });

  test("a missing input", async () => {
    const args = ["--input", "data/none.txt", "--output", "out/none"];
    const ended = await millrace(["run", "--threads", "1", "words.ts", ...args]);
    expect(ended).toMatchObject({ exitCode: 3, out: "" });
    expect(ended.errors).toContain("error INPUT_NOT_FOUND");
  });

  test("Ctrl-C cancels the job and leaves nothing behind", async () => {
    const child = start(["run", "--threads", "1", "endless.ts", "--input", "data/a.txt"]);
    const ended = outcome(child);
    await saw(child, "counted\n");
    child.kill("SIGINT");
    const { exitCode, errors } = await ended;
    expect(errors).toContain("interrupted: cancelling job ");
    expect(exitCode).toBe(130);
    expect(readdirSync(scratch)).toEqual([]);
  });

  test("output | head ends quietly", async () => {
    const lines = "a line of some length to fill the pipe\n".repeat(100_000);
    const target = join(folder, "long");
    mkdirSync(target);
    writeFileSync(join(target, "part-00000-j-1.txt"), lines);
    const files = [{ name: "part-00000-j-1.txt", rows: 100_000, bytes: lines.length, digest: "" }];
    const manifest = { version: 1, jobId: "j", actionIndex: 0, format: "text", rows: 1, bytes: 1 };
    writeFileSync(join(target, "_manifest.json"), JSON.stringify({ ...manifest, files }));
    const child = start(["output", "long"]);
    child.stdout?.once("data", () => child.stdout?.destroy());
    const errors: string[] = [];
    child.stderr?.on("data", (text) => errors.push(String(text)));
    const exitCode = await new Promise((resolve) => child.once("exit", resolve));
    expect([exitCode, errors]).toEqual([0, []]);
  });
});

describe("on a cluster", () => {
  let cluster: LocalCluster;

  beforeAll(async () => {
    cluster = await startLocalCluster({
      masters: 1,
      workers: 1,
      threads: 1,
      folder: join(folder, "cluster"),
      program,
    });
  });

  afterAll(async () => {
    await cluster.stop();
  });

  const environment = (): Environment => ({
    ...cluster.environment,
    MILLRACE_MASTERS: cluster.masters.join(","),
  });

  test("submit drives a job to its end", async () => {
    const args = ["submit", "words.ts", "--input", "data/a.txt", "--output", "out/submitted"];
    const ended = await millrace(args, environment());
    expect(ended).toMatchObject({ exitCode: 0, out: '{\n  "total": 10\n}\n' });
    expect(ended.errors).toContain("committed out/submitted/");
  });

  test("a detached job is seen in status, and can be cancelled", async () => {
    const submitted = await millrace(
      ["submit", "--detach", "endless.ts", "--input", "data/a.txt"],
      environment(),
    );
    expect(submitted.exitCode).toBe(0);
    const jobId = submitted.out.trim();
    const status = await millrace(["status", "--json", jobId], environment());
    expect(JSON.parse(status.out)).toMatchObject({ jobId, name: "endless", state: "running" });
    const all = await millrace(["status"], environment());
    expect(all.out).toContain(jobId);
    expect(all.out).toContain("worker-1");
    const cancelled = await millrace(["cancel", jobId], environment());
    expect(cancelled).toMatchObject({ exitCode: 0, out: `job ${jobId}: cancelled\n` });
  });

  test("Ctrl-C on an attached job cancels it", async () => {
    const child = start(["submit", "endless.ts", "--input", "data/a.txt"], environment());
    const ended = outcome(child);
    await saw(child, "counted\n");
    child.kill("SIGINT");
    const { exitCode, errors } = await ended;
    expect(exitCode).toBe(130);
    expect(errors).toMatch(/job \S+ is cancelled/);
  });

  test("a wrong token is refused, an unknown job is named", async () => {
    const wrong = { ...environment(), MILLRACE_TOKEN: "another-token-than-the-one" };
    const refused = await millrace(["status"], wrong);
    expect(refused).toMatchObject({ exitCode: 8, out: "" });
    expect(refused.errors).toContain("error UNAUTHENTICATED");
    const unknown = await millrace(["status", "job-that-never-was"], environment());
    expect(unknown.exitCode).toBe(2);
    expect(unknown.errors).toContain("error JOB_NOT_FOUND");
  });
});
