// Feeds a task's pipeline: from files, from shuffle inputs, from rows of the plan itself.

import { type Batch, batchOfRows, makeBatch } from "../../proto/batch/batch.ts";
import { EngineError, unreachable } from "../../proto/errors.ts";
import { batchRowsMax } from "../../proto/limits.ts";
import type { SourceCall } from "../../proto/plan/connector.ts";
import { wholeFile } from "../../proto/plan/file-ranges.ts";
import type { SourceProgram, TaskSplit } from "../../proto/plan/program.ts";
import { decodeValue } from "../../proto/plan/values.ts";
import type { StageInput, TaskSpec } from "../../proto/ports/executor.ts";
import { wholeNumbers } from "../kernels/columns/words.ts";
import { conformBatch } from "../operators/conform.ts";
import type { SideInput, Stage } from "../operators/stage.ts";
import type { UserCode } from "../operators/user-code.ts";
import type { LentPieces } from "../shuffle/lent-pieces.ts";
import { readShuffle } from "../shuffle/read-shuffle.ts";
import { readCheckpoint } from "../sources/checkpoint.ts";
import { type ColumnsProgram, readColumns } from "../sources/columns.ts";
import { csvSource } from "../sources/csv.ts";
import { growingReader } from "../sources/growing-blocks.ts";
import { readLineColumns } from "../sources/line-columns.ts";
import { ndjsonSource } from "../sources/ndjson.ts";
import { type OwnProgram, readOwnSource } from "../sources/own-source.ts";
import type { FileSource, SourceWorld } from "../sources/source.ts";
import { textSource } from "../sources/text.ts";
import type { ClosureOf } from "./pipeline.ts";
import type { TaskWorld } from "./run.ts";
import { rowsWantedFirst } from "./wanted-rows.ts";

/** What a source needs of the attempt that it feeds. */
export interface Feed {
  readonly spec: TaskSpec;
  readonly world: TaskWorld;
  readonly first: Stage;
  /** What is read for a stage that hands on copies alone. */
  readonly lent: LentPieces;
  /** After every chunk: waits for what has to be written or answered. */
  settle(): Promise<void>;
  readonly onFile: (uri: string | undefined) => void;
  countIn(rows: number, bytes: number): void;
  /** For sources of others, whose code is the user's. */
  readonly user: UserCode;
  readonly closureOf: ClosureOf;
}

/** A task of a union as one of its own branch: its source, and its operators before those of all. */
export function ofBranch(spec: TaskSpec): { readonly spec: TaskSpec; readonly index: number } {
  let { program } = spec;
  let index = spec.taskIndex;
  while (program.source.kind === "branches") {
    const at = index;
    const branch = program.source.branches.findLast(({ firstTask }) => firstTask <= at);
    if (branch === undefined) {
      throw new EngineError("INTERNAL", `task ${spec.taskIndex} belongs to no branch of its union`);
    }
    index -= branch.firstTask;
    const { source } = branch;
    program = { ...program, source, operators: [...branch.operators, ...program.operators] };
  }
  return { spec: { ...spec, program }, index };
}

const nothing: TaskSplit = { ranges: [] };

/** Lists files that the plan names by the first and the last only: they have to be those that were planned. */
async function splitOf({ spec, world }: Feed): Promise<TaskSplit> {
  const { split = nothing } = spec;
  if (split.listed === undefined) return split;
  const { pattern, first, last, files, bytes } = split.listed;
  const found = await world.store.list(pattern, { first, last });
  const foundBytes = found.reduce((sum, file) => sum + file.sizeBytes, 0);
  if (found.length === files && foundBytes === bytes) return { ranges: found.map(wholeFile) };
  throw new EngineError(
    "INPUT_UNREADABLE",
    `the files of ${pattern} changed since the job was planned: from ${first} to ${last} there were ${files} with ` +
      `${bytes} bytes, and now there are ${found.length} with ${foundBytes}; run the job again when they rest`,
    { file: pattern },
  );
}

