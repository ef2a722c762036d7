// Reads a committed output: what its manifest lists, in its order, and nothing else.

import { batchRows } from "../../proto/batch/batch.ts";
import { EngineError, unreachable } from "../../proto/errors.ts";
import {
  changedFile,
  filePieces,
  pieceLines,
  readManifest,
} from "../../proto/formats/committed-files.ts";
import { unpackBeginning } from "../../proto/formats/compression/streams.ts";
import { csvHead } from "../../proto/formats/csv/head.ts";
import { CsvRecords } from "../../proto/formats/csv/records.ts";
import { describeInput } from "../../proto/formats/describe.ts";
import { partitionFields, partitionValue, partitionValues } from "../../proto/formats/hive.ts";
import { openParquet, readParquet } from "../../proto/formats/parquet/read-file.ts";
import type { ManifestFile, OutputManifest } from "../../proto/plan/manifest.ts";
import type { ObjectStore } from "../../proto/ports/store.ts";

export interface CommittedRows {
  readonly manifest: OutputManifest;
  /**
   * Strings of a text output, parsed values of NDJSON, typed values of Arrow; in the output's order.
   * @example for await (const row of (await client.output("out/words/")).rows()) await save(row);
   */
  rows(): AsyncGenerator<unknown>;
  /**
   * The lines as they stand in the files. Only for text and NDJSON.
   * @throws USAGE for other formats
   * @example for await (const line of (await client.output("out/words/")).lines()) await save(line);
   */
  lines(): AsyncGenerator<string>;
}

/** Packed files are unpacked whole. */
async function* unpacked(
  store: ObjectStore,
  uri: string,
  file: ManifestFile,
): AsyncGenerator<Uint8Array> {
  const codec = file.name.endsWith(".gz") ? "gzip" : file.name.endsWith(".zst") ? "zstd" : "none";
  if (codec === "none") {
    yield* filePieces(store, uri, file);
    return;
  }
  yield (await unpackBeginning(codec, await wholeOf(store, uri, file), true)).bytes;
}

async function wholeOf(store: ObjectStore, uri: string, file: ManifestFile): Promise<Uint8Array> {
  const bytes = new Uint8Array(file.bytes);
  let filled = 0;
  for await (const piece of filePieces(store, uri, file)) {
    bytes.set(piece, filled);
    filled += piece.length;
  }
  return bytes;
}

async function* linesOf(
  store: ObjectStore,
  uri: string,
  file: ManifestFile,
): AsyncGenerator<string> {
  for await (const lines of pieceLines(unpacked(store, uri, file), uri, file)) yield* lines;
}

async function* arrowRowsOf(
  store: ObjectStore,
  uri: string,
  file: ManifestFile,
): AsyncGenerator<unknown> {
  const bytes = await wholeOf(store, uri, file);
  if (bytes.length === 0) return;
  // Late: its library takes as long to load as a small job to run.
  const { batchesOfBytes } = await import("../../proto/batch/ipc.ts");
  for (const batch of batchesOfBytes(bytes)) yield* batchRows(batch);
}

async function* parquetRowsOf(
  store: ObjectStore,
  uri: string,
  file: ManifestFile,
): AsyncGenerator<unknown> {
  const found = await store.stat(uri);
  if (found?.sizeBytes !== file.bytes) throw changedFile(uri, found?.sizeBytes ?? 0, file.bytes);
  const read = (offset: number, length: number) => store.read(uri, offset, length);
  const opened = await openParquet({ uri, sizeBytes: file.bytes, read });
  const { schema } = opened;
  const all = { fields: schema.fields, schema, startByte: 0, endByte: file.bytes };
  for await (const batch of readParquet(opened, all)) yield* batchRows(batch);
}

async function* parsedLines(lines: AsyncIterable<string>): AsyncGenerator<unknown> {
  for await (const line of lines) yield JSON.parse(line) as unknown;
}

