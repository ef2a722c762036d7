// What sources and sinks of others get wrong: the code, the step that they are, and the place in the program.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { failureOf, runCommand } from "./testing/command-line.ts";
import { scratchFolder } from "./testing/folders.ts";

const folder = scratchFolder("connector-errors");

const beginning = `import { defineJob, defineSink, defineSource, int53, schema, utf8, z } from "millrace";
const refuse = (): never => { throw new RangeError("the service is closed"); };
const columns = schema({ n: int53, word: utf8 });
const source = (parts: object): any =>
  defineSource({ name: "words", schema: columns, plan: () => ({ splits: [1] }), async *read() {}, ...parts } as any);
const sink = (parts: object): any =>
  defineSink({ name: "shelf", target: "top", stage: async (batches: any) => { for await (const _ of batches); },
    commit: async () => {}, abort: async () => {}, ...parts } as any);
`;
const placeOf = (line: string): string => {
  const lines = beginning.split("\n");
  const row = lines.findIndex((one) => one.includes(line));
  return `:${row + 1}:${lines[row]!.indexOf(line) + 1}`;
};
const refused = placeOf("new RangeError");

async function run(name: string, body: string) {
  const path = join(folder, `${name}.ts`);
  const text = `${beginning}export default defineJob({
  name: "${name}",
  params: z.object({}),
  async run(mr) {
${body}
  },
});
`;
  writeFileSync(path, text);
  return await runCommand(["run", "--json", "--threads", "1", path]);
}

/** What the driver asks: it ends the job, since it is no outcome that a replay could meet again. */
test.each([
  [
    "schema",
    "mr.read.from(source({ schema: refuse })).count()",
    "USER_CODE_FAILED",
    /^read words#0: RangeError: the service is closed$/,
  ],
  [
    "schema-none",
    "mr.read.from(source({ schema: () => ({ n: 1 }) })).count()",
    "PLAN_INVALID",
    /^read words#0: its schema is none; use schema/,
  ],
  [
    "plan",
    "mr.read.from(source({ plan: refuse })).count()",
    "USER_CODE_FAILED",
    /^read words#0: RangeError: the service is closed$/,
  ],
  [
    "plan-none",
    "mr.read.from(source({ plan: () => undefined })).count()",
    "PLAN_INVALID",
    /^source words#0 planned no list of splits/,
  ],
  [
    "begin",
    "mr.range(3).write.to(sink({ begin: refuse }))",
    "USER_CODE_FAILED",
    /^write shelf#1: RangeError: the service is closed$/,
  ],
])("%s fails", async (name, steps, code, message) => {
  const failure = failureOf(await run(name, `    await ${steps};`));
  expect(failure).toMatchObject({ code, message: expect.stringMatching(message) });
  if (code === "USER_CODE_FAILED") expect(failure.details.source).toContain(`${name}.ts${refused}`);
});

interface Misuse {
  readonly of: string;
  readonly action: string;
  readonly code: string;
  readonly message: RegExp;
  readonly details: object;
}

