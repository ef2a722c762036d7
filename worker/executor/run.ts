// Runs one attempt of a task: source, operators, sink. Reaches the world through ports only.

import type { Batch } from "../../proto/batch/batch.ts";
import { EngineError, toEngineError } from "../../proto/errors.ts";
import type { BlockClient } from "../../proto/ports/blocks.ts";
import type { TaskResult, TaskSpec } from "../../proto/ports/executor.ts";
import type { ObjectStore } from "../../proto/ports/store.ts";
import { noSuchStep } from "../../proto/unsupported.ts";
import { cellAt, cellStates, type TaskCells } from "../operators/cells.ts";
import type { Stage } from "../operators/stage.ts";
import type { Locate, UserCode } from "../operators/user-code.ts";
import type { Sink, SinkResult } from "../output/sink.ts";
import { readShuffle } from "../shuffle/read-shuffle.ts";
import type { SealedFiles } from "../shuffle/sealed-files.ts";
import type { ByteReader, Gunzip } from "../sources/byte-reader.ts";
import { type ColumnsProgram, readColumns } from "../sources/columns.ts";
import { csvSource } from "../sources/csv.ts";
import { ndjsonSource } from "../sources/ndjson.ts";
import type { FileSource } from "../sources/source.ts";
import { textSource } from "../sources/text.ts";
import { operatorLabels } from "./labels.ts";
import { buildPipeline, type ClosureOf, needsClosures } from "./pipeline.ts";
import { buildSink } from "./task-sink.ts";

/** The user's functions of one action, loaded and bound. */
export interface LoadedClosures {
  readonly closure: ClosureOf;
  readonly locate: Locate;
}

export interface ClosureLoader {
  load(spec: TaskSpec): Promise<LoadedClosures>;
}

export interface TaskWorld {
  readonly workerId: string;
  readonly reader: ByteReader;
  readonly gunzip: Gunzip;
  readonly store: ObjectStore;
  readonly blocks: BlockClient;
  readonly files: SealedFiles;
  readonly closures: ClosureLoader;
}

/** One attempt while it runs. */
interface Attempt {
  readonly spec: TaskSpec;
  readonly world: TaskWorld;
  readonly cells: TaskCells;
  readonly first: Stage;
  readonly stages: readonly Stage[];
  readonly sink: Sink;
  file: string | undefined;
}

function checkCancelled(cells: TaskCells): void {
  if (cells.ints[cellAt.cancelled] === 0) return;
  throw new EngineError(
    "LEASE_LOST",
    "the attempt was stopped: its lease is over or its job ended",
  );
}

/** Notes that a chunk went through, and lets the sink write. */
async function settle(attempt: Attempt): Promise<void> {
  const { ints } = attempt.cells;
  ints[cellAt.steps] = ints[cellAt.steps]! + 1;
  checkCancelled(attempt.cells);
  const writing = attempt.sink.drain();
  if (writing !== undefined) await writing;
}

function countIn({ cells }: Attempt, rows: number, bytes: number): void {
  cells.floats[0] = cells.floats[0]! + rows;
  cells.floats[1] = cells.floats[1]! + bytes;
}

async function pushFiles(attempt: Attempt, source: FileSource): Promise<void> {
  const { spec, world, first } = attempt;
  await source.run(
    spec.split ?? { ranges: [] },
    {
      reader: world.reader,
      gunzip: world.gunzip,
      onFile: (uri) => {
        attempt.file = uri;
      },
    },
    {
      push: async (rows, bytes) => {
        countIn(attempt, rows.length, bytes);
        if (rows.length > 0) first.push(rows);
        await settle(attempt);
        return first.wantsMore();
      },
    },
  );
  attempt.file = undefined;
}

async function pushColumns(attempt: Attempt, program: ColumnsProgram): Promise<void> {
  const { spec, world, first } = attempt;
  const { reader, gunzip } = world;
  const onFile = (uri: string): void => {
    attempt.file = uri;
  };
  await readColumns(
    spec.split ?? { ranges: [] },
    program,
    { reader, gunzip, onFile },
    {
      pushBatch: async (batch, bytes) => {
        countIn(attempt, batch.rows, bytes);
        pushBatch(first, batch);
        await settle(attempt);
        return first.wantsMore();
      },
    },
  );
  attempt.file = undefined;
}

