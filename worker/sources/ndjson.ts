// Newline-delimited JSON: one value per line, blank lines skipped.

import { EngineError } from "../../proto/errors.ts";
import type { FileRange } from "../../proto/plan/program.ts";
import { readLines } from "./read-lines.ts";
import { locateLine, type RecordRegion } from "./record-region.ts";
import type { FileSource, SourceWorld } from "./source.ts";

/** Parsed rows, or the index of the line that is no JSON. */
interface Parsed {
  readonly rows: unknown[];
  readonly failed: { readonly index: number; readonly reason: string } | undefined;
}

function isBlank(line: string): boolean {
  return line.length < 64 && line.trim() === "";
}

function parseLines(lines: readonly string[]): Parsed {
  const rows: unknown[] = [];
  let index = 0;
  try {
    for (; index < lines.length; index++) {
      const line = lines[index]!;
      // Values rarely begin with a space, so that few lines are trimmed.
      if (line.charCodeAt(0) > 32 || !isBlank(line)) rows.push(JSON.parse(line));
    }
  } catch (cause) {
    return { rows, failed: { index, reason: cause instanceof Error ? cause.message : "not JSON" } };
  }
  return { rows, failed: undefined };
}

async function malformed(
  world: SourceWorld,
  region: RecordRegion,
  range: FileRange,
  ordinal: number,
  reason: string,
): Promise<EngineError> {
  const { line, byteOffset } = await locateLine(world, range, region.firstByte(), ordinal);
  return new EngineError(
    "INPUT_MALFORMED",
    `line ${line} of ${range.uri} (byte ${byteOffset}) is not valid JSON: ${reason}; ` +
      "correct the line, or read the file as text and parse it in a closure",
    { file: range.uri, line, byteOffset },
  );
}

export const ndjsonSource: FileSource = {
  run: (split, world, sink) =>
    readLines(
      split,
      world,
      (lines, ordinal, region, range) => {
        const { rows, failed } = parseLines(lines);
        if (failed === undefined) return rows;
        return malformed(world, region, range, ordinal + failed.index, failed.reason).then(
          (error) => {
            throw error;
          },
        );
      },
      sink,
    ),
};
