// The sink of files: one growing file per task, or one per partition, closed where they are large enough.

import { type Batch, batchOfRows } from "../../proto/batch/batch.ts";
import { type Column, columnType, isValid } from "../../proto/batch/column.ts";
import { columnValues } from "../../proto/batch/decode-column.ts";
import { assert, EngineError } from "../../proto/errors.ts";
import { textOfDays } from "../../proto/formats/calendar.ts";
import { partitionFolder } from "../../proto/formats/hive.ts";
import {
  batchRowsMax,
  partitionHeldBytesMax,
  sinkHeldBytesMin,
  uploadsPerTaskMax,
} from "../../proto/limits.ts";
import type { OutputFormat, WriteOptions } from "../../proto/plan/logical.ts";
import { typeText } from "../../proto/plan/types.ts";
import type { TaskUpload } from "../../proto/ports/executor.ts";
import { checksumOf } from "../kernels/checksum.ts";
import { gatherBatch } from "../kernels/columns/gather.ts";
import type { OperatorMemory } from "../memory/task-memory.ts";
import { nothingHeld } from "../operators/stage.ts";
import { batchBytes, encodersOf, type FileEncoder } from "./file-encoders.ts";
import { extensionOf, type OutputTarget, PartFile } from "./part-file.ts";
import { digestText, type Sink } from "./sink.ts";

/** Values of a partition column as its folders name them. */
function folderTexts(column: Column): (string | null)[] {
  const { kind } = columnType(column);
  const isNamed = ["utf8", "bool", "int32", "int53", "int64", "float64", "date", "decimal", "null"];
  if (!isNamed.includes(kind)) {
    throw new EngineError(
      "VALUE_UNSUPPORTED",
      `column "${column.name}" holds ${typeText(columnType(column))}, which cannot name folders; ` +
        "partition by a column of text, numbers or dates",
    );
  }
  const values = columnValues(column);
  return values.map((value, index) => {
    if (!isValid(column, index)) return null;
    return column.type === "date" ? textOfDays(column.values[index]!) : String(value);
  });
}

/** Rows that are encoded together are there as they came, as pages, and packed; those of partitions as they came. */
const copiesOfEncoded = 3;
const copiesOfHeld = 2;

/** One file under way. */
interface OpenFile {
  readonly file: PartFile;
  readonly encoder: FileEncoder;
  rows: number;
}

/** Rows of one partition that are in no file yet. */
interface HeldRows {
  readonly batches: Batch[];
  bytes: number;
}

class FileSink {
  private readonly target: OutputTarget;
  private readonly memory: OperatorMemory;
  private readonly format: OutputFormat;
  private readonly options: WriteOptions;
  private encoders: (() => FileEncoder) | undefined;
  private current: OpenFile | undefined;
  private readonly partitions = new Map<string, HeldRows>();
  private heldBytes = 0;
  private files = 0;
  private waiting: Batch[] = [];
  private rowsHeld: unknown[] = [];
  private readonly uploads: TaskUpload[] = [];
  private rows = 0;
  private bytes = 0;
  private checksum = 0;

  constructor(
    format: OutputFormat,
    options: WriteOptions,
    target: OutputTarget,
    memory: OperatorMemory,
  ) {
    this.format = format;
    this.options = options;
    this.target = target;
    this.memory = memory;
  }

  /** What of its own part rows may take, so that it does not depend on others where files and their parts end. */
  private shareOfRows(copies: number): number {
    return Math.max(sinkHeldBytesMin, Math.floor(this.memory.ownBytes / copies));
  }

  push(rows: readonly unknown[]): void {
    this.rows += rows.length;
    for (let i = 0; i < rows.length; i++) {
      this.rowsHeld.push(rows[i]);
      if (this.rowsHeld.length >= batchRowsMax) this.gatherRows();
    }
  }

  pushBatch(batch: Batch): void {
    this.gatherRows();
    this.rows += batch.rows;
    if (batch.rows > 0) this.waiting.push(batch);
  }

  private gatherRows(): void {
    if (this.rowsHeld.length > 0) this.waiting.push(batchOfRows(this.rowsHeld));
    this.rowsHeld = [];
  }

  drain(): Promise<void> | undefined {
    return this.waiting.length === 0 ? undefined : this.writeWaiting();
  }

  private async writeWaiting(): Promise<void> {
    const batches = this.waiting;
    this.waiting = [];
    for (const batch of batches) {
      if ((this.options.partitionBy?.length ?? 0) > 0) await this.hold(batch);
      else await this.write(batch, "");
    }
  }

  private async open(folder: string): Promise<OpenFile> {
    const { format, options, target } = this;
    if (this.files >= uploadsPerTaskMax) {
      throw new EngineError(
        "LIMIT_EXCEEDED",
        `task ${target.taskIndex} writes more than ${uploadsPerTaskMax} files to ${target.folderUri}; ` +
          "repartition by the columns of partitionBy first, or choose larger files",
      );
    }
    this.encoders ??= await encodersOf(format, options, this.shareOfRows(copiesOfEncoded));
    const place = { folder, index: this.files++, extension: extensionOf(format, options) };
    return { file: new PartFile(target, place), encoder: this.encoders(), rows: 0 };
  }

