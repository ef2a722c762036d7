// The schema of files, found before the run from a footer or a bounded sample of their first bytes.

import { columnValues } from "../batch/decode-column.ts";
import { EngineError, unreachable } from "../errors.ts";
import { inferenceBytes, inferenceFilesMax } from "../limits/formats.ts";
import type { InputFile } from "../plan/bundle.ts";
import type { ColumnarFormat, ColumnarReadOptions } from "../plan/logical.ts";
import { type Field, type Schema, utf8Type } from "../plan/types.ts";
import type { ObjectStore } from "../ports/store.ts";
import { readCheckpointHead } from "./checkpoint.ts";
import { unpackBeginning } from "./compression/streams.ts";
import { type CsvLayout, csvHead } from "./csv/head.ts";
import { csvFields } from "./csv/infer.ts";
import { CsvRecordFault, CsvRecords } from "./csv/records.ts";
import { partitionFields } from "./hive.ts";
import { inferJsonFields } from "./json/infer.ts";
import { parseJson } from "./json/long-numbers.ts";
import { openParquet } from "./parquet/read-file.ts";

export type InputReader = Pick<ObjectStore, "read">;

async function parquetFields(store: InputReader, file: InputFile): Promise<readonly Field[]> {
  const { uri, sizeBytes } = file;
  const read = (offset: number, length: number) => store.read(uri, offset, length);
  return (await openParquet({ uri, sizeBytes, read })).schema.fields;
}

async function arrowFields(store: InputReader, file: InputFile): Promise<readonly Field[]> {
  // Late: its library takes as long to load as a small job to run.
  const { openArrow } = await import("../batch/arrow-files.ts");
  const { uri, sizeBytes } = file;
  const read = (offset: number, length: number) => store.read(uri, offset, length);
  return (await openArrow({ uri, sizeBytes, read })).schema.fields;
}

/** Unpacked bytes from the beginning of a file; `isWhole` where nothing follows. */
interface Sample {
  readonly uri: string;
  readonly bytes: Uint8Array;
  readonly isWhole: boolean;
}

async function samplesOf(
  store: InputReader,
  files: readonly InputFile[],
): Promise<readonly Sample[]> {
  const samples: Sample[] = [];
  for (const { uri, sizeBytes } of files.slice(0, inferenceFilesMax)) {
    const packed = await store.read(uri, 0, Math.min(sizeBytes, inferenceBytes));
    const codec = uri.endsWith(".gz") ? "gzip" : uri.endsWith(".zst") ? "zstd" : "none";
    const isWhole = packed.length === sizeBytes;
    samples.push({ uri, ...(await unpackBeginning(codec, packed, isWhole)) });
  }
  return samples;
}

/** The same error, naming the file. */
function ofFile(uri: string, thrown: unknown): unknown {
  const isFault = thrown instanceof CsvRecordFault;
  const isOurs = thrown instanceof EngineError && thrown.code === "INPUT_MALFORMED";
  if (!isFault && !isOurs) return thrown;
  const where = isFault ? ` (record ${thrown.record + 1}, byte ${thrown.atByte})` : "";
  const message = `${uri}${where}: ${thrown.message}`;
  return new EngineError("INPUT_MALFORMED", message, { file: uri }, thrown);
}

/** Texts of the sampled records by column; a record that does not end in the sample is left out. */
function csvTexts(sample: Sample, layout: CsvLayout, names: readonly string[], firstByte: number) {
  const fields = names.map((name) => ({ name, type: utf8Type, nullable: true }));
  const records = new CsvRecords(names, fields, layout, firstByte);
  const rest = sample.bytes.subarray(firstByte);
  const batches = [...records.push(rest, Number.POSITIVE_INFINITY, sample.isWhole)];
  const last = records.finish();
  if (last !== undefined) batches.push(last);
  return names.map((_, at) =>
    batches.flatMap((batch) => columnValues(batch.columns[at]!) as (string | null)[]),
  );
}

