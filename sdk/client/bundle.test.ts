// Compiling and loading of jobs that lie outside of any project, with the real compiler.

import { execFile } from "node:child_process";
import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { EngineError } from "../../proto/errors.ts";
import type { ActionOutcome, JobContext } from "../../proto/plan/bundle.ts";
import { encodeValue } from "../../proto/plan/values.ts";
import { type BundledJob, bundleJob } from "./bundle.ts";
import { loadBundle } from "./bundle-load.ts";
import { locateIn } from "./source-places.ts";

let folder: string;
let jobRuntime: string;

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "millrace-bundle-")));
  jobRuntime = join(folder, "runtime", "job.mjs");
  await build({
    entryPoints: [fileURLToPath(new URL("../job.ts", import.meta.url))],
    outfile: jobRuntime,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    minify: true,
    // As the real one is built: its map must not come into every job.
    sourcemap: "linked",
  });
});

afterAll(() => rm(folder, { recursive: true, force: true }));

/** Files by their path below the folder; answers the absolute path of the first. */
async function write(files: Readonly<Record<string, string>>): Promise<string> {
  const paths: string[] = [];
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    paths.push(path);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
  }
  return paths[0] ?? folder;
}

const compile = (path: string): Promise<BundledJob> => bundleJob(path, { jobRuntime });

async function failureOf(work: Promise<unknown>): Promise<EngineError> {
  return await work.then(
    () => expect.fail("it did not fail"),
    (thrown: unknown) => thrown as EngineError,
  );
}

const wordsJob = `import { defineJob, z } from "millrace";
import { words } from "./lib/words.ts";

interface Counted { readonly total: number }

export default defineJob({
  name: "count-words",
  params: z.object({ input: z.string().describe("text files") }),
  async run(mr, { input }): Promise<Counted> {
    const total = await mr.read.text(input).flatMap(words).count();
    if (total === 13) {
      throw new RangeError("thirteen");
    }
    return { total };
  },
});
`;
const wordsLib = `export function words(line: string): string[] {
  if (line === "bad") throw new TypeError("a bad line");
  return line.split(" ");
}
`;

const context: JobContext = {
  jobId: "job-1",
  paramsJson: JSON.stringify({ input: "/data/a.txt" }),
  seed: 1,
  submittedWallMs: 0,
  workingFolder: "/",
};

function hostOf(outcome: ActionOutcome) {
  return {
    describeInput: async (format: string) => {
      throw new Error(`nothing is read here, not even ${format}`);
    },
    listInputs: async (pattern: string) => [{ uri: pattern, sizeBytes: 10 }],
    recordedOutcome: async () => undefined,
    runAction: async () => outcome,
  };
}

const counted = (total: number): ActionOutcome => ({ kind: "result", parts: [String(total)] });

describe("a job outside of any project", () => {
  test("is compiled, loaded, described and driven", async () => {
    const path = await write({ "one/job.ts": wordsJob, "one/lib/words.ts": wordsLib });
    const job = await compile(path);
    expect(job.modulePath).toBe(path);
    const bundle = await loadBundle(job);
    expect(bundle.describe()).toMatchObject({
      name: "count-words",
      params: [{ name: "input", description: "text files" }],
    });
    expect(bundle.parseFlags(["--input", "x"])).toEqual({ paramsJson: '{"input":"x"}' });
    const resultJson = await bundle.drive(context, hostOf(counted(4)));
    expect(resultJson).toBe(encodeValue({ total: 4 }));
    expect(await loadBundle(job)).toBe(bundle);
  });

  test("equal sources give equal bytes, without a word of where they lie", async () => {
    const first = await write({ "two/job.ts": wordsJob, "two/lib/words.ts": wordsLib });
    const second = await write({ "far/off/job.ts": wordsJob, "far/off/lib/words.ts": wordsLib });
    const [one, other] = await Promise.all([compile(first), compile(second)]);
    expect(one.sha256).toBe(other.sha256);
    const text = Buffer.from(one.code).toString("utf8");
    const base64 = text.slice(text.lastIndexOf("base64,") + "base64,".length);
    const map = JSON.parse(Buffer.from(base64, "base64").toString("utf8")) as {
      readonly sources: readonly string[];
      readonly mappings: string;
    };
    expect(text).not.toContain(folder);
    expect([...map.sources].sort()).toEqual([
      "job.ts",
      "lib/words.ts",
      "millrace/sdk/entry.mjs",
      "millrace/sdk/job.mjs",
    ]);
    expect(map.mappings.length).toBeLessThan(20_000);
  });

  test("a throw in run is told by its place in the source", async () => {
    const path = await write({ "three/job.ts": wordsJob, "three/lib/words.ts": wordsLib });
    const job = await compile(path);
    const bundle = await loadBundle(job);
    const thrown = await failureOf(bundle.drive(context, hostOf(counted(13))));
    expect(locateIn(job.code, job.sha256)(thrown).source).toBe("job.ts:12:13");
  });
});

test("a job is compiled once, until it changes", async () => {
  const path = await write({ "kept/job.ts": wordsJob, "kept/lib/words.ts": wordsLib });
  // As if the files had been there for a while.
  const clock = { wallMs: () => Date.now() + 60_000 };
  const keep = () => bundleJob(path, { jobRuntime, clock });
  const first = await keep();
  expect(await keep()).toBe(first);
  await write({ "kept/lib/words.ts": wordsLib.replace("a bad line", "a bad word") });
  const changed = await keep();
  expect(changed.sha256).not.toBe(first.sha256);
  expect(Buffer.from(changed.code).toString("utf8")).toContain("a bad word");
});