  private async write(batch: Batch, folder: string): Promise<void> {
    this.current ??= await this.open(folder);
    let { current } = this;
    let parts = current.encoder.add(batch);
    if (parts === undefined) {
      await this.close();
      current = await this.open(folder);
      this.current = current;
      parts = current.encoder.add(batch);
      assert(parts !== undefined, "a new file takes any rows");
    }
    current.rows += batch.rows;
    for (const part of parts) await current.file.write(part);
    const target = this.options.fileBytesTarget ?? Number.POSITIVE_INFINITY;
    const { encoder } = current;
    if (encoder.isFull() || encoder.bytesSoFar() >= target) await this.close();
  }

  private async close(): Promise<void> {
    const { current } = this;
    if (current === undefined) return;
    for (const part of current.encoder.finish()) await current.file.write(part);
    const upload = await current.file.finish(current.rows);
    this.current = undefined;
    this.bytes += current.file.bytes;
    if (upload === undefined) return;
    this.uploads.push(upload);
    this.checksum = checksumOf(new TextEncoder().encode(upload.digest), this.checksum);
  }

  /** Keeps the rows by partition; writes out the largest where they become too many. */
  private async hold(batch: Batch): Promise<void> {
    for (const [folder, rows] of this.split(batch)) {
      const held = this.partitions.get(folder) ?? { batches: [], bytes: 0 };
      this.partitions.set(folder, held);
      const bytes = batchBytes(rows);
      held.batches.push(rows);
      held.bytes += bytes;
      this.heldBytes += bytes;
      if (held.bytes >= (this.options.fileBytesTarget ?? Number.POSITIVE_INFINITY)) {
        await this.writePartition(folder, held);
      }
    }
    const heldBytesMax = Math.min(partitionHeldBytesMax, this.shareOfRows(copiesOfHeld));
    while (this.heldBytes > heldBytesMax) {
      let largest: readonly [string, HeldRows] | undefined;
      for (const entry of this.partitions) {
        if (largest === undefined || entry[1].bytes > largest[1].bytes) largest = entry;
      }
      if (largest === undefined) break;
      await this.writePartition(...largest);
    }
  }

  private async writePartition(folder: string, held: HeldRows): Promise<void> {
    this.partitions.delete(folder);
    this.heldBytes -= held.bytes;
    for (const batch of held.batches) await this.write(batch, folder);
    await this.close();
  }

  /** Rows of the batch by the folder of their partition, without the columns that the folder names. */
  private split(batch: Batch): ReadonlyMap<string, Batch> {
    const names = this.options.partitionBy ?? [];
    const texts = names.map((name) => {
      const column = batch.columns.find((candidate) => candidate.name === name);
      if (column !== undefined) return folderTexts(column);
      throw new EngineError(
        "VALUE_UNSUPPORTED",
        `rows have no column "${name}" to partition by; they have ${batch.columns.map((c) => c.name).join(", ")}`,
      );
    });
    if (names.length > 0 && batch.columns.every(({ name }) => names.includes(name))) {
      throw new EngineError(
        "VALUE_UNSUPPORTED",
        `partitionBy names all columns of the rows (${names.join(", ")}), so that files would hold none; leave one out`,
      );
    }
    const isFile = this.target.folderUri.startsWith("file:");
    const rows = new Map<string, number[]>();
    for (let row = 0; row < batch.rows; row++) {
      let folder = "";
      for (const [at, name] of names.entries()) {
        folder += `${partitionFolder(name, texts[at]![row]!)}/`;
      }
      const known = rows.get(folder);
      if (known === undefined) rows.set(folder, [row]);
      else known.push(row);
    }
    const rest: Batch = {
      ...batch,
      columns: batch.columns.filter(({ name }) => !names.includes(name)),
    };
    const parts = new Map<string, Batch>();
    for (const [folder, own] of rows) {
      // URIs of files escape what paths hold.
      const escaped = isFile ? folder.replaceAll("%", "%25") : folder;
      parts.set(escaped, gatherBatch(rest, Int32Array.from(own)));
    }
    return parts;
  }

  async seal() {
    this.gatherRows();
    await this.writeWaiting();
    for (const [folder, held] of [...this.partitions]) await this.writePartition(folder, held);
    // A checkpoint of no rows has columns all the same.
    const isFirst = this.target.taskIndex === 0 && this.files === 0;
    if (this.format === "checkpoint" && isFirst) this.current = await this.open("");
    await this.close();
    const { uploads, rows, bytes } = this;
    const [only] = uploads;
    const digest = uploads.length === 1 ? only!.digest : digestText(this.checksum);
    const result = { rowsOut: rows, bytesOut: bytes, digest };
    return uploads.length === 0 ? result : { ...result, uploads };
  }

  async abort(): Promise<void> {
    await this.current?.file.abort();
    for (const upload of this.uploads.splice(0)) await this.target.store.abortUpload(upload);
  }
}

export function fileSink(
  format: OutputFormat,
  options: WriteOptions,
  target: OutputTarget,
  memory: OperatorMemory,
): Sink {
  const sink = new FileSink(format, options, target, memory);
  return {
    push: (rows) => sink.push(rows),
    pushBatch: (batch) => sink.pushBatch(batch),
    wantsMore: () => true,
    finish: nothingHeld,
    takesSmall: false,
    takesBatches: true,
    drain: () => sink.drain(),
    seal: () => sink.seal(),
    abort: () => sink.abort(),
  };
}