async function csvFieldsOf(
  store: InputReader,
  files: readonly InputFile[],
  options: ColumnarReadOptions,
): Promise<readonly Field[]> {
  const { header = true, delimiter = ",", nullText } = options;
  const layout = { header, delimiter, ...(nullText === undefined ? {} : { nullText }) };
  let names: readonly string[] = [];
  const columns: (string | null)[][] = [];
  for (const sample of await samplesOf(store, files)) {
    try {
      const head = csvHead(sample.bytes, layout, sample.isWhole);
      if (head === undefined) {
        const message = `its first record is longer than ${inferenceBytes} bytes`;
        throw new EngineError("INPUT_MALFORMED", message);
      }
      if (names.length === 0) names = head.names;
      for (const [at, texts] of csvTexts(sample, layout, head.names, head.firstByte).entries()) {
        const own = names.indexOf(head.names[at]!);
        if (own >= 0) columns[own] = (columns[own] ?? []).concat(texts);
      }
    } catch (thrown) {
      throw ofFile(sample.uri, thrown);
    }
  }
  return csvFields(names, columns);
}

function jsonRecords({ uri, bytes, isWhole }: Sample): readonly unknown[] {
  const lines = new TextDecoder().decode(bytes).split("\n");
  if (!isWhole) lines.pop();
  return lines.flatMap((line, index) => {
    if (line.trim() === "") return [];
    try {
      return [parseJson(line)];
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : "not JSON";
      const message = `line ${index + 1} of ${uri} is not valid JSON: ${reason}`;
      throw new EngineError("INPUT_MALFORMED", message, { file: uri, line: index + 1 }, cause);
    }
  });
}

async function ndjsonFieldsOf(
  store: InputReader,
  files: readonly InputFile[],
): Promise<readonly Field[]> {
  const samples = await samplesOf(store, files);
  const fields = inferJsonFields(samples.flatMap(jsonRecords));
  if (fields !== undefined) return fields;
  const uri = files[0]!.uri;
  const message = `${uri} holds lines that are no objects, which columns need; read it as rows`;
  throw new EngineError("INPUT_MALFORMED", message, { file: uri });
}

async function fieldsOf(
  store: InputReader,
  format: ColumnarFormat,
  files: readonly InputFile[],
  options: ColumnarReadOptions,
): Promise<readonly Field[]> {
  const first = files[0]!;
  switch (format) {
    case "parquet":
      return parquetFields(store, first);
    case "arrow":
      return arrowFields(store, first);
    case "csv":
      return csvFieldsOf(store, files, options);
    case "ndjson":
      return ndjsonFieldsOf(store, files);
    default:
      return unreachable(format);
  }
}

/** Columns of folders come last; one that the file holds too is taken from the folder, in its place. */
function withFolders(fields: readonly Field[], folders: readonly Field[]): readonly Field[] {
  const own = fields.map((field) => folders.find(({ name }) => name === field.name) ?? field);
  const more = folders.filter(({ name }) => !fields.some((field) => field.name === name));
  return [...own, ...more];
}

/** Of a checkpoint: undefined where only its rows tell. */
export async function describeCheckpoint(
  store: InputReader,
  files: readonly InputFile[],
): Promise<Schema | undefined> {
  return (await readCheckpointHead(store, files[0]!)).schema;
}

/**
 * The columns of files that declare none. Parquet and Arrow: as the first file says. CSV and NDJSON: of the
 * types that a sample of the first files fits. With `partitionColumns` also those of the folders.
 * Of several files every column may hold nulls, as only the first ones were looked at.
 * Throws INPUT_MALFORMED naming the file; INPUT_EMPTY where no file holds a byte.
 */
export async function describeInput(
  store: InputReader,
  format: ColumnarFormat,
  files: readonly InputFile[],
  options: ColumnarReadOptions,
): Promise<Schema> {
  const filled = files.filter(({ sizeBytes }) => sizeBytes > 0);
  if (filled.length === 0) {
    const message = `all ${files.length} files are empty, so that their columns are not known`;
    throw new EngineError("INPUT_EMPTY", message);
  }
  const found = options.schema?.fields ?? (await fieldsOf(store, format, filled, options));
  const fields = filled.length > 1 ? found.map((field) => ({ ...field, nullable: true })) : found;
  if (options.partitionColumns !== true) return { fields };
  return { fields: withFolders(fields, partitionFields(files.map(({ uri }) => uri))) };
}
