// The schema of files, found before the run from a footer or a bounded sample of their first bytes.

import { EngineError } from "../errors.ts";
import type { InputFile } from "../plan/bundle.ts";
import type { ColumnarFormat, ColumnarReadOptions } from "../plan/logical.ts";
import type { Field, Schema } from "../plan/types.ts";
import type { ObjectStore } from "../ports/store.ts";
import { noSuchStep } from "../unsupported.ts";
import { partitionFields } from "./hive.ts";
import { openParquet } from "./parquet/read-file.ts";

export type InputReader = Pick<ObjectStore, "read">;

async function parquetFields(store: InputReader, file: InputFile): Promise<readonly Field[]> {
  const { uri, sizeBytes } = file;
  const read = (offset: number, length: number) => store.read(uri, offset, length);
  return (await openParquet({ uri, sizeBytes, read })).schema.fields;
}

async function fieldsOf(
  store: InputReader,
  format: ColumnarFormat,
  files: readonly InputFile[],
): Promise<readonly Field[]> {
  const first = files[0]!;
  switch (format) {
    case "parquet":
      return parquetFields(store, first);
    default:
      throw noSuchStep("the driver", format);
  }
}

/** Columns of folders come last; one that the file holds too is taken from the folder, in its place. */
function withFolders(fields: readonly Field[], folders: readonly Field[]): readonly Field[] {
  const own = fields.map((field) => folders.find(({ name }) => name === field.name) ?? field);
  const more = folders.filter(({ name }) => !fields.some((field) => field.name === name));
  return [...own, ...more];
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
  const found = options.schema?.fields ?? (await fieldsOf(store, format, filled));
  const fields = filled.length > 1 ? found.map((field) => ({ ...field, nullable: true })) : found;
  if (options.partitionColumns !== true) return { fields };
  return { fields: withFolders(fields, partitionFields(files.map(({ uri }) => uri))) };
}
