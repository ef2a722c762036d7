// Runs a job on small inputs in memory: no cluster, no files, the user's own stack when a function throws.

import type { z } from "zod";
import { batchOfRows, makeBatch } from "../../proto/batch/batch.ts";
import { buildColumnAs } from "../../proto/batch/build-column.ts";
import { batchesToStreamBytes } from "../../proto/batch/ipc.ts";
import { EngineError, unreachable } from "../../proto/errors.ts";
import type { ActionOutcome } from "../../proto/plan/bundle.ts";
import { sinkWrite } from "../../proto/plan/connector.ts";
import type { Action } from "../../proto/plan/logical.ts";
import { logicalText } from "../../proto/plan/text.ts";
import { decodeValue, encodeValue } from "../../proto/plan/values.ts";
import type { Job } from "../dataset/define-job.ts";
import { createMillrace } from "../dataset/millrace.ts";
import { resolveInput } from "../dataset/paths.ts";
import { parseParams } from "../driver/params.ts";
import { seededRandom } from "../driver/random.ts";
import { DriverSession } from "../driver/session.ts";
import { plansText } from "../planner/explain-action.ts";
import { optimize } from "../planner/optimize.ts";
import { evaluateAsync } from "./evaluate.ts";
import { type FileContents, tableOfFiles } from "./read-files.ts";
import { publishStep, stageStep } from "./steps/own-sources.ts";
import { type ClosureOf, recordOf, rowsOf, type Table } from "./steps/table.ts";
import { createTestLocks } from "./test-locks.ts";
import { testedJobId } from "./tested-job-id.ts";

const workingFolder = "/test";

export interface TestJobOptions {
  /**
   * Contents of input files by path or URI: as text, or as the rows that they hold. Parquet and Arrow files are
   * given as rows.
   */
  readonly files?: Readonly<Record<string, FileContents>>;
  /** What `mr.now()` answers. */
  readonly nowMs?: number;
  /** Seed of `mr.random()`. */
  readonly seed?: number;
}

export interface TestedJob<Result> {
  /** What `run` returned. */
  readonly result: Result;
  /** The rows of each output, by its folder as the job named it. */
  readonly outputs: Readonly<Record<string, readonly unknown[]>>;
}

/**
 * Runs a job in this process, on files given as text or rows, and answers what it returned and wrote. For tests of
 * jobs: parameters are checked and paths matched as on a cluster, and rows are computed by plain loops.
 * @param job the job, as its module exports it
 * @param params its parameters, as they would be submitted
 * @param options the contents of its input files
 * @throws PARAMS_INVALID, INPUT_NOT_FOUND, INPUT_EMPTY, INPUT_MALFORMED, PLAN_INVALID, OUTPUT_EXISTS as a cluster would;
 *   whatever the job's own functions throw, unchanged
 * @example
 * const { outputs } = await testJob(wordCount, { input: "in.txt", output: "out" }, {
 *   files: { "in.txt": "to be or not to be\n" },
 * });
 * expect(outputs.out).toContainEqual({ value: "be", count: 2 });
 */
export async function testJob<Schema extends z.ZodObject, Result>(
  job: Job<Schema, Result>,
  params: z.input<Schema>,
  options: TestJobOptions = {},
): Promise<TestedJob<Result>> {
  const { files = {}, nowMs = 0, seed = 0 } = options;
  const contents = new Map(
    Object.entries(files).map(([path, content]) => [resolveInput(path, workingFolder), content]),
  );
  const outputs = new Map<string, readonly unknown[]>();
  const checkpoints = new Map<string, Table>();
  const jobId = testedJobId();
  const session: DriverSession = new DriverSession(
    workingFolder,
    async (action, numbers) => {
      const actionIndex = numbers.next();
      numbers.settled();
      if (action.kind === "explain") return explained(action);
      const closure = (node: number) => closureOf(session, node);
      const table = await evaluateAsync(action.input, {
        tableOf: (source) => checkpoints.get(source.pattern) ?? tableOfFiles(source, contents),
        closure,
      });
      const parts = await connectorParts(action, jobId, actionIndex, table, closure);
      if (parts !== undefined) return { kind: "result", parts };
      const rows = checkedRows(rowsOf(table));
      if (action.kind === "forEach") await closure(action.id)(rows.values());
      const outcome =
        action.kind === "toArrow" ? arrowOf(table) : perform(action, actionIndex, rows, outputs);
      if (action.kind === "checkpoint" && outcome.kind === "committed") {
        checkpoints.set(outcome.output.folderUri, table);
      }
      return { ...outcome, counters: Object.entries(session.takeCounters()) };
    },
    createTestLocks(),
  );
  const parsed = parseParams(job.params, JSON.stringify(params)) as z.output<Schema>;
  const result = await job.run(createMillrace(session, nowMs, seededRandom(seed)), parsed);
  session.end();
  const isShown = ([uri]: readonly [string, unknown]) => !uri.startsWith("mem://checkpoint/");
  const named = [...outputs].filter(isShown).map(([uri, rows]) => [shortName(uri), rows] as const);
  return { result, outputs: Object.fromEntries(named) };
}

