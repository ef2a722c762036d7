// Runs a random program twice: by the planner and real tasks, and by plain loops.

import { toEngineError } from "../../../proto/errors.ts";
import { clusteredColumns } from "../../../proto/formats/clustered-columns.ts";
import { describeInput } from "../../../proto/formats/describe.ts";
import type { ActionOutcome, InputFile, JobContext } from "../../../proto/plan/bundle.ts";
import { planNodes } from "../../../proto/plan/inputs.ts";
import type { Action, NodeId } from "../../../proto/plan/logical.ts";
import type { StageGraph } from "../../../proto/plan/stage.ts";
import type { Schema } from "../../../proto/plan/types.ts";
import { decodeValue } from "../../../proto/plan/values.ts";
import { nodeOf } from "../../../sdk/dataset/dataset-base.ts";
import { createMillrace } from "../../../sdk/dataset/millrace.ts";
import { seededRandom } from "../../../sdk/driver/random.ts";
import { DriverSession } from "../../../sdk/driver/session.ts";
import { collectedRowsMax } from "../../../sdk/planner/collected-rows.ts";
import { planAction, planPrepared, prepareAction } from "../../../sdk/planner/plan-action.ts";
import { fileReads, type PlanInputs as PlannerInputs } from "../../../sdk/planner/plan-inputs.ts";
import { evaluateAsync, type PlanInputs, type SourceNode } from "../../../sdk/testing/evaluate.ts";
import { tableOfFiles } from "../../../sdk/testing/read-files.ts";
import { rowsOf } from "../../../sdk/testing/steps/table.ts";
import type { Closure } from "../../../worker/operators/user-code.ts";
import { GraphRunner, type GraphWorld } from "../graph-runner.ts";
import type { Answer } from "./compare.ts";
import type { Program } from "./random-program.ts";
import type { FileFormat } from "./table-files.ts";

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
  readonly seenPartitions?: GraphWorld["seenPartitions"];
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
  const closure = (node: number) => session.closure(node) as Closure;
  return {
    program,
    action: { kind: "collect", input: nodeOf(rows) },
    inputs: {
      tableOf: (source) => tableOfFiles(declared(source, program), program.contents),
      closure: closure as PlanInputs["closure"],
    },
    closure,
  };
}

/** A source with the columns that the engine finds in its files. */
function declared(source: SourceNode, { schemas }: Program): SourceNode {
  const schema = schemas.get(source.pattern);
  if (schema === undefined || source.kind !== "readColumns") return source;
  return { ...source, options: { ...source.options, schema } };
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

async function inputsOf(
  action: Action,
  files: ReadonlyMap<string, Uint8Array>,
): Promise<PlannerInputs> {
  const read = async (uri: string, offset: number, length: number) =>
    files.get(uri)!.subarray(offset, offset + length);
  const found = new Map<NodeId, readonly InputFile[]>();
  const schemas = new Map<NodeId, Schema>();
  const clustered = new Map<NodeId, readonly string[]>();
  for (const node of fileReads(action)) {
    const own = [...files]
      .filter(([uri]) => uri.startsWith(node.pattern))
      .map(([uri, bytes]) => ({ uri, sizeBytes: bytes.length }))
      .sort((a, b) => (a.uri < b.uri ? -1 : 1));
    found.set(node.id, own);
    if (node.kind !== "readColumns") continue;
    const schema =
      node.options.schema ?? (await describeInput({ read }, node.format, own, node.options));
    if (node.options.schema === undefined) schemas.set(node.id, schema);
    clustered.set(node.id, await clusteredColumns({ read }, node.format, own, schema));
  }
  return { files: found, schemas, clustered };
}

export interface Engine {
  readonly workers: number;
  readonly fault?: Fault;
  /** Told of each graph that was run. */
  readonly onGraph?: (graph: StageGraph) => void;
}

/** The graphs of a program without running them: where sizes decide, as if what is measured were small. */
export async function plannedGraphs({ program, action }: Planned): Promise<readonly StageGraph[]> {
  const inputs = await inputsOf(action, program.files());
  const graphs: StageGraph[] = [];
  const measured: number[] = [];
  for (;;) {
    const { graph } = planAction(action, graphs.length, inputs, {
      targets: program.planTargets,
      measured,
    });
    graphs.push(graph);
    if (graph.measures !== true) return graphs;
    measured.push(0);
  }
}

/** The parts of the result as tasks made them. */
export async function partsOf(planned: Planned, engine: Engine): Promise<readonly string[]> {
  const { program, closure } = planned;
  const { fault = {} } = engine;
  const runner = new GraphRunner({
    context,
    files: program.files(),
    workers: engine.workers,
    closures: { load: async () => ({ closure, locate: () => ({}) }) },
    ...(fault.seenMaps === undefined ? {} : { seenMaps: fault.seenMaps }),
    ...(fault.seenPartitions === undefined ? {} : { seenPartitions: fault.seenPartitions }),
  });
  const history: ActionOutcome[] = [];
  const perform = async (asked: Action): Promise<readonly string[]> => {
    const action = fault.plan?.(asked) ?? asked;
    const inputs = await inputsOf(action, new Map([...program.files(), ...runner.uploads]));
    const measured: number[] = [];
    const prepared = prepareAction(action, inputs, program.planTargets);
    for (;;) {
      const { graph } = planPrepared(prepared, history.length, { measured });
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
  if (program.sink !== undefined) return perform(await written(program.sink));
  return perform(program.isCount ? { kind: "count", input: action.input } : action);

  /** Writes the rows; answers how they are read back. */
  async function written(format: FileFormat): Promise<Action> {
    const folderUri = "s3://out/rows/";
    await perform({ kind: "write", input: action.input, format, folderUri });
    // What a step makes of a column may be null where the program knows no better.
    const fields = program.known.schema.fields.map((field) => ({ ...field, nullable: true }));
    const isEmpty = [...runner.uploads.values()].every((bytes) => bytes.length === 0);
    if (isEmpty)
      return { kind: "collect", input: { kind: "values", id: 0, rowsJson: "[]", rows: 0 } };
    const options = { schema: { fields } };
    const read = { kind: "readColumns", id: 0, pattern: folderUri, format, options } as const;
    return { kind: "collect", input: read };
  }
}

function rowsOfParts({ program, action }: Planned, parts: readonly string[]): readonly unknown[] {
  if (program.isCount) {
    return [parts.reduce((sum, part) => sum + (decodeValue(part) as number), 0)];
  }
  const rows = parts.flatMap((part) => decodeValue(part) as readonly unknown[]);
  if (program.sink !== undefined) return rows;
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
