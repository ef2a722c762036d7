// The project keeps its own rules, and each rule is shown a file that breaks it.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import entries from "../tooling/entries.json" with { type: "json" };
import { checkDead } from "./dead.ts";
import { checkImports } from "./imports.ts";
import { checkNames } from "./names.ts";
import { bannedWords, functionLinesMax } from "./rules.ts";
import { checkKernelShape, checkShape } from "./shape.ts";
import { parse, readKernelSources, readSources, type Violation } from "./source.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const entryPoints = [...entries.processes, ...entries.starters, ...entries.libraries];

function show({ rule, path, line, message }: Violation): string {
  return `${path}:${line} [${rule}] ${message}`;
}

describe("the project", () => {
  const sources = readSources(root);

  test("has sources to look at", () => {
    expect(sources.length).toBeGreaterThan(10);
  });

  test.each([
    ["imports what it may", checkImports],
    ["keeps clocks, chance and the machine behind ports", checkNames],
    ["is made of small, named, finished things", checkShape],
  ])(
    "%s",
    (_title, check) => {
      expect(sources.flatMap(check).map(show)).toEqual([]);
      // Reads every file of the project: a minute where the machine has much else to do.
    },
    120_000,
  );

  test("has kernels of no larger files and functions", () => {
    const kernels = readKernelSources(root);
    expect(kernels.length).toBeGreaterThan(5);
    expect(kernels.flatMap(checkKernelShape).map(show)).toEqual([]);
  });

  test("has no dead files", () => {
    expect(checkDead(sources, entryPoints).map(show)).toEqual([]);
  }, 120_000);

  test("says nothing unfinished in its pages", () => {
    const pattern = new RegExp(`\\b(${bannedWords.join("|")})\\b`);
    for (const page of ["README.md", "ARCHITECTURE.md", "STYLE.md"]) {
      expect(pattern.test(readIfPresent(page)), page).toBe(false);
    }
  });
});

function readIfPresent(page: string): string {
  try {
    return readFileSync(`${root}${page}`, "utf8");
  } catch {
    return "";
  }
}

function rulesBroken(path: string, text: string): string[] {
  const source = parse(path, text);
  const checks = [checkImports, checkNames, checkShape];
  return [...new Set(checks.flatMap((check) => check(source)).map(({ rule }) => rule))];
}

const opening = "// What this is for.\n";

describe("imports", () => {
  test.each([
    ["master/node.ts", "../worker/node.ts"],
    ["worker/node.ts", "../sdk/index.ts"],
    ["sdk/dataset/dataset.ts", "../../master/raft/step.ts"],
    ["proto/plan/stage.ts", "../../sdk/index.ts"],
    ["worker/node.ts", "../proto/io/disk.ts"],
    ["sdk/client/submit.ts", "../../proto/io/grpc.ts"],
    ["jobs/word-count/job.ts", "../../proto/errors.ts"],
    ["jobs/word-count/job.ts", "../page-rank/job.ts"],
    ["bench/sim/cluster.ts", "../../master/main.ts"],
    ["master/main.ts", "../bench/sim/cluster.ts"],
    ["worker/node.ts", "../proto/testing/fake-clock.ts"],
    ["worker/operators/filter.ts", "apache-arrow"],
    ["worker/executor/pool.ts", "@grpc/grpc-js"],
    ["worker/node.ts", "piscina"],
    ["sdk/client/store.ts", "minio"],
    ["sdk/client/submit.ts", "yargs/helpers"],
    ["sdk/planner/cut.ts", "esbuild"],
    ["sdk/planner/cut.ts", "left-pad"],
    ["master/main.ts", "left-pad"],
    ["sdk/planner/cut.ts", "vitest"],
    ["master/node.ts", "node:fs"],
    ["sdk/cli/run.ts", "fs"],
    ["worker/kernels/load.ts", "node:fs"],
  ])("%s may not import %s", (path, specifier) => {
    expect(rulesBroken(path, `${opening}import { x } from "${specifier}";\nx();\n`)).toContain(
      "imports",
    );
    expect(rulesBroken(path, `${opening}export const x = import("${specifier}");\n`)).toContain(
      "imports",
    );
  });

  test.each([
    ["master/node.ts", "../proto/ports/clock.ts"],
    ["master/main.ts", "../proto/io/disk.ts"],
    ["worker/executor/entry.ts", "../../proto/io/disk.ts"],
    ["jobs/word-count/job.ts", "millrace"],
    ["jobs/word-count/job.test.ts", "millrace/testing"],
    ["jobs/word-count/job.ts", "./tokens.ts"],
    ["bench/sim/cluster.ts", "../../master/node.ts"],
    ["worker/node.test.ts", "../bench/sim/cluster.ts"],
    ["worker/node.test.ts", "../proto/testing/fake-clock.ts"],
    ["proto/testing/store-contract.ts", "vitest"],
    ["proto/batch/ipc.ts", "apache-arrow"],
    ["proto/io/grpc.ts", "@grpc/grpc-js"],
    ["sdk/cli/main.ts", "node:process"],
    ["master/main.ts", "yargs"],
    ["sdk/client/bundle-job.ts", "node:path"],
    ["sdk/planner/cut.test.ts", "fast-check"],
  ])("%s may import %s", (path, specifier) => {
    expect(rulesBroken(path, `${opening}import { x } from "${specifier}";\nx();\n`)).toEqual([]);
  });

  test("a Node module among the kernels needs its reason", () => {
    const line = 'import { readFileSync } from "node:fs";\nreadFileSync("x");\n';
    const explained = `${opening}\n// Read once at start: the code is a file beside this one.\n${line}`;
    expect(rulesBroken("worker/kernels/load.ts", explained)).toEqual([]);
  });
});

