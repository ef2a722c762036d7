// Runs one attempt of a task: source, operators, sink. Reaches the world through ports only.

import { EngineError, toEngineError } from "../../proto/errors.ts";
import type { SourceProgram } from "../../proto/plan/program.ts";
import type { BlockClient } from "../../proto/ports/blocks.ts";
import type { Clock } from "../../proto/ports/clock.ts";
import type { TaskResult, TaskSpec } from "../../proto/ports/executor.ts";
import type { RateLimiters } from "../../proto/ports/rate-limiter.ts";
import type { ObjectStore } from "../../proto/ports/store.ts";
import { TaskMemory, type TaskMemoryWorld } from "../memory/task-memory.ts";
import { needsClosures } from "../needs-closures.ts";
import { cellAt, cellStates, type TaskCells } from "../operators/cells.ts";
import type { KeptSides } from "../operators/joining/kept-sides.ts";
import type { Stage } from "../operators/stage.ts";
import type { Locate, UserCode } from "../operators/user-code.ts";
import type { Sink, SinkResult } from "../output/sink.ts";
import { LentPieces } from "../shuffle/lent-pieces.ts";
import type { SealedFiles } from "../shuffle/sealed-files.ts";
import type { ByteReader, Gunzip } from "../sources/byte-reader.ts";
import { heldValues, holdingOperators } from "./holding-operators.ts";
import { operatorLabels } from "./labels.ts";
import { Meter, type MeterWorld, type OperatorPeaks } from "./meter.ts";
import { buildPipeline, type ClosureOf } from "./pipeline.ts";
import { enterStage } from "./side-places.ts";
import { buildSink } from "./task-sink.ts";
import { type Feed, ofBranch, pushSide, pushSource } from "./task-source.ts";

/** The user's functions of one action, loaded and bound. */
export interface LoadedClosures {
  readonly closure: ClosureOf;
  /** What the functions added to counters since the last time. */
  takeCounters?(): Readonly<Record<string, number>>;
  readonly locate: Locate;
}

export interface ClosureLoader {
  /** `moved`: told whenever the job's `run`, which is repeated for them, got on. */
  load(spec: TaskSpec, moved: () => void): Promise<LoadedClosures>;
}

export interface TaskWorld {
  readonly workerId: string;
  readonly reader: ByteReader;
  readonly gunzip: Gunzip;
  readonly store: ObjectStore;
  readonly blocks: BlockClient;
  readonly files: SealedFiles;
  readonly closures: ClosureLoader;
  readonly rateLimiters: RateLimiters;
  readonly memory: TaskMemoryWorld;
  readonly sides: KeptSides;
  readonly clock: Clock;
  /** For tasks that are to be measured. */
  readonly meter?: MeterWorld;
}

/** One attempt while it runs. */
interface Attempt {
  readonly spec: TaskSpec;
  readonly world: TaskWorld;
  readonly cells: TaskCells;
  readonly source: SourceProgram;
  /** The task's index among those of its branch. */
  readonly index: number;
  readonly first: Stage;
  readonly stages: readonly Stage[];
  readonly sink: Sink;
  /** Those that may have work to wait for. */
  readonly waiting: readonly Stage[];
  file: string | undefined;
  readonly user: UserCode;
  readonly closureOf: ClosureOf;
  readonly memory: TaskMemory;
}

function checkCancelled(cells: TaskCells): void {
  if (cells.ints[cellAt.cancelled] === 0) return;
  throw new EngineError(
    "LEASE_LOST",
    "the attempt was stopped: its lease is over or its job ended",
  );
}

/** Notes that the task got on: whoever sees no step for long takes it for stuck. */
function step(cells: TaskCells): void {
  const { ints } = cells;
  ints[cellAt.steps] = ints[cellAt.steps]! + 1;
  checkCancelled(cells);
}

/** Notes that a chunk went through, and lets the sink write. */
async function settle(attempt: Attempt): Promise<void> {
  step(attempt.cells);
  attempt.memory.collect();
  for (const stage of attempt.waiting) {
    const work = stage.drain?.();
    if (work !== undefined) await work;
  }
}