function sourceWorld({ spec, world, onFile }: Feed): SourceWorld {
  const { reader, gunzip } = world;
  const wanted = rowsWantedFirst(spec.program.operators);
  if (wanted === undefined) return { reader, gunzip, onFile };
  return { reader: growingReader(reader), gunzip, onFile, rowsWantedFirst: wanted };
}

async function pushFiles(feed: Feed, source: FileSource): Promise<void> {
  const { first } = feed;
  await source.run(await splitOf(feed), sourceWorld(feed), {
    push: async (rows, bytes) => {
      feed.countIn(rows.length, bytes);
      if (rows.length > 0) first.push(rows);
      await feed.settle();
      return first.wantsMore();
    },
  });
  feed.onFile(undefined);
}

/** As columns where the first step works on columns; where it calls functions, as the strings that these take. */
async function pushText(feed: Feed): Promise<void> {
  if (feed.first.takesBatches !== true) return pushFiles(feed, textSource);
  await readLineColumns(await splitOf(feed), sourceWorld(feed), {
    pushBatch: (batch, bytes) => pushOwn(feed, batch, bytes),
  });
  feed.onFile(undefined);
}

async function pushCheckpoint(feed: Feed): Promise<void> {
  await readCheckpoint(await splitOf(feed), sourceWorld(feed), (batch, bytes) =>
    pushOwn(feed, batch, bytes),
  );
  feed.onFile(undefined);
}

async function pushColumns(feed: Feed, program: ColumnsProgram): Promise<void> {
  const { filter, keyTests, wants, letsGo } = feed.first;
  await readColumns(await splitOf(feed), program, sourceWorld(feed), {
    wants,
    condition: filter?.condition,
    wantedAfter: filter?.wants,
    keyTests,
    letsGo,
    pushBatch: (batch, { bytes, rowsLeftOut }, isKept) => {
      feed.countIn(rowsLeftOut, 0);
      const kept = isKept ? filter : undefined;
      return pushOwn(feed, batch, bytes, (own) =>
        kept === undefined ? feed.first.pushBatch(own) : kept.pushKept(own),
      );
    },
  });
  feed.onFile(undefined);
}

export function inputOfStage(spec: TaskSpec, stageId: number): StageInput {
  const input = spec.inputs.find((candidate) => candidate.input.stageId === stageId);
  if (input !== undefined) return input;
  throw new EngineError("INTERNAL", `stage ${stageId} is no input of task ${spec.taskIndex}`);
}

async function pushShuffle(
  feed: Feed,
  stageId: number,
  pushBatch: (batch: Batch) => void,
  wantsMore: () => boolean,
  lent?: LentPieces,
): Promise<void> {
  const { spec } = feed;
  const world = lent === undefined ? feed.world : { ...feed.world, room: lent.room };
  const { taskIndex, actionIndex, partitions } = spec;
  const { jobId } = spec.context;
  const input = inputOfStage(spec, stageId);
  const read = { jobId, actionIndex, taskIndex, partitions, input };
  for await (const part of readShuffle(world, read)) {
    feed.countIn(0, part.bytes);
    lent?.leaveShared(part.batches);
    for (const batch of part.batches) {
      feed.countIn(batch.rows, 0);
      if (batch.rows > 0) pushBatch(batch);
      await feed.settle();
      if (!wantsMore()) return;
    }
  }
}

/** The input that a join or another operator of two inputs takes first. */
export async function pushSide(feed: Feed, side: SideInput): Promise<void> {
  if (side.known !== undefined) {
    feed.countIn(side.known.rows, side.known.bytes);
    return feed.settle();
  }
  let [rows, bytes] = [0, 0];
  const counting: Feed = {
    ...feed,
    countIn: (moreRows, moreBytes) => {
      rows += moreRows;
      bytes += moreBytes;
      feed.countIn(moreRows, moreBytes);
    },
  };
  await pushShuffle(
    counting,
    side.stageId,
    (batch) => side.pushBatch(batch),
    () => true,
  );
  side.end?.({ rows, bytes });
}

