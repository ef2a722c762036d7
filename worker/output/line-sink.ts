// Lines of text or of JSON in one file per task: rows go from closures to bytes without becoming columns.

import { type Batch, batchRows } from "../../proto/batch/batch.ts";
import { outputWriteBytes } from "../../proto/limits/store.ts";
import { linesOfTexts } from "../kernels/texts/lines-of-texts.ts";
import { nothingHeld } from "../operators/stage.ts";
import { jsonColumns } from "./json-columns.ts";
import { extensionOf, type OutputTarget, PartFile } from "./part-file.ts";
import { ReusedRooms } from "./reused-rooms.ts";
import { linesOfJson, linesOfText } from "./row-text.ts";
import type { Sink } from "./sink.ts";

/** Undefined where the rows are no plain texts. */
function linesOfColumn({ shape, columns, rows }: Batch): Uint8Array | undefined {
  const [column] = columns;
  const isPlain = shape === "scalar" && column?.type === "utf8" && column.validity === undefined;
  return isPlain && rows > 0 ? linesOfTexts(column) : undefined;
}

export function lineSink(format: "text" | "ndjson", target: OutputTarget): Sink {
  const file = new PartFile(target, { folder: "", index: 0, extension: extensionOf(format, {}) });
  const encode = format === "text" ? linesOfText : linesOfJson;
  const rooms = new ReusedRooms();
  let queued: Uint8Array[] = [];
  /** Of what the file was given last, which it may still be writing. */
  let writing: readonly Uint8Array[] = [];
  let queuedBytes = 0;
  let rows = 0;
  const push = (pushed: readonly unknown[]): void => {
    if (pushed.length === 0) return;
    const bytes = Buffer.from(encode(pushed), "utf8");
    queued.push(bytes);
    queuedBytes += bytes.length;
    rows += pushed.length;
  };
  const pushBatch = (batch: Batch): void => {
    const lines = format === "text" ? linesOfColumn(batch) : undefined;
    if (lines === undefined)
      return push(batchRows(format === "ndjson" ? jsonColumns(batch) : batch));
    queueLines(batch.rows, lines);
  };
  const queueLines = (count: number, lines: Uint8Array): void => {
    queued.push(lines);
    queuedBytes += lines.length;
    rows += count;
  };
  const pushLines = (count: number, lines: Uint8Array): void =>
    queueLines(count, rooms.copyOf(lines));
  const write = async (): Promise<void> => {
    if (queuedBytes === 0) return;
    const own = queued;
    const bytes = own.length === 1 ? own[0]! : Buffer.concat(own);
    queued = [];
    queuedBytes = 0;
    if (own.length > 1) rooms.give(own);
    await file.write(bytes);
    // What was given to the file before these is written now.
    rooms.give(writing);
    writing = own;
  };
  return {
    push,
    pushBatch,
    ...(format === "text" ? { pushLines } : {}),
    wantsMore: () => true,
    finish: nothingHeld,
    takesSmall: false,
    takesBatches: format === "text",
    drain: () => (queuedBytes >= outputWriteBytes ? write() : undefined),
    seal: async () => {
      await write();
      const upload = await file.finish(rows);
      const result = { rowsOut: rows, bytesOut: file.bytes, digest: file.digest };
      return upload === undefined ? result : { ...result, uploads: [upload] };
    },
    abort: () => file.abort(),
  };
}
