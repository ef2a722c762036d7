// One file of an output, uploaded as it grows and invisible until the job commits.

import { uploadsPerTaskMax } from "../../proto/limits.ts";
import type { OutputFormat, WriteOptions } from "../../proto/plan/logical.ts";
import type { TaskUpload } from "../../proto/ports/executor.ts";
import type { ObjectStore, UploadWriter } from "../../proto/ports/store.ts";
import { checksumOf } from "../kernels/checksum.ts";
import { digestText } from "./sink.ts";

export interface OutputTarget {
  readonly store: ObjectStore;
  readonly folderUri: string;
  readonly jobId: string;
  readonly taskIndex: number;
  readonly token: number;
}

const extensions: Readonly<Record<OutputFormat, string>> = {
  text: "txt",
  ndjson: "ndjson",
  arrow: "arrow",
  csv: "csv",
  parquet: "parquet",
  checkpoint: "checkpoint",
};

/** Parquet packs its pages, so that its files are named like any other. */
export function extensionOf(format: OutputFormat, { compression }: WriteOptions): string {
  const isPacked = format !== "parquet" && format !== "arrow";
  if (!isPacked || (compression !== "gzip" && compression !== "zstd")) return extensions[format];
  return `${extensions[format]}.${compression === "gzip" ? "gz" : "zst"}`;
}

/** Where in the output a file stands: the folder of its partition, its number within the task. */
export interface PartPlace {
  /** Empty, or ending in '/'. */
  readonly folder: string;
  readonly index: number;
  readonly extension: string;
}

/** Names of two attempts differ, so that a late one can never replace the bytes of another. */
function partUri(target: OutputTarget, { folder, index, extension }: PartPlace): string {
  const number = String(target.taskIndex).padStart(5, "0");
  // Of one length, so that listings have them in the order of the rows.
  const place = String(index).padStart(String(uploadsPerTaskMax).length, "0");
  const attempt = index === 0 ? String(target.token) : `${target.token}_${place}`;
  return `${target.folderUri}${folder}part-${number}-${target.jobId}-${attempt}.${extension}`;
}

/** Writes bytes in order, some of them while the next are made; the upload begins with the first. */
export class PartFile {
  private readonly target: OutputTarget;
  private readonly uri: string;
  private writer: UploadWriter | undefined;
  private checksum = 0;
  /** Of what was last given. */
  private writing: Promise<void> | undefined;
  /** Written so far. */
  bytes = 0;

  constructor(target: OutputTarget, place: PartPlace) {
    this.target = target;
    this.uri = partUri(target, place);
  }

  /** Resolves when the bytes before these are written. Rejects with the failure of any before. */
  async write(bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0) return;
    this.writer ??= await this.target.store.beginUpload(this.uri, this.target.jobId);
    this.checksum = checksumOf(bytes, this.checksum);
    this.bytes += bytes.length;
    await this.writing;
    this.writing = this.writer.write(bytes);
    // Met by the next write, or in the end.
    this.writing.catch(() => undefined);
  }

  get digest(): string {
    return digestText(this.checksum);
  }

  /** Undefined where nothing was written. */
  async finish(rows: number): Promise<TaskUpload | undefined> {
    if (this.writer === undefined) return undefined;
    await this.writing;
    const upload = await this.writer.finish();
    return { ...upload, rows, digest: this.digest };
  }

  async abort(): Promise<void> {
    await this.writing?.catch(() => undefined);
    await this.writer?.abort();
  }
}