async function pushOwn(
  feed: Feed,
  batch: Batch,
  bytes: number,
  push = (own: Batch) => feed.first.pushBatch(own),
): Promise<boolean> {
  feed.countIn(batch.rows, bytes);
  if (batch.rows > 0) push(batch);
  await feed.settle();
  return feed.first.wantsMore();
}

type SourceOf<Kind> = Extract<SourceProgram, { readonly kind: Kind }>;

async function pushValues(feed: Feed, source: SourceOf<"values">): Promise<void> {
  const rows = decodeValue(source.rowsJson) as readonly unknown[];
  for (let start = 0; start < rows.length; start += batchRowsMax) {
    const batch = batchOfRows(rows.slice(start, start + batchRowsMax));
    const { schema, node } = source;
    const what = { operator: `values#${node}`, partition: 0, firstRow: start };
    const typed = schema === undefined ? batch : conformBatch(batch, schema, what);
    if (!(await pushOwn(feed, typed, 0))) return;
  }
}

async function pushRange(feed: Feed, source: SourceOf<"range">, index: number): Promise<void> {
  const { start, end, step, tasks } = source;
  const rows = Math.max(Math.ceil((end - start) / step), 0);
  const first = Math.floor((rows * index) / tasks);
  const last = Math.floor((rows * (index + 1)) / tasks);
  for (let from = first; from < last; from += batchRowsMax) {
    const numbers = new Float64Array(Math.min(batchRowsMax, last - from));
    for (let i = 0; i < numbers.length; i++) numbers[i] = start + (from + i) * step;
    const values = wholeNumbers(numbers);
    const base = {
      name: "value",
      length: numbers.length,
      nulls: "null",
      validity: undefined,
    } as const;
    const batch = makeBatch("scalar", [{ ...base, type: "int53", values }]);
    if (!(await pushOwn(feed, batch, 0))) return;
  }
}

async function pushOwnSource(feed: Feed, source: OwnProgram): Promise<void> {
  const { spec, world, user, closureOf } = feed;
  const { split, taskIndex, token } = spec;
  const label = `read ${source.name}#${source.node}`;
  if (split?.own === undefined) {
    throw new EngineError("INTERNAL", `task ${taskIndex} of ${label} was given no split`);
  }
  const ask = closureOf(source.node) as (call: SourceCall) => unknown;
  const task = { jobId: spec.context.jobId, taskIndex, token };
  const outside = { user, clock: world.clock, label, ask, task };
  await readOwnSource(source, split.own, outside, (batch) => pushOwn(feed, batch, 0));
}

/** `index`: that of the task among those of its branch. */
export async function pushSource(feed: Feed, source: SourceProgram, index: number): Promise<void> {
  const { first } = feed;
  switch (source.kind) {
    case "text":
      return pushText(feed);
    case "ndjson":
      return pushFiles(feed, ndjsonSource);
    case "csv":
      return pushFiles(feed, csvSource(source.options));
    case "checkpoint":
      return pushCheckpoint(feed);
    case "columns":
      return pushColumns(feed, source);
    case "shuffle": {
      const push = (batch: Batch) => first.pushBatch(batch);
      const lent = first.handsOnCopies === true ? feed.lent : undefined;
      return pushShuffle(feed, source.stageId, push, () => first.wantsMore(), lent);
    }
    case "source":
      return pushOwnSource(feed, source);
    case "values":
      return pushValues(feed, source);
    case "range":
      return pushRange(feed, source, index);
    case "kept":
      throw new EngineError("INTERNAL", `a task was to make what is kept for cache#${source.node}`);
    case "branches":
      throw new EngineError("INTERNAL", "a task of a union was not given its branch");
    default:
      return unreachable(source);
  }
}
