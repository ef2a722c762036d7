// The pages tell the truth: their programs compile, their commands exist, marked commands work.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { type Block, blocksOf } from "./blocks.ts";
import { commandProblems, type Project, projectAt } from "./commands.ts";
import { runPage } from "./run-page.ts";
import { typeErrors } from "./type-check.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

function pages(): string[] {
  const folder = join(root, "docs");
  const names = existsSync(folder)
    ? readdirSync(folder, { recursive: true, encoding: "utf8" })
    : [];
  const docs = names.filter((name) => name.endsWith(".md")).map((name) => `docs/${name}`);
  return ["README.md", ...docs.sort()].filter((page) => existsSync(join(root, page)));
}

function block(language: string, code: string, marks: string[] = []): Block {
  return { page: "page.md", line: 10, language, marks, code };
}

describe("the pages of the project", () => {
  const byPage = pages().map((page) => blocksOf(page, readFileSync(join(root, page), "utf8")));
  const all = byPage.flat();
  const ofLanguage = (language: string) => all.filter((one) => one.language === language);

  test("every block says its language", () => {
    const bare = all.filter((one) => one.language === "");
    expect(bare.map(({ page, line }) => `${page}:${line}`)).toEqual([]);
  });

  test("TypeScript blocks compile", () => {
    expect(typeErrors(root, ofLanguage("ts"))).toEqual([]);
  });

  test("commands exist", () => {
    expect(commandProblems(projectAt(root), ofLanguage("sh"))).toEqual([]);
  });

  test.each(byPage.map((blocks) => [blocks[0]?.page ?? "a page without blocks", blocks] as const))(
    "%s: marked commands work",
    (_page, blocks) => {
      expect(runPage(root, blocks)).toBeUndefined();
    },
  );
});

describe("the checks themselves", () => {
  const project: Project = {
    root,
    help: ([subcommand]) =>
      subcommand === undefined
        ? "millrace run <job>  Runs a job\n  --version\n"
        : "--input, -i  A file\n--detach",
  };

  test("a type error is reported with its line in the page", () => {
    const wrong = block("ts", 'const name: string = "a";\nconst count: number = name;\n');
    expect(typeErrors(root, [wrong])).toEqual([
      "page.md:11: Type 'string' is not assignable to type 'number'.",
    ]);
  });

  test("blocks may import each other by file name, and may await", () => {
    const lib = block("ts", "export const one: number = 1;\n", ["lib.ts"]);
    const user = block("ts", 'import { one } from "./lib.ts";\nawait Promise.resolve(one);\n');
    expect(typeErrors(root, [lib, user])).toEqual([]);
  });

  test.each([
    "millrace walk job.ts",
    "npx millrace run --outputs x job.ts",
    "millrace --nothing",
    "npm run nothing",
    "npm tset",
    "node nothing.mjs",
    "./nothing/run",
    "no-such-program --flag",
  ])("%s is reported", (command) => {
    expect(commandProblems(project, [block("sh", `${command}\n`)])).toHaveLength(1);
  });

  test.each([
    "millrace run --input=a -i b --detach job.ts --words of-the-job",
    "millrace --version",
    "npm ci",
    "npm run build",
    "npm test",
    "node bench/tooling/build.mjs --types",
    "git clone x && cd x",
    ".ci/run",
  ])("%s is fine", (command) => {
    expect(commandProblems(project, [block("sh", `${command}\n`)])).toEqual([]);
  });

  test("a page's files and commands share a folder; the first failure is reported", () => {
    const before = mkdtempSync(join(tmpdir(), "millrace-docs-probe-"));
    const file = block("txt", "hello\n", ["data/a.txt"]);
    const good = block(
      "sh",
      `cp data/a.txt ${before}/copy\nmillrace_bin=$(command -v millrace)\n`,
      ["run"],
    );
    const unmarked = block("sh", "exit 9\n");
    expect(runPage(root, [file, good, unmarked])).toBeUndefined();
    expect(readFileSync(join(before, "copy"), "utf8")).toBe("hello\n");
    expect(runPage(root, [block("sh", "echo oh; false\n", ["run"])])).toContain(
      "page.md:10: status 1",
    );
    rmSync(before, { recursive: true });
  });
});