const reading = (parts: string) => `mr.read.from(source({ ${parts} })).collect()`;
const writing = (parts: string) => `mr.range(3).write.to(sink({ ${parts} }))`;
const atRead = { operator: expect.stringMatching(/^read words#\d+$/), partition: 0 };
const atStage = { operator: expect.stringMatching(/^stage shelf#\d+$/), partition: 0 };
const closed = /the service is closed/;

/** What workers ask: each fails its action, which the job may catch. */
const misuses: readonly Misuse[] = [
  {
    of: "read that throws",
    action: reading("read: refuse"),
    code: "USER_CODE_FAILED",
    message: closed,
    details: atRead,
  },
  {
    of: "read that throws after rows",
    action: reading('async *read() { yield [{ n: 1, word: "a" }]; refuse(); }'),
    ...{ code: "USER_CODE_FAILED", message: closed, details: atRead },
  },
  {
    of: "read that is no generator",
    action: reading("read: () => 5"),
    ...{
      code: "VALUE_UNSUPPORTED",
      message: /answered no async iterable; write read as an async generator/,
      details: atRead,
    },
  },
  {
    of: "read of rows that do not fit",
    action: reading('async *read() { yield [{ n: 1, word: "a" }, { n: 2, word: null }]; }'),
    ...{
      code: "INPUT_MALFORMED",
      message: /column word: null does not fit word: utf8/,
      details: { ...atRead, row: 1 },
    },
  },
  {
    of: "read of rows without a column",
    action: reading("async *read() { yield [{ n: 1 }]; }"),
    ...{ code: "INPUT_MALFORMED", message: /no field word; they have n/, details: atRead },
  },
  {
    of: "read of columns of unlike lengths",
    action: reading('async *read() { yield { n: [1, 2], word: ["a"] }; }'),
    ...{
      code: "VALUE_UNSUPPORTED",
      message: /read words#\d+ answered 2 values for column n and 1 for column word/,
      details: atRead,
    },
  },
  {
    of: "read of what is no batch",
    action: reading('async *read() { yield "rows"; }'),
    ...{
      code: "VALUE_UNSUPPORTED",
      message: /read words#\d+ returned string; return an object of columns/,
      details: atRead,
    },
  },
  {
    of: "stage that throws",
    action: writing("stage: refuse"),
    code: "USER_CODE_FAILED",
    message: closed,
    details: atStage,
  },
  {
    of: "stage that takes no rows",
    action: writing("stage: async () => 1"),
    ...{
      code: "VALUE_UNSUPPORTED",
      message: /ended before it had taken all batches/,
      details: atStage,
    },
  },
  {
    of: "receipt that cannot be kept",
    action: writing(
      "stage: async (batches: any) => { for await (const _ of batches); return () => 1; }",
    ),
    ...{ code: "VALUE_UNSUPPORTED", message: /function/, details: atStage },
  },
  {
    of: "receipt that is too large",
    action: writing(
      'stage: async (batches: any) => { for await (const _ of batches); return "x".repeat(70_000); }',
    ),
    ...{
      code: "RESULT_TOO_LARGE",
      message: /receipt of 7\d{4} characters, and at most 65536/,
      details: atStage,
    },
  },
  {
    of: "commit that throws",
    action: writing("commit: refuse"),
    ...{
      code: "USER_CODE_FAILED",
      message: closed,
      details: { operator: expect.stringMatching(/^publish shelf#\d+$/) },
    },
  },
  {
    of: "abort that throws, after a stage that did",
    action: writing('stage: () => { throw new TypeError("first"); }, abort: refuse'),
    ...{ code: "USER_CODE_FAILED", message: /TypeError: first/, details: atStage },
  },
];

test("what sources and sinks do wrong on workers fails the action, with the step and the place", async () => {
  const tries = misuses.map(({ action }) => `    await caught(() => ${action});`).join("\n");
  const result = await run(
    "misuses",
    `    const failures: unknown[] = [];
    const caught = (action: () => Promise<unknown>) => action().then(
      (answer) => void failures.push({ answer }),
      ({ code, message, details }: any) => void failures.push({ code, message, details }),
    );
${tries}
    return failures;`,
  );
  expect(result.code, result.stderr).toBe(0);
  const failures = (JSON.parse(result.stdout) as { result: readonly Record<string, unknown>[] })
    .result;
  const found = misuses.map(({ of }, index) => ({ of, ...failures[index] }));
  expect(found).toMatchObject(
    misuses.map(({ of, code, message, details }) => ({
      of,
      code,
      message: expect.stringMatching(message),
      details,
    })),
  );
  for (const { code, message, details } of found as unknown as readonly Misuse[]) {
    const { source } = details as { readonly source?: string };
    if (code === "USER_CODE_FAILED" && !String(message).includes("first"))
      expect(source).toContain(refused);
  }
});
