// What a user can get wrong, run as a user would: a stable code, a message that names the thing, and
// nothing visible in the output.

import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { type ErrorCode, errorTable } from "../../proto/errors.ts";
import { failureOf, runCommand } from "./testing/command-line.ts";
import { scratchFolder } from "./testing/folders.ts";

const folder = scratchFolder("bad-input");

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, content);
  return path;
}

/** A job whose `run` body is given; `out` and `input` are its parameters. */
function job(name: string, body: string): string {
  return file(
    `${name}.ts`,
    `import { defineJob, z } from "millrace";

export default defineJob({
  name: "${name}",
  params: z.object({ input: z.string(), output: z.string() }),
  async run(mr, { input, output }) {
${body}
  },
});
`,
  );
}

const copyText = job("copy-text", "    await mr.read.text(input).write.text(output);");
const goodText = file("good.txt", "one\ntwo\nthree\n");

async function failing(path: string, input: string, engine: readonly string[] = []) {
  const output = join(folder, `out-${Math.abs(hash(path + input))}`);
  const args = ["run", "--json", "--threads", "2", ...engine, path];
  const result = await runCommand([...args, "--input", input, "--output", `${output}/`], {
    folder,
  });
  const failure = failureOf(result);
  expect(result.code).toBe(errorTable[failure.code as ErrorCode].exit);
  expect(result.stdout).toBe("");
  const visible = existsSync(output)
    ? readdirSync(output).filter((name) => !name.startsWith("."))
    : [];
  expect(visible).toEqual([]);
  return failure;
}

function hash(text: string): number {
  let value = 0;
  for (const character of text) value = (Math.imul(value, 31) + character.charCodeAt(0)) | 0;
  return value;
}

/** Line, counted from 1, of the first occurrence in the job's source. */
function column(line: string, text: string): number {
  return line.indexOf(text) + 1;
}

describe("inputs", () => {
  test("missing", async () => {
    const failure = await failing(copyText, join(folder, "nowhere.txt"));
    expect(failure.code).toBe("INPUT_NOT_FOUND");
    expect(failure.message).toContain("nowhere.txt");
  });

  test("empty", async () => {
    const failure = await failing(copyText, file("empty.txt", ""));
    expect(failure.code).toBe("INPUT_EMPTY");
    expect(failure.message).toContain("empty.txt");
  });

  test("a damaged gzip file", async () => {
    const bytes = gzipSync("a line of text\n".repeat(1000));
    bytes.fill(0xff, 40, 60);
    const failure = await failing(copyText, file("damaged.txt.gz", bytes));
    expect(failure.code).toBe("INPUT_UNREADABLE");
    expect(failure.details.file).toContain("damaged.txt.gz");
  });

  test("malformed NDJSON: file, line and byte offset", async () => {
    const path = job("ndjson", "    await mr.read.ndjson(input).write.ndjson(output);");
    const failure = await failing(path, file("bad.ndjson", '{"a":1}\n{"a":2}\n{"a":\n'));
    expect(failure.code).toBe("INPUT_MALFORMED");
    expect(failure.details).toMatchObject({ line: 3, byteOffset: 16 });
    expect(failure.details.file).toContain("bad.ndjson");
  });

  test("malformed CSV: file, line and byte offset", async () => {
    const path = job("csv", "    await mr.read.csv(input).write.ndjson(output);");
    const failure = await failing(path, file("bad.csv", "a,b\n1,2\n3\n"));
    expect(failure.code).toBe("INPUT_MALFORMED");
    expect(failure.details).toMatchObject({ line: 3, byteOffset: 8 });
    expect(failure.details.file).toContain("bad.csv");
  });
});

describe("outputs", () => {
  test("a committed output is never written again", async () => {
    const output = join(folder, "twice");
    const args = ["run", "--json", copyText, "--input", goodText, "--output", `${output}/`];
    expect((await runCommand(args, { folder })).code).toBe(0);
    const before = readdirSync(output).sort();
    const again = await runCommand(args, { folder });
    const failure = failureOf(again);
    expect(failure.code).toBe("OUTPUT_EXISTS");
    expect(failure.message).toContain("twice");
    expect(again.code).toBe(4);
    expect(readdirSync(output).sort()).toEqual(before);
  });
});

