// Compiled jobs are kept only while they would be compiled to the same again.

import { mkdir, mkdtemp, realpath, rename, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { decidingPaths, KeptBundles } from "./bundle-kept.ts";

let folder: string;

beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "millrace-kept-")));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

const job = 'import { words } from "./lib/words.ts";\nexport default words;\n';

async function write(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(join(folder, name, ".."), { recursive: true });
    await writeFile(join(folder, name), content);
  }
}

async function pathsOf(entry: string): Promise<readonly string[] | undefined> {
  const { metafile } = await build({
    entryPoints: [join(folder, entry)],
    absWorkingDir: folder,
    bundle: true,
    write: false,
    metafile: true,
    platform: "node",
    logLevel: "silent",
  });
  return decidingPaths(metafile, folder, []);
}

/** As if all that was written had been there for long. */
const muchLater = (): number => Date.now() + 60_000;

async function keptJob() {
  const paths = await pathsOf("job.ts");
  const kept = new KeptBundles<string>();
  kept.keep("job", "compiled", paths ?? expect.fail("the job is not kept"), muchLater());
  expect(kept.find("job")).toBe("compiled");
  return kept;
}

describe("a kept job", () => {
  beforeEach(() => write({ "job.ts": job, "lib/words.ts": "export const words = 1;\n" }));

  test("is found as long as nothing changes", async () => {
    const kept = await keptJob();
    expect(kept.find("job")).toBe("compiled");
    expect(kept.find("other")).toBeUndefined();
  });

  test("is gone once an import changed, though its size and its time of modification did not", async () => {
    const path = join(folder, "lib/words.ts");
    await utimes(path, 1, 1);
    const kept = await keptJob();
    await writeFile(path, "export const words = 2;\n");
    await utimes(path, 1, 1);
    expect(kept.find("job")).toBeUndefined();
    // Nor does it come back.
    expect(kept.find("job")).toBeUndefined();
  });

  test("is gone once a file came that may be found first", async () => {
    const kept = await keptJob();
    await write({ "lib/words.ts.js": "" });
    expect(kept.find("job")).toBeUndefined();
  });

  test("is gone once a package.json came, which may say what is imported", async () => {
    const kept = await keptJob();
    await write({ "package.json": '{"sideEffects":false}' });
    expect(kept.find("job")).toBeUndefined();
  });

  test("is gone once a file is", async () => {
    const kept = await keptJob();
    await rename(join(folder, "lib"), join(folder, "other"));
    expect(kept.find("job")).toBeUndefined();
  });
});

describe("a job is not kept", () => {
  test("when a file was changed since compiling began, or just before", async () => {
    await write({ "job.ts": job, "lib/words.ts": "export const words = 1;\n" });
    const kept = new KeptBundles<string>();
    kept.keep("job", "compiled", (await pathsOf("job.ts")) ?? [], Date.now());
    expect(kept.find("job")).toBeUndefined();
  });

  test("when it imports from packages", async () => {
    await write({
      "job.ts": 'import x from "somewhere";\nexport default x;\n',
      "node_modules/somewhere/index.js": "export default 1;\n",
    });
    expect(await pathsOf("job.ts")).toBeUndefined();
  });

  test("when an import leads through a symbolic link", async () => {
    await write({ "job.ts": job, "real/words.ts": "export const words = 1;\n" });
    await symlink(join(folder, "real"), join(folder, "lib"));
    expect(await pathsOf("job.ts")).toBeUndefined();
  });

  test("when an import is a symbolic link to a folder of a longer name", async () => {
    await write({
      "job.ts": 'export { words } from "./lib";\n',
      "lib-real/index.ts": "export const words = 1;\n",
    });
    await symlink(join(folder, "lib-real"), join(folder, "lib"));
    expect(await pathsOf("job.ts")).toBeUndefined();
  });
});

test("Node's own modules and imports without an extension are no hindrance", async () => {
  await write({
    "job.ts":
      'import "node:fs";\nimport { a } from "./a";\nimport { b } from "./b.js";\nexport { a, b };\n',
    "a/index.ts": "export const a = 1;\n",
    "b.ts": "export const b = 1;\n",
  });
  const paths = await pathsOf("job.ts");
  expect(paths).toEqual(
    expect.arrayContaining(
      ["job.ts", "a/index.ts", "b.ts", "a", "."].map((name) => join(folder, name)),
    ),
  );
});

test("the ones asked for least lately are given up", () => {
  const kept = new KeptBundles<number>();
  for (let at = 0; at < 8; at++) kept.keep(`${at}`, at, [], muchLater());
  expect(kept.find("0")).toBe(0);
  kept.keep("8", 8, [], muchLater());
  expect(kept.find("1")).toBeUndefined();
  expect(kept.find("0")).toBe(0);
  expect(kept.find("8")).toBe(8);
});
