// Sinks whose result goes to the driver: all rows, or how many there are.

import { type Batch, batchOfRows, batchRows } from "../../proto/batch/batch.ts";
import { buildColumnAs } from "../../proto/batch/build-column.ts";
import { columnValues } from "../../proto/batch/decode-column.ts";
import { unifyBatches } from "../../proto/batch/unify.ts";
import { EngineError } from "../../proto/errors.ts";
import { actionResultBytesMax } from "../../proto/limits.ts";
import { areColumnsShorter, RowsText } from "../../proto/plan/rows-text.ts";
import type { Schema } from "../../proto/plan/types.ts";
import { encodeValue } from "../../proto/plan/values.ts";
import { nothingHeld } from "../operators/stage.ts";
import { batchBytes } from "./file-encoders.ts";
import { digestOf, type Sink, type SinkResult } from "./sink.ts";

function tooLarge(): EngineError {
  return new EngineError(
    "RESULT_TOO_LARGE",
    `the collected rows take more than ${actionResultBytesMax} bytes, which a replay of the job must find ` +
      "recorded; write them to an output with write.*, work on them where they are with forEachPartition, " +
      "take only the first with take(n), or read them one by one with for await, where MILLRACE_SCRATCH is set",
    { limitBytes: actionResultBytesMax },
  );
}

function resultOf(resultJson: string, rowsOut: number): SinkResult {
  const bytes = Buffer.from(resultJson, "utf8");
  if (bytes.length > actionResultBytesMax) throw tooLarge();
  return { rowsOut, bytesOut: bytes.length, digest: digestOf(bytes), resultJson };
}

export function collectSink(): Sink {
  const text = new RowsText();
  const check = (): void => {
    if (text.units > actionResultBytesMax) throw tooLarge();
  };
  const push = (rows: readonly unknown[]): void => {
    text.add(rows, actionResultBytesMax);
    check();
  };
  const pushBatch = (batch: Batch): void => {
    const { rows, shape, columns } = batch;
    const isLong = shape === "record" && areColumnsShorter(rows);
    const values = isLong ? columns.map(columnValues) : [];
    // Undefined is a record without that key.
    if (!isLong || values.some((column) => column.includes(undefined))) {
      push(batchRows(batch));
      return;
    }
    const names = columns.map((column) => column.name);
    text.addColumns(rows, names, values);
    check();
  };
  return {
    push,
    pushBatch,
    wantsMore: () => true,
    finish: nothingHeld,
    takesSmall: false,
    drain: () => undefined,
    seal: async () => resultOf(text.text(), text.rows),
    abort: async () => undefined,
  };
}

/** As the columns they are; a result without rows still tells its columns, where the plan knows them. */
export function arrowSink(schema: Schema | undefined): Sink {
  const batches: Batch[] = [];
  let rows = 0;
  let bytes = 0;
  const pushBatch = (batch: Batch): void => {
    if (batch.rows === 0) return;
    batches.push(batch);
    rows += batch.rows;
    bytes += batchBytes(batch);
    if (bytes > actionResultBytesMax) throw tooLarge();
  };
  return {
    push: (pushed) => pushBatch(batchOfRows([...pushed])),
    pushBatch,
    wantsMore: () => true,
    finish: nothingHeld,
    takesSmall: false,
    drain: () => undefined,
    seal: async () => {
      // Late: its library takes as long to load as a small job to run.
      const { batchesToStreamBytes } = await import("../../proto/batch/ipc.ts");
      const whole = batches.length === 0 ? [emptyBatch(schema)] : unifyBatches(batches);
      const stream = batchesToStreamBytes(whole);
      return resultOf(encodeValue(Buffer.from(stream).toString("base64")), rows);
    },
    abort: async () => undefined,
  };
}

function emptyBatch(schema: Schema | undefined): Batch {
  const fields = schema?.fields ?? [];
  const columns = fields.map(({ name, type }) => buildColumnAs(name, type, [], "null"));
  return { shape: "record", rows: 0, columns };
}

export function countSink(): Sink {
  let count = 0;
  return {
    push: (rows) => {
      count += rows.length;
    },
    pushBatch: (batch) => {
      count += batch.rows;
    },
    wantsMore: () => true,
    finish: nothingHeld,
    takesSmall: true,
    drain: () => undefined,
    seal: async () => resultOf(encodeValue(count), count),
    abort: async () => undefined,
  };
}
