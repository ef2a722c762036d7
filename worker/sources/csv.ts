// CSV files: one record object per row.

import { EngineError } from "../../proto/errors.ts";
import { lineBytesMax } from "../../proto/limits/formats.ts";
import { chunkRowsMax } from "../../proto/limits.ts";
import type { CsvOptions } from "../../proto/plan/logical.ts";
import type { FileRange } from "../../proto/plan/program.ts";
import { CsvFault, csvParser } from "./csv-parser.ts";
import { type CsvColumns, columnsOf, rowOfFields } from "./csv-rows.ts";
import { locateLine, openRegion, tooLong } from "./record-region.ts";
import type { FileSource, RowSink, SourceWorld } from "./source.ts";

/** Enough for any header; a longer first record is read on. */
const headBlockBytes = 64 * 1024;

/** The columns of a file of which the split is not the beginning. */
async function readColumns(
  range: FileRange,
  options: CsvOptions,
  world: SourceWorld,
): Promise<CsvColumns | undefined> {
  let columns: CsvColumns | undefined;
  const parser = csvParser(options.delimiter, (fields) => {
    columns ??= columnsOf(fields, options);
  });
  const decoder = new TextDecoder("utf-8");
  const blocks = world.reader.openRange(range.uri, 0, range.fileBytes, headBlockBytes);
  for (let block = await blocks.next(); block !== undefined; block = await blocks.next()) {
    // A fault beyond the first record belongs to the split that holds it.
    try {
      parser.push(decoder.decode(block, { stream: true }));
    } catch (fault) {
      if (columns === undefined) throw fault;
    }
    if (columns !== undefined) break;
  }
  if (columns === undefined) parser.finish();
  blocks.close();
  return columns;
}

async function located(
  fault: CsvFault,
  range: FileRange,
  world: SourceWorld,
  regionFirstByte: number,
): Promise<EngineError> {
  const at = await locateLine(world, range, regionFirstByte, fault.lineOrdinal);
  return new EngineError(
    "INPUT_MALFORMED",
    `line ${at.line} of ${range.uri} (byte ${at.byteOffset}) is not valid CSV: ${fault.message}`,
    { file: range.uri, ...at },
  );
}

/** Collects rows while records are parsed. */
interface Collector {
  columns: CsvColumns | undefined;
  rows: unknown[];
}

function collect(state: Collector, options: CsvOptions) {
  return (fields: readonly string[], lineOrdinal: number): void => {
    if (state.columns === undefined) {
      state.columns = columnsOf(fields, options);
      if (options.header) return;
    }
    state.rows.push(rowOfFields(fields, state.columns, lineOrdinal));
  };
}

async function readRange(
  range: FileRange,
  options: CsvOptions,
  world: SourceWorld,
  sink: RowSink,
): Promise<boolean> {
  let regionFirstByte = 0;
  try {
    const columns = range.startByte === 0 ? undefined : await readColumns(range, options, world);
    const state: Collector = { columns, rows: [] };
    const region = openRegion(world, range, true);
    const parser = csvParser(options.delimiter, collect(state, options));
    const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
    const hand = async (bytes: number): Promise<boolean> => {
      const { rows } = state;
      state.rows = [];
      if (rows.length === 0) return sink.push(rows, bytes);
      for (let from = 0; from < rows.length; from += chunkRowsMax) {
        const part = rows.slice(from, from + chunkRowsMax);
        if (!(await sink.push(part, from === 0 ? bytes : 0))) return false;
      }
      return true;
    };
    let more = true;
    while (more) {
      const block = await region.next();
      if (block === undefined) break;
      const { length } = block;
      regionFirstByte = region.firstByte();
      parser.push(decoder.decode(block, { stream: true }));
      if (parser.pendingUnits() > lineBytesMax) throw tooLong(range.uri, regionFirstByte);
      more = await hand(length);
    }
    if (more) {
      parser.push(decoder.decode());
      parser.finish();
      more = await hand(0);
    }
    region.close();
    return more;
  } catch (fault) {
    if (fault instanceof CsvFault) throw await located(fault, range, world, regionFirstByte);
    throw fault;
  }
}

export function csvSource(options: CsvOptions): FileSource {
  return {
    run: async (split, world, sink) => {
      for (const range of split.ranges) {
        world.onFile(range.uri);
        if (!(await readRange(range, options, world, sink))) return;
      }
    },
  };
}
