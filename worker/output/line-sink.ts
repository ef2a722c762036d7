// Lines of text or of JSON in one file per task: rows go from closures to bytes without becoming columns.

import { batchRows } from "../../proto/batch/batch.ts";
import { outputWriteBytes } from "../../proto/limits/store.ts";
import { nothingHeld } from "../operators/stage.ts";
import { jsonColumns } from "./json-columns.ts";
import { extensionOf, type OutputTarget, PartFile } from "./part-file.ts";
import { linesOfJson, linesOfText } from "./row-text.ts";
import type { Sink } from "./sink.ts";

export function lineSink(format: "text" | "ndjson", target: OutputTarget): Sink {
  const file = new PartFile(target, { folder: "", index: 0, extension: extensionOf(format, {}) });
  const encode = format === "text" ? linesOfText : linesOfJson;
  let queued: Buffer[] = [];
  let queuedBytes = 0;
  let rows = 0;
  const push = (pushed: readonly unknown[]): void => {
    if (pushed.length === 0) return;
    const bytes = Buffer.from(encode(pushed), "utf8");
    queued.push(bytes);
    queuedBytes += bytes.length;
    rows += pushed.length;
  };
  const write = async (): Promise<void> => {
    const bytes = queued.length === 1 ? queued[0]! : Buffer.concat(queued);
    queued = [];
    queuedBytes = 0;
    await file.write(bytes);
  };
  return {
    push,
    pushBatch: (batch) => push(batchRows(format === "ndjson" ? jsonColumns(batch) : batch)),
    wantsMore: () => true,
    finish: nothingHeld,
    takesSmall: false,
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