describe("job modules", () => {
  test("no such file", async () => {
    const failure = await failing(join(folder, "absent.ts"), goodText);
    expect(failure.code).toBe("JOB_MODULE_NOT_FOUND");
    expect(failure.message).toContain("absent.ts");
  });

  test("no default job", async () => {
    const failure = await failing(file("nothing.ts", "export const x = 1;\n"), goodText);
    expect(failure.code).toBe("JOB_MODULE_NO_DEFAULT");
    expect(failure.message).toContain("nothing.ts");
  });

  test("a syntax error: file, line and column", async () => {
    const failure = await failing(file("broken.ts", "const a = 1;\nconst b = ;\n"), goodText);
    expect(failure.code).toBe("JOB_MODULE_SYNTAX");
    expect(failure.message + failure.details.source).toMatch(/broken\.ts:2:1[01]/);
  });

  test("wrong parameters: each is named", async () => {
    const result = await runCommand(["run", "--json", copyText, "--outptu", "x"], { folder });
    const failure = failureOf(result);
    expect(failure.code).toBe("PARAMS_INVALID");
    expect(result.code).toBe(2);
    const text = JSON.stringify(failure);
    for (const name of ["outptu", "input", "output"]) expect(text).toContain(name);
  });
});

describe("functions", () => {
  test("one that throws: its line, the input file, the task, the row", async () => {
    const line =
      '    const upper = (s: string) => { if (s === "two") throw new TypeError("no twos"); return s; };';
    const path = job(
      "throws",
      `${line}\n    await mr.read.text(input).map(upper).write.text(output);`,
    );
    const failure = await failing(path, goodText);
    expect(failure.code).toBe("USER_CODE_FAILED");
    expect(failure.message).toContain("TypeError: no twos");
    expect(failure.details.source).toMatch(
      new RegExp(`throws\\.ts:7:${column(line, "new TypeError")}$`),
    );
    expect(failure.details.file).toContain("good.txt");
    expect(failure.details).toMatchObject({ partition: 0, row: 1 });
    expect(failure.details.operator).toContain("map");
  });

  test("one that blocks for ever: the deadline, named", async () => {
    const path = job(
      "blocks",
      "    await mr.read.text(input).map((s) => { for (;;) if (s === '') return s; }).write.text(output);",
    );
    const failure = await failing(path, goodText, ["--closure-deadline-ms", "1500"]);
    expect(failure.code).toBe("USER_CODE_DEADLINE");
    expect(failure.message).toContain("1500 ms");
    expect(failure.details.operator).toContain("map");
  });

  test("one that fills the heap: operator, partition and limit; its neighbours survive", async () => {
    const path = job(
      "fills",
      `    const hoard: number[][] = [];
    await mr.read
      .text(input)
      .map((s) => { if (s === "two") for (;;) hoard.push(new Array(1e5).fill(hoard.length)); return s; })
      .write.text(output);`,
    );
    const failure = await failing(path, goodText, ["--heap-mib", "128"]);
    expect(failure.code).toBe("USER_CODE_OUT_OF_MEMORY");
    expect(failure.details.operator).toContain("map");
    expect(failure.details.partition).toBe(0);
    expect(failure.details.limitBytes).toBe(128 * 1024 * 1024);
  });

  test("a plan that differs when it is repeated: the step and its line are named", async () => {
    const path = file(
      "diverges.ts",
      `import { isMainThread } from "node:worker_threads";
import { defineJob, z } from "millrace";

export default defineJob({
  name: "diverges",
  params: z.object({ input: z.string(), output: z.string() }),
  async run(mr, { input, output }) {
    const lines = mr.read.text(input);
    const chosen = isMainThread ? lines.filter((line) => line !== "") : lines.map((line) => line);
    await chosen.write.text(output);
  },
});
`,
    );
    const failure = await failing(path, goodText);
    expect(failure.code).toBe("PLAN_DIVERGED");
    expect(failure.message).toContain("where filter#1 was planned at first, there is now map#1");
    const chosen =
      '    const chosen = isMainThread ? lines.filter((line) => line !== "") : lines.map(';
    expect(failure.details.source).toMatch(
      new RegExp(`diverges\\.ts:9:${column(chosen, "map(")}$`),
    );
  });
});

describe("clusters", () => {
  test("no master reachable", async () => {
    const result = await runCommand(
      ["status", "--json", "--masters", "127.0.0.1:9", "--timeout-ms", "1000"],
      { environment: { MILLRACE_TOKEN: "0123456789abcdef0123456789abcdef" } },
    );
    const failure = failureOf(result);
    expect(failure.code).toBe("UNAVAILABLE");
    expect(failure.message).toContain("127.0.0.1:9");
    expect(result.code).toBe(7);
  });
});
