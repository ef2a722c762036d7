// Cuts input files into the splits of map tasks: small files packed together, large ones in even pieces.

import { assert } from "../../proto/errors.ts";
import { filesPerSplitMax, listedFilesPerSplitMax, plannedSplitsMax } from "../../proto/limits.ts";
import type { InputFile } from "../../proto/plan/bundle.ts";
import { compressionOf, wholeFile } from "../../proto/plan/file-ranges.ts";
import type { FileRange, TaskSplit } from "../../proto/plan/program.ts";

export interface SplitOptions {
  readonly bytesTarget: number;
  /** Whether a record may be found from the middle of a file: not in CSV, where quotes span lines. */
  readonly divisible: boolean;
  /** Set where there are so many files that only borders can be named: what was listed. */
  readonly pattern?: string;
}

/** Splits in the order of the files, so that task order is input order. Every byte is in exactly one range. */
export function planSplits(
  files: readonly InputFile[],
  options: SplitOptions,
): readonly TaskSplit[] {
  const total = files.reduce((sum, file) => sum + file.sizeBytes, 0);
  // Cutting in pieces at most doubles what packing would make, hence the factor.
  const floor = Math.ceil((2 * total) / plannedSplitsMax);
  const bytesTarget = Math.max(options.bytesTarget, floor, 1);
  const filesMax = options.pattern === undefined ? filesPerSplitMax : listedFilesPerSplitMax;
  const splits: TaskSplit[] = [];
  let packed: InputFile[] = [];
  let packedBytes = 0;
  const flush = (): void => {
    if (packed.length > 0) splits.push(splitOf(packed, packedBytes, options.pattern));
    packed = [];
    packedBytes = 0;
  };
  for (const file of files) {
    const divisible = options.divisible && compressionOf(file.uri) === "none";
    if (divisible && file.sizeBytes > bytesTarget) {
      flush();
      for (const range of cut(file, bytesTarget)) splits.push({ ranges: [range] });
      continue;
    }
    if (packedBytes + file.sizeBytes > bytesTarget || packed.length >= filesMax) flush();
    packed.push(file);
    packedBytes += file.sizeBytes;
  }
  flush();
  assert(splits.length > 0 || files.length === 0, "files without splits");
  return splits;
}

/** Whole files that follow each other in the listing: by their names, or by the borders. */
function splitOf(
  files: readonly InputFile[],
  bytes: number,
  pattern: string | undefined,
): TaskSplit {
  const [first, last] = [files[0]!, files.at(-1)!];
  if (pattern === undefined || files.length === 1) return { ranges: files.map(wholeFile) };
  const listed = { pattern, first: first.uri, last: last.uri, files: files.length, bytes };
  return { ranges: [], listed };
}

/** Pieces that differ by at most one byte in size, none above the target. */
function cut(file: InputFile, bytesTarget: number): readonly FileRange[] {
  const pieces = Math.ceil(file.sizeBytes / bytesTarget);
  const ranges: FileRange[] = [];
  for (let piece = 0; piece < pieces; piece++) {
    ranges.push({
      uri: file.uri,
      fileBytes: file.sizeBytes,
      startByte: boundary(file.sizeBytes, piece, pieces),
      endByte: boundary(file.sizeBytes, piece + 1, pieces),
      compression: "none",
    });
  }
  return ranges;
}

/** `floor(size × piece / pieces)` without leaving exact integers. */
function boundary(sizeBytes: number, piece: number, pieces: number): number {
  const share = Math.floor(sizeBytes / pieces);
  return share * piece + Math.min(piece, sizeBytes - share * pieces);
}
