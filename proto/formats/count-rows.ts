// How many rows files have, as their footers say.

import { parquetFootersCountedMax } from "../limits/formats.ts";
import type { InputFile } from "../plan/bundle.ts";
import type { ColumnarFormat } from "../plan/logical.ts";
import { type Schema, typeText } from "../plan/types.ts";
import type { InputReader } from "./describe.ts";
import { openParquet } from "./parquet/read-file.ts";

function isCertain(own: Schema, wanted: Schema): boolean {
  const byName = new Map(own.fields.map((field) => [field.name, field]));
  return wanted.fields.every(({ name, type, nullable }) => {
    const field = byName.get(name);
    const isAlike = field !== undefined && typeText(field.type) === typeText(type);
    return isAlike && (nullable || !field.nullable);
  });
}

/**
 * Undefined where no footer says it, or there are too many of them, or one leaves open whether its file fits the schema:
 * whoever reads the rows finds out. Throws INPUT_MALFORMED naming the file.
 */
export async function countRows(
  store: InputReader,
  format: ColumnarFormat,
  files: readonly InputFile[],
  schema: Schema,
): Promise<number | undefined> {
  const filled = files.filter(({ sizeBytes }) => sizeBytes > 0);
  const isFew = filled.length > 0 && filled.length <= parquetFootersCountedMax;
  if (format !== "parquet" || !isFew) return undefined;
  const found = await Promise.all(
    filled.map(({ uri, sizeBytes }) => {
      const read = (offset: number, length: number) => store.read(uri, offset, length);
      return openParquet({ uri, sizeBytes, read });
    }),
  );
  if (!found.every((file) => isCertain(file.schema, schema))) return undefined;
  return found.reduce((sum, { metadata }) => sum + metadata.rows, 0);
}
