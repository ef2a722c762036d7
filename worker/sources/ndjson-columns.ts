// NDJSON files as a source of typed columns: values of each line are put into columns by their bytes.

import { type Batch, makeBatch } from "../../proto/batch/batch.ts";
import { EngineError } from "../../proto/errors.ts";
import { JsonRecords } from "../../proto/formats/json/json-records.ts";
import { JsonFault } from "../../proto/formats/json/json-values.ts";
import { batchBytesAimed, lineBytesMax } from "../../proto/limits/formats.ts";
import { batchRowsMax } from "../../proto/limits.ts";
import type { Field } from "../../proto/plan/types.ts";
import { validUtf8 } from "../kernels/texts/utf8.ts";
import type { ColumnsWorld, FileSelection } from "./columns.ts";
import { locateLine, openRegion, type RecordRegion, tooLong } from "./record-region.ts";

const newline = 10;

class LineFault extends Error {
  readonly ordinal: number;

  constructor(message: string, ordinal: number) {
    super(message);
    this.name = "LineFault";
    this.ordinal = ordinal;
  }
}

/** Rows as their lines come, in blocks of any size. */
class Rows {
  private readonly records: JsonRecords;
  /** Lines that were read, empty ones too. */
  private ordinal = 0;
  /** Of lines since columns were taken. */
  private bytes = 0;

  constructor(fields: readonly Field[]) {
    this.records = new JsonRecords(fields, batchRowsMax);
  }

  get count(): number {
    return this.records.rows;
  }

  /** Lines of bytes that end with a line feed; hands out batches that are full. */
  *add(lines: Uint8Array): Iterable<Batch> {
    const { records } = this;
    const bytes = validUtf8(lines);
    for (let start = 0; start < bytes.length; ) {
      const end = bytes.indexOf(newline, start);
      try {
        records.add(bytes, start, end);
      } catch (thrown) {
        if (!(thrown instanceof JsonFault || thrown instanceof SyntaxError)) throw thrown;
        throw new LineFault(thrown.message, this.ordinal);
      }
      this.ordinal++;
      this.bytes += end + 1 - start;
      start = end + 1;
      const isFull = records.rows === batchRowsMax || this.bytes >= batchBytesAimed;
      if (isFull && records.rows > 0) yield this.take();
    }
  }

  take(): Batch {
    const { rows } = this.records;
    this.bytes = 0;
    return { ...makeBatch("record", this.records.take()), rows };
  }
}

/** The beginning of a line that no line feed ended yet, in copies. */
class HeldLine {
  private parts: Uint8Array[] = [];
  bytes = 0;

  hold(part: Uint8Array): void {
    if (part.length === 0) return;
    this.parts.push(part.slice());
    this.bytes += part.length;
  }

  /** What was held, and what follows. */
  end(rest: Uint8Array): Uint8Array {
    if (this.bytes === 0) return rest;
    const whole = Buffer.concat([...this.parts, rest]);
    this.parts = [];
    this.bytes = 0;
    return whole;
  }
}

async function* rowsOf(
  region: RecordRegion,
  selection: FileSelection,
  world: ColumnsWorld,
): AsyncGenerator<Batch> {
  const rows = new Rows(selection.fields);
  const line = new HeldLine();
  const { uri } = selection.range;
  let read = 0;
  const handedRows = Math.max(1, world.rowsWantedFirst ?? batchRowsMax);
  for (let block = await region.next(); block !== undefined; block = await region.next()) {
    world.count.add(block.length);
    const first = block.indexOf(newline);
    if (line.bytes + (first < 0 ? block.length : first) > lineBytesMax) {
      throw tooLong(uri, region.firstByte() + read - line.bytes);
    }
    const end = block.lastIndexOf(newline) + 1;
    if (end > 0) yield* rows.add(line.end(block.subarray(0, end)));
    line.hold(block.subarray(end));
    read += block.length;
    if (rows.count >= handedRows) yield rows.take();
  }
  const last = line.end(new Uint8Array(0));
  if (last.length > 0) yield* rows.add(Buffer.concat([last, Uint8Array.of(newline)]));
  if (rows.count > 0) yield rows.take();
}

export async function* ndjsonColumns(
  selection: FileSelection,
  world: ColumnsWorld,
): AsyncGenerator<Batch> {
  const { range } = selection;
  const region = openRegion(world, range, false);
  try {
    yield* rowsOf(region, selection, world);
  } catch (thrown) {
    if (!(thrown instanceof LineFault)) throw thrown;
    const at = await locateLine(world, range, region.firstByte(), thrown.ordinal);
    throw new EngineError(
      "INPUT_MALFORMED",
      `line ${at.line} of ${range.uri} (byte ${at.byteOffset}) is not as it should be: ${thrown.message}`,
      { file: range.uri, ...at },
    );
  } finally {
    region.close();
  }
}