describe("names", () => {
  const statements = [
    "export const x = Date.now();",
    "export const x = new Date();",
    "export const x = Date();",
    "export const clock = Date;",
    'export const x = Date.parse("2020-01-01");',
    "export const x = new Date(2020, 1);",
    "export const x = performance.now();",
    "export const x = Math.random();",
    "setTimeout(() => undefined, 1);",
    "export const x = process.pid;",
    "export const x = crypto.randomUUID();",
    "console.log(1);",
  ];
  const pureOnly = [
    "export async function x() {}",
    "export const x = async () => 1;",
    "export const x = await y;",
    "export type X = Promise<void>;",
    "export const x = Promise.resolve(1);",
    "export const x = new WeakRef({});",
    "export const x = new FinalizationRegistry(() => undefined);",
    "export const x = new Intl.Collator();",
    'export const x = "a".localeCompare("b");',
    "export const x = (1).toLocaleString();",
    "for (const x in {}) y(x);",
    "export const x = [2, 1].sort();",
    "export const x = [2, 1].toSorted();",
    "export const x = Math.sin(1);",
    "export const x = Math.pow(2, 0.5);",
    "export const x = globalThis;",
  ];

  test.each([...statements, ...pureOnly])("a pure folder may not say %s", (statement) => {
    expect(rulesBroken("master/raft/step.ts", opening + statement)).toEqual(["pure"]);
  });

  test.each(statements)("code behind ports may not say %s", (statement) => {
    expect(rulesBroken("master/node.ts", opening + statement)).toEqual(["ports"]);
    expect(rulesBroken("master/main.ts", opening + statement)).toEqual([]);
    expect(rulesBroken("proto/io/clock.ts", opening + statement)).toEqual([]);
  });

  test.each([
    "export const x = state.process;",
    "export interface X { readonly performance: number; }",
    "export function run(process: () => void) { process(); }",
    "export const x = { Date: 1 };",
    "export const x = y instanceof Date ? new Date(y.getTime()) : y;",
    "export type Value = Date | number;",
    "export const x = [2, 1].sort((a, b) => a - b);",
    "export const x = Math.imul(2, 3);",
  ])("a pure folder may say %s", (statement) => {
    expect(rulesBroken("master/raft/step.ts", opening + statement)).toEqual([]);
  });

  test("ports may speak of promises", () => {
    const statement = "export interface Disk { read(): Promise<Uint8Array>; }";
    expect(rulesBroken("proto/ports/disk.ts", opening + statement)).toEqual([]);
    const started = "export const x = Promise.resolve(1);";
    expect(rulesBroken("proto/ports/disk.ts", opening + started)).toEqual([]);
    expect(rulesBroken("proto/plan/bundle.ts", opening + statement)).toEqual([]);
    expect(rulesBroken("proto/plan/bundle.ts", opening + started)).toEqual(["pure"]);
  });

  test("what one seed drives may not see the clock", () => {
    const path = "bench/sim/network.ts";
    expect(rulesBroken(path, `${opening}export const x = Date.now();`)).toEqual(["seeded"]);
    expect(rulesBroken(path, `${opening}export const x = Math.random();`)).toEqual(["seeded"]);
    expect(rulesBroken("bench/macro/time.ts", `${opening}export const x = Date.now();`)).toEqual(
      [],
    );
  });
});