/** Without stages: here are none. */
function explained({ input }: Extract<Action, { kind: "explain" }>): ActionOutcome {
  const action: Action = { kind: "collect", input };
  const text = { logical: logicalText(action), optimised: logicalText(optimize(action)) };
  return { kind: "result", parts: [encodeValue([plansText({ ...text, physical: "" })])] };
}

function closureOf(session: DriverSession, node: number): (...args: unknown[]) => unknown {
  const closure = session.closure(node);
  if (closure === undefined) throw new EngineError("PLAN_INVALID", `step #${node} has no function`);
  return closure as (...args: unknown[]) => unknown;
}

/** Of writes to sinks of others, whose code runs here. */
async function connectorParts(
  action: Action,
  jobId: string,
  actionIndex: number,
  table: Table,
  closure: ClosureOf,
): Promise<readonly string[] | undefined> {
  switch (action.kind) {
    case "stage":
      return await stageStep(action, sinkWrite(jobId, actionIndex), table, closure);
    case "publish":
      return await publishStep(action, sinkWrite(jobId, action.writeIndex), table, closure);
    default:
      return undefined;
  }
}

/** Refuses what could not be a row on a cluster, and gives the job copies of its own. */
function checkedRows(rows: readonly unknown[]): readonly unknown[] {
  return decodeValue(encodeValue(rows)) as readonly unknown[];
}

/** As the engine's stream: columns of their types where they are known. */
function arrowOf(table: Table): ActionOutcome {
  const rows = rowsOf(table);
  const fields = table.kind === "typed" ? table.schema.fields : undefined;
  const columns = fields?.map(({ name, type }) => {
    const values = rows.map((row) => recordOf(row)[name]);
    return buildColumnAs(name, type, values, "null");
  });
  const batch =
    columns === undefined
      ? batchOfRows(rows)
      : { ...makeBatch("record", columns), rows: rows.length };
  const stream = Buffer.from(batchesToStreamBytes([batch])).toString("base64");
  return { kind: "result", parts: [encodeValue(stream)] };
}

function perform(
  action: Exclude<Action, { kind: "toArrow" | "explain" }>,
  actionIndex: number,
  rows: readonly unknown[],
  outputs: Map<string, readonly unknown[]>,
): ActionOutcome {
  switch (action.kind) {
    case "collect":
    case "rows":
      return { kind: "result", parts: [encodeValue(rows)] };
    case "stage":
    case "publish":
    case "analyze":
    case "count":
    case "forEach":
      return { kind: "result", parts: [encodeValue(rows.length)] };
    case "checkpoint":
    case "write": {
      const { folderUri = `mem://checkpoint/${actionIndex}/` } = action;
      if (outputs.has(folderUri)) {
        throw new EngineError(
          "OUTPUT_EXISTS",
          `action ${actionIndex} writes to ${folderUri}, which an earlier action wrote`,
        );
      }
      outputs.set(folderUri, rows);
      const output = { folderUri, files: 1, rows: rows.length, bytes: encodeValue(rows).length };
      return { kind: "committed", output };
    }
    default:
      return unreachable(action);
  }
}

function shortName(folderUri: string): string {
  const path = folderUri.replace(/^file:\/\//, "").replace(/\/$/, "");
  return path.startsWith(`${workingFolder}/`) ? path.slice(workingFolder.length + 1) : path;
}