async function pushShuffle(attempt: Attempt, stageId: number): Promise<void> {
  const { spec, world, first } = attempt;
  const { taskIndex, actionIndex } = spec;
  const input = spec.inputs.find((candidate) => candidate.input.stageId === stageId);
  if (input === undefined) {
    throw new EngineError("INTERNAL", `stage ${stageId} is no input of task ${taskIndex}`);
  }
  const { jobId } = spec.context;
  for await (const part of readShuffle(world, { jobId, actionIndex, taskIndex, input })) {
    countIn(attempt, 0, part.bytes);
    for (const batch of part.batches) {
      countIn(attempt, batch.rows, 0);
      pushBatch(first, batch);
      await settle(attempt);
      if (!first.wantsMore()) return;
    }
  }
}

function pushBatch(first: Stage, batch: Batch): void {
  if (batch.rows > 0) first.pushBatch(batch);
}

async function pushSource(attempt: Attempt): Promise<void> {
  const { source } = attempt.spec.program;
  switch (source.kind) {
    case "text":
      return pushFiles(attempt, textSource);
    case "ndjson":
      return pushFiles(attempt, ndjsonSource);
    case "csv":
      return pushFiles(attempt, csvSource(source.options));
    case "columns":
      return pushColumns(attempt, source);
    case "shuffle":
      return pushShuffle(attempt, source.stageId);
    default:
      throw noSuchStep("the executor", source);
  }
}

async function pump(attempt: Attempt): Promise<SinkResult> {
  if (attempt.first.wantsMore()) await pushSource(attempt);
  for (const stage of attempt.stages) {
    for (const _ of stage.finish()) await settle(attempt);
  }
  await settle(attempt);
  return attempt.sink.seal();
}

const noClosures: LoadedClosures = {
  closure: (node) => {
    throw new EngineError("INTERNAL", `a task without user code asked for the function of ${node}`);
  },
  locate: () => ({}),
};

async function loadClosures(
  spec: TaskSpec,
  world: TaskWorld,
  cells: TaskCells,
): Promise<LoadedClosures> {
  if (!needsClosures(spec.program)) return noClosures;
  // The replay runs the user's module.
  cells.ints[cellAt.operator] = -1;
  cells.ints[cellAt.state] = cellStates.user;
  const loaded = await world.closures.load(spec);
  cells.ints[cellAt.state] = cellStates.engine;
  return loaded;
}

/** Errors of rows that only show at the sink name the task they came from. */
function placed(thrown: unknown, spec: TaskSpec): EngineError {
  const error = toEngineError(thrown);
  if (error.code !== "VALUE_UNSUPPORTED" || error.details.operator !== undefined) return error;
  const operator = operatorLabels(spec.program).at(-1) ?? spec.label;
  const details = { ...error.details, operator, partition: spec.taskIndex };
  return new EngineError(error.code, error.message, details, error);
}

/** Rejects with an EngineError; nothing of a failed attempt is visible. */
export async function runTask(
  spec: TaskSpec,
  world: TaskWorld,
  cells: TaskCells,
): Promise<TaskResult> {
  let sink: Sink | undefined;
  let attempt: Attempt | undefined;
  try {
    const { closure, locate } = await loadClosures(spec, world, cells);
    const user: UserCode = {
      cells,
      file: () => attempt?.file,
      partition: spec.taskIndex,
      locate,
      labels: operatorLabels(spec.program),
    };
    sink = await buildSink(spec, world, closure, user);
    const stages = buildPipeline(spec.program, closure, user, sink);
    attempt = { spec, world, cells, first: stages[0] ?? sink, stages, sink, file: undefined };
    const result = await pump(attempt);
    return { rowsIn: cells.floats[0]!, bytesIn: cells.floats[1]!, ...result };
  } catch (thrown) {
    cells.ints[cellAt.state] = cellStates.engine;
    // The first failure is the one to report.
    await sink?.abort().catch(() => undefined);
    throw placed(thrown, spec);
  }
}
