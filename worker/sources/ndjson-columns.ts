// NDJSON files as a source of typed columns: each line is parsed, and its values put into columns.

import { type Batch, makeBatch } from "../../proto/batch/batch.ts";
import { buildColumnAs } from "../../proto/batch/build-column.ts";
import { EngineError } from "../../proto/errors.ts";
import { JsonFault, valueOfJson } from "../../proto/formats/json/json-values.ts";
import { batchRowsMax } from "../../proto/limits.ts";
import type { Field } from "../../proto/plan/types.ts";
import { createLineDecoder, lineBlockBytes } from "../kernels/line-decoder.ts";
import type { ColumnsWorld, FileSelection } from "./columns.ts";
import { locateLine, openRegion, type RecordRegion } from "./record-region.ts";

class LineFault extends Error {
  readonly ordinal: number;

  constructor(message: string, ordinal: number) {
    super(message);
    this.name = "LineFault";
    this.ordinal = ordinal;
  }
}

interface Column {
  readonly field: Field;
  values: unknown[];
}

/** Rows as they are parsed, by column. */
class Rows {
  private readonly columns: readonly Column[];
  private ordinal = 0;
  count = 0;

  constructor(fields: readonly Field[]) {
    this.columns = fields.map((field) => ({ field, values: [] }));
  }

  add(line: string): void {
    const ordinal = this.ordinal++;
    // Values rarely begin with a space, so that few lines are trimmed.
    if (!(line.charCodeAt(0) > 32) && line.trim() === "") return;
    try {
      const record = JSON.parse(line) as unknown;
      if (typeof record !== "object" || record === null || Array.isArray(record)) {
        throw new JsonFault("the line is no object, which columns need");
      }
      for (const { field, values } of this.columns) {
        const own = (record as Readonly<Record<string, unknown>>)[field.name];
        const value = Object.hasOwn(record, field.name) ? own : undefined;
        values.push(valueOfJson(value, field, field.name));
      }
      this.count++;
    } catch (thrown) {
      if (!(thrown instanceof JsonFault || thrown instanceof SyntaxError)) throw thrown;
      throw new LineFault(thrown.message, ordinal);
    }
  }

  take(): Batch {
    const columns = this.columns.map((column) => {
      const { field, values } = column;
      column.values = [];
      return buildColumnAs(field.name, field.type, values, "null");
    });
    const batch = { ...makeBatch("record", columns), rows: this.count };
    this.count = 0;
    return batch;
  }
}

async function* rowsOf(
  region: RecordRegion,
  selection: FileSelection,
  world: ColumnsWorld,
): AsyncGenerator<Batch> {
  const rows = new Rows(selection.fields);
  const decoder = createLineDecoder();
  const handedRows = Math.max(1, world.rowsWantedFirst ?? batchRowsMax);
  for (let block = await region.next(); block !== undefined; block = await region.next()) {
    world.count.add(block.length);
    for (let from = 0; from < block.length; from += lineBlockBytes) {
      for (const line of decoder.push(block.subarray(from, from + lineBlockBytes))) {
        rows.add(line);
        if (rows.count === batchRowsMax) yield rows.take();
      }
      if (rows.count >= handedRows) yield rows.take();
    }
  }
  for (const line of decoder.finish()) rows.add(line);
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
