// What a program gets wrong when a worker drives it, as it does a detached job: the code, and the line of the program.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { EngineError } from "../../proto/errors.ts";
import type { ActionOutcome } from "../../proto/plan/bundle.ts";
import { silentLog } from "../../proto/ports/log.ts";
import { bundleJob } from "../../sdk/client/bundle.ts";
import { createExecutorPool, type LocalExecutorPool } from "../../worker/executor/pool.ts";
import { scratchFolder } from "./testing/folders.ts";

const folder = scratchFolder("driver-errors");
const built = (path: string) => fileURLToPath(new URL(`../../dist/${path}`, import.meta.url));
let pool: LocalExecutorPool;

beforeAll(async () => {
  pool = await createExecutorPool({
    entryPath: built("worker/executor/entry.mjs"),
    workFolder: join(folder, "worker"),
    workerId: "w1",
    slots: 1,
    blockToken: "a token of a test",
    log: silentLog,
    memoryBytes: 2 ** 30,
  });
});
afterAll(() => pool.close());

const beginning = `import { defineJob, defineSink, defineSource, int53, list, schema, utf8, z } from "millrace";
const refuse = (): never => { throw new RangeError("the service is closed"); };
const columns = schema({ n: int53, word: utf8 });
const source = (parts: object): any =>
  defineSource({ name: "words", schema: columns, plan: () => ({ splits: [1] }), async *read() {}, ...parts } as any);
const sink = (parts: object): any =>
  defineSink({ name: "shelf", target: "top", stage: async () => {}, commit: async () => {}, abort: async () => {},
    ...parts } as any);
`;
/** Line and column of a text in the module that `failureOf` makes. */
const placeIn = (module: string, text: string): string => {
  const lines = module.split("\n");
  const row = lines.findIndex((line) => line.includes(text));
  return `:${row + 1}:${lines[row]!.indexOf(text) + 1}`;
};

async function failureOf(name: string, statement: string, outcome?: ActionOutcome) {
  const module = `${beginning}export default defineJob({
  name: "${name}",
  params: z.object({}),
  async run(mr) {
    const rows: any = mr.range(3).map((n) => ({ n, word: String(n) })).as(columns);
    ${statement};
    return [rows, list];
  },
});
`;
  const path = join(folder, `${name}.ts`);
  writeFileSync(path, module);
  const { sha256, code } = await bundleJob(path, { jobRuntime: built("sdk/job.mjs") });
  await pool.addBundle(sha256, code);
  const context = {
    jobId: name,
    paramsJson: "{}",
    seed: 1,
    submittedWallMs: 0,
    workingFolder: "/",
  };
  const failure = await pool
    .runDriver(
      { context, bundleSha256: sha256 },
      {
        recordedOutcome: async () => undefined,
        runAction: async () => {
          if (outcome === undefined) throw new EngineError("INTERNAL", "it came to running");
          return outcome;
        },
      },
    )
    .then(
      () => expect.fail("it did not fail"),
      (thrown: unknown) => thrown as EngineError,
    );
  return { failure, module };
}

const misfit = (operator: string): ActionOutcome => ({
  kind: "failed",
  error: { code: "VALUE_UNSUPPORTED", message: "a misfit", details: { operator, row: 1 } },
});

interface Mistake {
  readonly of: string;
  readonly statement: string;
  readonly code: string;
  /** Begins with where it is. */
  readonly place: string;
  /** What the cluster answers, where it comes to that. */
  readonly outcome?: ActionOutcome;
}

const failed = { code: "USER_CODE_FAILED", place: "new RangeError" };
const invalid = { code: "PLAN_INVALID" };
const unsupported = { code: "VALUE_UNSUPPORTED" };
const reading = (parts: string) => `await mr.read.from(source({ ${parts} })).count()`;

const mistakes: readonly Mistake[] = [
  { of: "schema", statement: reading("schema: refuse"), ...failed },
  { of: "plan", statement: reading("plan: refuse"), ...failed },
  { of: "begin", statement: "await mr.range(3).write.to(sink({ begin: refuse }))", ...failed },
  { of: "step", statement: "await rows.limit(-1).count()", ...invalid, place: "limit(-1)" },
  {
    of: "column",
    statement: 'await rows.limit(9).where((c: any) => c.wrod.eq("")).count()',
    ...{ ...invalid, place: "where(" },
  },
  {
    of: "sort",
    statement: 'await mr.range(3).countByValue().orderBy("a" as any).collect()',
    ...{ ...invalid, place: "orderBy(" },
  },
  { of: "constant", statement: "mr.of([() => 1])", ...unsupported, place: "of([() => 1])" },
  {
    of: "row",
    statement: "await rows.select('n').count()",
    ...{ ...unsupported, place: "select('n')", outcome: misfit("select#3") },
  },
  {
    of: "written",
    statement: "await rows.write.csv('x')",
    ...{ ...unsupported, place: "csv('x')", outcome: misfit("write csv") },
  },
];

test.each(mistakes)("$of", async ({ of, statement, code, place, outcome }) => {
  const { failure, module } = await failureOf(of, statement, outcome);
  expect(failure.code, failure.message).toBe(code);
  expect(failure.details.source).toBe(`${of}.ts${placeIn(module, place)}`);
});

test("what a driver throws that is none of ours", async () => {
  const { failure, module } = await failureOf("thrown", "refuse()");
  expect(failure).toMatchObject({ code: "USER_CODE_FAILED" });
  expect(failure.message).toContain("RangeError: the service is closed");
  expect(failure.details.source).toBe(`thrown.ts${placeIn(module, "new Range")}`);
  expect(readFileSync(join(folder, "thrown.ts"), "utf8")).toBe(module);
});