describe("places of what a plain Node process throws", () => {
  const source = `import { defineJob, z } from "millrace";
import { words } from "./lib/words.ts";
const schema = z.object({ a: z.number() });
export const split = (line: string) => line === "" ? schema.parse(line) : words(line);
Object.assign(globalThis, { split });
export default defineJob({
  name: "throws",
  params: z.object({}),
  run: async (mr) => await mr.read.text("/x").map(split).count(),
});
`;
  const script = `
    const [url, line] = process.argv.slice(1);
    await import(url);
    try { split(line); } catch (thrown) { console.log(thrown.stack); }`;

  async function throwing(line: string, nodeOptions: readonly string[] = []) {
    const path = await write({ "four/job.ts": source, "four/lib/words.ts": wordsLib });
    const { code, sha256 } = await compile(path);
    const loaded = await write({
      [`millrace-job-abc123/${sha256}.mjs`]: Buffer.from(code).toString("utf8"),
    });
    const url = pathToFileURL(loaded).href;
    const args = [...nodeOptions, "--input-type=module", "-e", script, url, line];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    return locateIn(code, sha256)(Object.assign(new Error(), { stack: stdout }));
  }

  test("in an imported file", async () => {
    const { source, stack } = await throwing("bad");
    expect(source).toBe("lib/words.ts:2:29");
    expect(stack).toContain("TypeError: a bad line");
    expect(stack).toContain("job.ts:4:75");
    expect(stack).not.toContain("millrace-job-");
  });

  test("inside the runtime: where the user called it", async () => {
    expect((await throwing("")).source).toBe("job.ts:4:61");
  });

  test("where Node maps stacks itself", async () => {
    expect((await throwing("bad", ["--enable-source-maps"])).source).toBe("lib/words.ts:2:29");
  });
});

describe("what cannot be compiled", () => {
  test("no such file, a folder, another kind of file", async () => {
    const missing = await failureOf(compile(join(folder, "absent.ts")));
    expect(missing).toMatchObject({ code: "JOB_MODULE_NOT_FOUND" });
    expect(missing.message).toContain("absent.ts");
    const isFolder = await failureOf(compile(folder));
    expect(isFolder).toMatchObject({ code: "JOB_MODULE_NOT_FOUND" });
    const text = await failureOf(compile(await write({ "notes.txt": "hello" })));
    expect(text).toMatchObject({ code: "JOB_MODULE_SYNTAX" });
    expect(text.message).toContain("notes.txt");
  });

  test("a syntax error, by file, line and column", async () => {
    const path = await write({ "broken.ts": "const a = 1;\nconst b = ;\n" });
    const failure = await failureOf(compile(path));
    expect(failure).toMatchObject({
      code: "JOB_MODULE_SYNTAX",
      details: { source: "broken.ts:2:11" },
    });
    expect(failure.message).toMatch(/^broken\.ts:2:11: Unexpected/);
  });

  test("an import of nothing, by its name and place", async () => {
    const path = await write({
      "lost.ts": 'import x from "no-such-package";\nexport default x;\n',
    });
    const failure = await failureOf(compile(path));
    expect(failure).toMatchObject({
      code: "JOB_MODULE_SYNTAX",
      details: { source: "lost.ts:1:15" },
    });
    expect(failure.message).toContain('cannot find "no-such-package"');
  });

  test("something that millrace has for programs only", async () => {
    const path = await write({
      "connects.ts": 'import { connect } from "millrace";\nexport default connect;\n',
    });
    const failure = await failureOf(compile(path));
    expect(failure).toMatchObject({ code: "JOB_MODULE_SYNTAX" });
    expect(failure.message).toContain("millrace has no export named connect inside a job module");
    expect(failure.details.source).toBe("connects.ts:1:10");
  });

  test("a native addon", async () => {
    const path = await write({
      "native/job.ts": 'import x from "./fast.node";\nexport default x;\n',
      "native/fast.node": "machine code",
    });
    const failure = await failureOf(compile(path));
    expect(failure).toMatchObject({ code: "JOB_MODULE_SYNTAX" });
    expect(failure.message).toContain("fast.node is a native addon");
  });

  test("more than a bundle may hold", async () => {
    const big = `export const big = ${JSON.stringify("x".repeat(9 * 1024 * 1024))};\n`;
    const source = `import { big } from "./big.ts";\nconsole.log(big);\n${wordsJob}`;
    const path = await write({
      "large/job.ts": source,
      "large/big.ts": big,
      "large/lib/words.ts": wordsLib,
    });
    expect(await failureOf(compile(path))).toMatchObject({ code: "LIMIT_EXCEEDED" });
  });
});

describe("what compiles but is no job", () => {
  test("a module without a default export", async () => {
    const failure = await failureOf(
      compile(await write({ "nothing.ts": "export const x = 1;\n" })),
    );
    expect(failure).toMatchObject({ code: "JOB_MODULE_NO_DEFAULT" });
    expect(failure.message).toContain("nothing.ts");
  });

  test("a default export that defineJob did not make", async () => {
    const job = await compile(await write({ "plain.ts": "export default { name: 'x' };\n" }));
    const failure = await failureOf(loadBundle(job));
    expect(failure).toMatchObject({ code: "JOB_MODULE_NO_DEFAULT" });
    expect(failure.message).toContain("plain.ts");
  });

  test("a module that throws while it loads, by its place", async () => {
    const source = "const none: string[] = [];\nexport default none[0].length;\n";
    const job = await compile(await write({ "throws.ts": source }));
    const failure = await failureOf(loadBundle(job));
    expect(failure).toMatchObject({
      code: "USER_CODE_FAILED",
      details: { source: "throws.ts:2:24" },
    });
  });
});