describe("shape", () => {
  const lines = (count: number) => "  x();\n".repeat(count);
  const long = `export function long() {\n${lines(functionLinesMax)}}\n`;

  test.each([
    ["opening", "sdk/a.ts", "export const a = 1;\n"],
    ["kebab", "sdk/camelCase.ts", opening],
    ["kebab", "sdk/some_folder/a.ts", opening],
    ["file-length", "sdk/a.ts", opening + "export const a = 1;\n".repeat(500)],
    ["function-length", "sdk/a.ts", opening + long],
    ["function-length", "sdk/a.ts", `${opening}class A { m() {\n${lines(70)}} }`],
    ["function-length", "sdk/a.test.ts", `${opening}test("a", () => {\n${lines(70)}});`],
    ["any", "sdk/a.ts", `${opening}export const a: any = 1;`],
    ["any", "sdk/a.ts", `${opening}export const a = 1 as any;`],
    ["enum", "sdk/a.ts", `${opening}export enum A { B }`],
    ["enum", "sdk/a.ts", `${opening}export const enum A { B }`],
    ["default-export", "sdk/a.ts", `${opening}export default 1;`],
    ["default-export", "sdk/a.ts", `${opening}export default function a() {}`],
    ["default-export", "sdk/a.ts", `${opening}const a = 1;\nexport { a as default };`],
    ["barrel", "sdk/a.ts", `${opening}export { b } from "./b.ts";`],
    ["barrel", "sdk/a.ts", `${opening}import { b } from "./b.ts";\nexport { b };`],
    ["barrel", "sdk/a.ts", `${opening}export const a = 1;\nexport * from "./b.ts";`],
    ["names", "sdk/utils.ts", opening],
    ["switched-off", "sdk/a.test.ts", `${opening}test.${"skip"}("a", () => undefined);`],
    ["switched-off", "sdk/a.test.ts", `${opening}describe.${"only"}("a", () => undefined);`],
    ...bannedWords.map((word) => ["words", "sdk/a.ts", `// ${word}: later.\n`]),
  ])("%s is reported in %s", (rule = "", path = "", text = "") => {
    expect(rulesBroken(path, text)).toEqual([rule]);
  });

  test.each([
    ["sdk/index.ts", `${opening}export { b } from "./b.ts";`],
    ["jobs/word-count/job.ts", `${opening}export default 1;`],
    ["sdk/a.test.ts", `${opening}describe("a", () => {\n${"test('a', run);\n".repeat(100)}});`],
    ["sdk/cli/a.mjs", `#!/usr/bin/env node\n${opening}`],
    ["sdk/a.ts", `${opening}export function a() {\n${lines(functionLinesMax - 2)}}\n`],
  ])("%s is fine", (path, text) => {
    expect(rulesBroken(path, text)).toEqual([]);
  });
});

test("a kernel's source is measured as others are, by what both languages have", () => {
  const text = `export function sum(at: usize): f64 {\n${"  at += 8;\n".repeat(80)}  return 0;\n}\n`;
  const broken = (own: string) =>
    checkKernelShape(parse("worker/kernels/sum.as.ts", own)).map(({ rule }) => rule);
  expect(broken(text)).toEqual(["opening", "function-length"]);
  expect(broken(opening + "let a: u32 = 0;\n".repeat(500))).toEqual(["file-length"]);
});

describe("dead files", () => {
  const entry = parse("sdk/index.ts", 'export { a } from "./a.ts";');
  const a = parse("sdk/a.ts", "export const a = 1;");

  test("what no entry point or test reaches is reported", () => {
    const b = parse("sdk/b.ts", 'export { a } from "./c.ts";');
    const c = parse("sdk/c.ts", 'export { b } from "./b.ts";');
    const found = checkDead([entry, a, b, c], ["sdk/index.ts"]);
    expect(found.map(({ path }) => path)).toEqual(["sdk/b.ts", "sdk/c.ts"]);
  });

  test("tests, scripts and named paths count", () => {
    const byTest = parse("sdk/d.ts", "export const d = 1;");
    const test = parse("sdk/d.test.ts", 'import { d } from "./d.ts";');
    const setup = parse("bench/tooling/setup.ts", "export const s = 1;");
    const config = parse("vitest.config.ts", 'const s = "./bench/tooling/setup.ts";');
    expect(checkDead([entry, a, byTest, test, setup, config], ["sdk/index.ts"])).toEqual([]);
  });
});
