// Runs a random program twice: by the planner and real tasks, and by plain loops.

import { toEngineError } from "../../../proto/errors.ts";
import type { ActionOutcome, InputFile, JobContext } from "../../../proto/plan/bundle.ts";
import { planNodes } from "../../../proto/plan/inputs.ts";
import type { Action } from "../../../proto/plan/logical.ts";
import type { StageGraph } from "../../../proto/plan/stage.ts";
import { decodeValue } from "../../../proto/plan/values.ts";
import { nodeOf } from "../../../sdk/dataset/dataset-base.ts";
import { createMillrace } from "../../../sdk/dataset/millrace.ts";
import { seededRandom } from "../../../sdk/driver/random.ts";
import { DriverSession } from "../../../sdk/driver/session.ts";
import { collectedRowsMax } from "../../../sdk/planner/collected-rows.ts";
import { planAction } from "../../../sdk/planner/plan-action.ts";
import { fileReads } from "../../../sdk/planner/plan-inputs.ts";
import { evaluateAsync, type PlanInputs } from "../../../sdk/testing/evaluate.ts";
import { tableOfFiles } from "../../../sdk/testing/read-files.ts";
import { rowsOf } from "../../../sdk/testing/steps/table.ts";
import type { Closure } from "../../../worker/operators/user-code.ts";
import { GraphRunner, type GraphWorld } from "../graph-runner.ts";
import type { Answer } from "./compare.ts";
import type { Program } from "./random-program.ts";

const context: JobContext = {
  jobId: "job-1",
  paramsJson: "{}",
  seed: 1,
  submittedWallMs: 0,
  workingFolder: "/base",
};

/** A wrong step, planted to see whether it is found. */
export interface Fault {
  readonly plan?: (action: Action) => Action;
  readonly graph?: (graph: StageGraph) => StageGraph;
  readonly seenMaps?: GraphWorld["seenMaps"];
}

export interface Planned {
  readonly program: Program;
  readonly action: Extract<Action, { kind: "collect" }>;
  readonly inputs: PlanInputs;
  readonly closure: (node: number) => Closure;
}

/** The logical plan of a program, with its functions and its files. */
export function planOf(program: Program): Planned {
  const refuse = async (): Promise<never> => {
    throw new Error("nothing is run while a plan is made");
  };
  const session = new DriverSession(context.workingFolder, refuse, refuse);
  const rows = program.rows(createMillrace(session, 0, seededRandom(1)));
  const contents = new Map(
    [...program.files].map(([uri, bytes]) => [uri, new TextDecoder().decode(bytes)]),
  );
  const closure = (node: number) => session.closure(node) as Closure;
  return {
    program,
    action: { kind: "collect", input: nodeOf(rows) },
    inputs: {
      tableOf: (source) => tableOfFiles(source, contents),
      closure: closure as PlanInputs["closure"],
    },
    closure,
  };
}

export async function answered(run: () => Promise<readonly unknown[]>): Promise<Answer> {
  try {
    return { kind: "rows", rows: await run() };
  } catch (thrown) {
    const { code, message } = toEngineError(thrown);
    return { kind: "failed", code, message };
  }
}

export function wanted({ action, inputs, program }: Planned): Promise<Answer> {
  return answered(async () => {
    const rows = rowsOf(await evaluateAsync(action.input, inputs));
    return program.isCount ? [rows.length] : rows;
  });
}

function filesOf(action: Action, files: ReadonlyMap<string, Uint8Array>) {
  const reads = fileReads(action).map((node): [number, readonly InputFile[]] => {
    const own = [...files].filter(([uri]) => uri.startsWith(node.pattern));
    return [node.id, own.map(([uri, bytes]) => ({ uri, sizeBytes: bytes.length }))];
  });
  return { files: new Map(reads), schemas: new Map() };
}

export interface Engine {
  readonly workers: number;
  readonly fault?: Fault;
  /** Told of each graph that was run. */
  readonly onGraph?: (graph: StageGraph) => void;
}

/** The parts of the result as tasks made them. */
export async function partsOf(planned: Planned, engine: Engine): Promise<readonly string[]> {
  const { program, closure } = planned;
  const { fault = {} } = engine;
  const runner = new GraphRunner({
    context,
    files: program.files,
    workers: engine.workers,
    closures: { load: async () => ({ closure, locate: () => ({}) }) },
    ...(fault.seenMaps === undefined ? {} : { seenMaps: fault.seenMaps }),
  });
  const history: ActionOutcome[] = [];
  const perform = async (asked: Action): Promise<readonly string[]> => {
    const action = fault.plan?.(asked) ?? asked;
    const inputs = filesOf(action, program.files);
    const measured: number[] = [];
    const { planTargets: targets } = program;
    for (;;) {
      const { graph } = planAction(action, history.length, inputs, { targets, measured });
      engine.onGraph?.(graph);
      const outcome = await runner.run(fault.graph?.(graph) ?? graph, history);
      if (outcome.kind === "unplanned") throw new Error("nothing that was kept is ever lost here");
      history.push(outcome);
      const parts = outcome.kind === "result" ? outcome.parts : [];
      if (graph.measures !== true) return parts;
      measured.push(parts.reduce((sum, part) => sum + (decodeValue(part) as number), 0));
    }
  };
  const { action } = planned;
  // What is cached is made by one action and used by the next.
  const isCached = planNodes(action.input).some(({ kind }) => kind === "cache");
  if (isCached) await perform({ kind: "count", input: action.input });
  return perform(program.isCount ? { kind: "count", input: action.input } : action);
}

function rowsOfParts({ program, action }: Planned, parts: readonly string[]): readonly unknown[] {
  if (program.isCount) {
    return [parts.reduce((sum, part) => sum + (decodeValue(part) as number), 0)];
  }
  const rows = parts.flatMap((part) => decodeValue(part) as readonly unknown[]);
  // As the driver does: of the first rows of each task it takes the first.
  return rows.slice(0, collectedRowsMax(action));
}

export function found(planned: Planned, engine: Engine): Promise<Answer> {
  return answered(async () => rowsOfParts(planned, await partsOf(planned, engine)));
}

/** The very bytes of the result, or the failure. */
export async function foundBytes(planned: Planned, engine: Engine): Promise<readonly unknown[]> {
  const answer = await answered(() => partsOf(planned, engine));
  return answer.kind === "rows" ? answer.rows : [answer.code];
}