/** Records of a CSV output with a header, of the types that its first files fit. */
async function* csvRowsOf(
  store: ObjectStore,
  folderUri: string,
  files: readonly ManifestFile[],
): AsyncGenerator<unknown> {
  const inputs = files.map(({ name, bytes }) => ({ uri: folderUri + name, sizeBytes: bytes }));
  const { fields } = await describeInput(store, "csv", inputs, {});
  const layout = { header: true, delimiter: "," };
  for (const file of files) {
    const uri = folderUri + file.name;
    let records: CsvRecords | undefined;
    const rows = async function* () {
      for await (const bytes of unpacked(store, uri, file)) {
        const head = records === undefined ? csvHead(bytes, layout, true) : undefined;
        const start = head?.firstByte ?? 0;
        records ??= new CsvRecords(head?.names ?? [], fields, layout, start);
        for (const batch of records.push(bytes.subarray(start), Number.POSITIVE_INFINITY, false)) {
          yield* batchRows(batch);
        }
      }
      for (const batch of records?.push(new Uint8Array(0), Number.POSITIVE_INFINITY, true) ?? []) {
        yield* batchRows(batch);
      }
      const rest = records?.finish();
      if (rest !== undefined) yield* batchRows(rest);
    };
    yield* withFolders(uri, file.name, rows());
  }
}

/** Rows of one file with the columns that its folders within the output name. */
async function* withFolders(
  uri: string,
  name: string,
  rows: AsyncIterable<unknown>,
): AsyncGenerator<unknown> {
  if (!name.includes("/")) {
    yield* rows;
    return;
  }
  const texts = partitionValues(uri);
  if (texts.size === 0) {
    yield* rows;
    return;
  }
  const folders = Object.fromEntries(
    partitionFields([uri]).map((field) => [
      field.name,
      partitionValue(field, texts.get(field.name) ?? null),
    ]),
  );
  for await (const row of rows) yield { ...(row as object), ...folders };
}

function notForReaders(folderUri: string): EngineError {
  return new EngineError(
    "USAGE",
    `${folderUri} holds a checkpoint, whose files are for jobs alone: mr.read.checkpoint(folder)`,
    { file: folderUri },
  );
}

/**
 * Opens what a job wrote to a folder. `folder`: an absolute URI.
 * Throws OUTPUT_NOT_COMMITTED when nothing was committed there, and while reading INPUT_UNREADABLE when a
 * file is not the one that was committed.
 */
export async function readOutput(store: ObjectStore, folder: string): Promise<CommittedRows> {
  const folderUri = folder.endsWith("/") ? folder : `${folder}/`;
  const manifest = await readManifest(store, folderUri);
  const { format, files } = manifest;

  async function* lines(): AsyncGenerator<string> {
    if (format === "checkpoint") throw notForReaders(folderUri);
    if (format === "arrow" || format === "parquet") {
      const message = `${folderUri} holds ${format} files, which have no lines; read its rows`;
      throw new EngineError("USAGE", message, { file: folderUri });
    }
    for (const file of files) yield* linesOf(store, folderUri + file.name, file);
  }

  async function* rows(): AsyncGenerator<unknown> {
    switch (format) {
      case "text":
        yield* lines();
        return;
      case "ndjson":
        for (const file of files) {
          const uri = folderUri + file.name;
          yield* withFolders(uri, file.name, parsedLines(linesOf(store, uri, file)));
        }
        return;
      case "csv":
        if (files.length > 0) yield* csvRowsOf(store, folderUri, files);
        return;
      case "arrow":
      case "parquet": {
        const read = format === "arrow" ? arrowRowsOf : parquetRowsOf;
        for (const file of files) {
          const uri = folderUri + file.name;
          yield* withFolders(uri, file.name, read(store, uri, file));
        }
        return;
      }
      case "checkpoint":
        throw notForReaders(folderUri);
      default:
        unreachable(format);
    }
  }

  return { manifest, rows, lines };
}