async function pump(attempt: Attempt): Promise<SinkResult> {
  const lent = new LentPieces();
  const feed: Feed = {
    spec: attempt.spec,
    world: attempt.world,
    first: attempt.first,
    lent,
    user: attempt.user,
    closureOf: attempt.closureOf,
    settle: () => settle(attempt),
    onFile: (uri) => {
      attempt.file = uri;
    },
    countIn: (rows, bytes) => {
      const { floats } = attempt.cells;
      floats[0] = floats[0]! + rows;
      floats[1] = floats[1]! + bytes;
    },
  };
  for (const { side } of attempt.stages) if (side !== undefined) await pushSide(feed, side);
  if (attempt.first.wantsMore()) await pushSource(feed, attempt.source, attempt.index);
  for (const stage of attempt.stages) {
    for (const _ of stage.finish()) await settle(attempt);
  }
  lent.giveBack();
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
  const loaded = await world.closures.load(spec, () => {
    cells.ints[cellAt.steps] = cells.ints[cellAt.steps]! + 1;
  });
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

function meterOf({ program }: TaskSpec, { meter }: TaskWorld): Meter | undefined {
  if (program.analyze !== true || meter === undefined) return undefined;
  return new Meter(meter, program.operators.length);
}

function peaksOf(memory: TaskMemory, { labels }: UserCode, { program }: TaskSpec): OperatorPeaks {
  return {
    reservedBytes: (index) => memory.peakOf(labels[index]!),
    heldValues: (index) => heldValues(program, index),
  };
}

/** Rejects with an EngineError; nothing of a failed attempt is visible. */
export async function runTask(
  planned: TaskSpec,
  world: TaskWorld,
  cells: TaskCells,
): Promise<TaskResult> {
  const { spec, index } = ofBranch(planned);
  const room = { ...world.memory, onSpill: () => step(cells) };
  const memory = new TaskMemory(room, spec.taskIndex, holdingOperators(spec.program));
  const sides = enterStage(spec, world);
  let sink: Sink | undefined;
  let attempt: Attempt | undefined;
  try {
    const loaded = await loadClosures(spec, world, cells);
    const { closure, locate } = loaded;
    // Another task of this thread may have failed in the middle of its counts.
    loaded.takeCounters?.();
    const user: UserCode = {
      cells,
      file: () => attempt?.file,
      partition: spec.taskIndex,
      locate,
      labels: operatorLabels(spec.program),
    };
    sink = await buildSink(spec, world, closure, user, memory);
    const { actionIndex } = spec;
    const { jobId } = spec.context;
    const limiterOf = (node: number, ratePerSecond: number) =>
      world.rateLimiters.of({ jobId, actionIndex, node }, ratePerSecond);
    const noted: Record<string, number> = {};
    const noteCounts = (counts: Readonly<Record<string, number>>) => Object.assign(noted, counts);
    const meter = meterOf(spec, world);
    const around = meter && ((at: number, stage: Stage) => meter.around(at, stage));
    const { first, stages } = buildPipeline(
      spec.program,
      { closureOf: closure, user, memory, limiterOf, sidePlace: sides, noteCounts },
      sink,
      around,
    );
    const { source } = spec.program;
    const waiting = [...stages, sink].filter(({ drain }) => drain !== undefined);
    const parts = { first, stages, sink, waiting };
    const code = { user, closureOf: closure };
    attempt = { spec, world, cells, source, index, ...parts, ...code, memory, file: undefined };
    const result = await pump(attempt);
    const done = { rowsIn: cells.floats[0]!, bytesIn: cells.floats[1]!, ...result };
    const counters = {
      ...noted,
      ...loaded.takeCounters?.(),
      ...meter?.counters(spec.stageId, done, peaksOf(memory, user, spec)),
    };
    return Object.keys(counters).length === 0 ? done : { ...done, counters };
  } catch (thrown) {
    cells.ints[cellAt.state] = cellStates.engine;
    // The first failure is the one to report.
    await sink?.abort().catch(() => undefined);
    throw placed(thrown, spec);
  } finally {
    world.sides.leave();
    memory.close();
  }
}
