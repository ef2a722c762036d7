// Where the rows that a sort samples come from, if its own rows can be read twice: a little of the files, read first.
//
// The other way is to hold all rows on disk until samples of them have told the bounds of the ranges, which for a sort
// of files is to write and read everything once more.

import { assert } from "../../proto/errors.ts";
import {
  sortSampleBytes,
  sortSamplePiecesMax,
  sortSamplePiecesPerTask,
  sortSampleWindowBytes,
} from "../../proto/limits.ts";
import { columnsOf, type SortExpr } from "../../proto/plan/expr.ts";
import type { FileRange, OperatorProgram, TaskSplit } from "../../proto/plan/program.ts";
import type { OpenStage } from "./open-stage.ts";

/** Steps that cost little to repeat, and answer the same again. */
const repeatable = new Set<OperatorProgram["kind"]>([
  "conform",
  "select",
  "alter",
  "where",
  "explode",
]);

/** What lies between two places of the files, told from the first byte of the first one. */
function rangesBetween(ranges: readonly FileRange[], start: number, end: number): FileRange[] {
  const found: FileRange[] = [];
  let at = 0;
  for (const range of ranges) {
    const length = range.endByte - range.startByte;
    const from = Math.max(start - at, 0);
    const to = Math.min(end - at, length);
    if (from < to) {
      const { startByte } = range;
      found.push({ ...range, startByte: startByte + from, endByte: startByte + to });
    }
    at += length;
  }
  return found;
}

/** A piece out of the middle of every window, so that all parts of the files weigh alike. */
export function sampleSplits(splits: readonly TaskSplit[]): readonly TaskSplit[] {
  const ranges = splits.flatMap((split) => split.ranges);
  const total = ranges.reduce((sum, { startByte, endByte }) => sum + endByte - startByte, 0);
  const windowBytes = Math.max(sortSampleWindowBytes, Math.ceil(total / sortSamplePiecesMax));
  const windows = Math.ceil(total / windowBytes);
  const tasks = Math.ceil(windows / sortSamplePiecesPerTask);
  const pieces: FileRange[][] = Array.from({ length: tasks }, () => []);
  for (let window = 0; window < windows; window++) {
    const start = window * windowBytes;
    const length = Math.min(windowBytes, total - start);
    const taken = Math.min(sortSampleBytes, length);
    const from = start + Math.floor((length - taken) / 2);
    // In turn, so that each task has some of everywhere: how many rows it samples says nothing of where they lie.
    pieces[window % tasks]!.push(...rangesBetween(ranges, from, from + taken));
  }
  return pieces.map((own) => ({ ranges: own }));
}

/** Whether a record is found from the middle of each file. */
function canCut({ source, splits }: OpenStage): boolean {
  const isLines =
    source.kind === "text" || (source.kind === "columns" && source.format === "ndjson");
  return (
    isLines &&
    splits.every(({ ranges }) => ranges.every(({ compression }) => compression === "none"))
  );
}

/**
 * A stage whose rows are to be sampled in place of those of `open`, which is then run once the bounds are known.
 * Undefined where its rows are not to be made twice.
 */
export function sampleStage(open: OpenStage, keys: readonly SortExpr[]): OpenStage | undefined {
  const { source, operators, splits, inputs } = open;
  const isFiles = splits.length > 0 && splits.every((split) => split.ranges.length > 0);
  if (!isFiles || inputs.length > 0) return undefined;
  if (!operators.every(({ kind }) => repeatable.has(kind))) return undefined;
  const names = [...open.names, "orderBy samples"];
  if (canCut(open)) {
    const pieces = sampleSplits(splits);
    assert(pieces.length > 0, "files with splits have bytes");
    const inputBytes = pieces
      .flatMap(({ ranges }) => ranges)
      .reduce((sum, { startByte, endByte }) => sum + endByte - startByte, 0);
    return { ...open, names, splits: pieces, taskCount: pieces.length, inputBytes };
  }
  // Of columns that lie apart those of the keys are enough; with steps between, others may be needed too.
  if (source.kind !== "columns" || source.format !== "parquet" || operators.length > 0) {
    return undefined;
  }
  const wanted = new Set(keys.flatMap(({ expr }) => [...columnsOf(expr)]));
  const columns = source.options.schema.fields
    .map(({ name }) => name)
    .filter((name) => wanted.has(name));
  if (columns.length === 0) return undefined;
  return { ...open, names, source: { ...source, columns, sampled: true } };
}
