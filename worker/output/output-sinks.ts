// Sinks that upload one object per task, invisible until the job commits.

import { type Batch, batchOfRows } from "../../proto/batch/batch.ts";
import { batchesToFileBytes } from "../../proto/batch/ipc.ts";
import { unifyBatches } from "../../proto/batch/unify.ts";
import { crc32c } from "../../proto/checksum/crc32c.ts";
import { batchRowsMax, outputWriteBytes } from "../../proto/limits.ts";
import type { OutputFormat } from "../../proto/plan/logical.ts";
import type { ObjectStore, UploadWriter } from "../../proto/ports/store.ts";
import { nothingHeld, pushBatchAsRows } from "../operators/stage.ts";
import { linesOfJson, linesOfText } from "./row-text.ts";
import { digestText, type Sink, type SinkResult } from "./sink.ts";

const extensions: Readonly<Record<OutputFormat, string>> = {
  text: "txt",
  ndjson: "ndjson",
  arrow: "arrow",
  csv: "csv",
  parquet: "parquet",
};

export interface OutputTarget {
  readonly store: ObjectStore;
  readonly folderUri: string;
  readonly jobId: string;
  readonly taskIndex: number;
  readonly token: number;
}

/** Names of two attempts differ, so that a late one can never replace the bytes of another. */
export function partUri(target: OutputTarget, format: OutputFormat): string {
  const number = String(target.taskIndex).padStart(5, "0");
  const name = `part-${number}-${target.jobId}-${target.token}.${extensions[format]}`;
  return target.folderUri + name;
}

/** Writes bytes in order; the upload begins with the first of them. */
class LazyUpload {
  private readonly target: OutputTarget;
  private readonly uri: string;
  private writer: UploadWriter | undefined;
  private checksum = 0;
  private bytes = 0;

  constructor(target: OutputTarget, format: OutputFormat) {
    this.target = target;
    this.uri = partUri(target, format);
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0) return;
    this.writer ??= await this.target.store.beginUpload(this.uri, this.target.jobId);
    this.checksum = crc32c(bytes, this.checksum);
    this.bytes += bytes.length;
    await this.writer.write(bytes);
  }

  async finish(rows: number): Promise<SinkResult> {
    const result = { rowsOut: rows, bytesOut: this.bytes, digest: digestText(this.checksum) };
    if (this.writer === undefined) return result;
    const upload = await this.writer.finish();
    return { ...result, upload: { ...upload, rows, digest: result.digest } };
  }

  async abort(): Promise<void> {
    await this.writer?.abort();
  }
}

export function lineSink(format: "text" | "ndjson", target: OutputTarget): Sink {
  const upload = new LazyUpload(target, format);
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
    await upload.write(bytes);
  };
  return {
    push,
    pushBatch: pushBatchAsRows({ push }),
    wantsMore: () => true,
    finish: nothingHeld,
    takesSmall: false,
    drain: () => (queuedBytes >= outputWriteBytes ? write() : undefined),
    seal: async () => {
      await write();
      return upload.finish(rows);
    },
    abort: () => upload.abort(),
  };
}

/** Batches are kept until the end: one file has one schema, which only all rows together tell. */
export function arrowSink(target: OutputTarget): Sink {
  const upload = new LazyUpload(target, "arrow");
  const batches: Batch[] = [];
  let held: unknown[] = [];
  let rows = 0;
  const flush = (): void => {
    if (held.length > 0) batches.push(batchOfRows(held));
    held = [];
  };
  const push = (pushed: readonly unknown[]): void => {
    rows += pushed.length;
    for (let i = 0; i < pushed.length; i++) {
      held.push(pushed[i]);
      if (held.length >= batchRowsMax) flush();
    }
  };
  return {
    push,
    pushBatch: (batch) => {
      flush();
      rows += batch.rows;
      batches.push(batch);
    },
    wantsMore: () => true,
    finish: nothingHeld,
    takesSmall: false,
    drain: () => undefined,
    seal: async () => {
      flush();
      if (batches.length > 0) await upload.write(batchesToFileBytes(unifyBatches(batches)));
      return upload.finish(rows);
    },
    abort: () => upload.abort(),
  };
}
