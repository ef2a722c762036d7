// How many rows files have, as their footers say.

import { parquetFootersCountedMax } from "../limits/formats.ts";
import type { InputFile } from "../plan/bundle.ts";
import type { ColumnarFormat } from "../plan/logical.ts";
import type { InputReader } from "./describe.ts";
import { openParquet } from "./parquet/read-file.ts";

/** Undefined where no footer says it, or there are too many of them. Throws INPUT_MALFORMED naming the file. */
export async function countRows(
  store: InputReader,
  format: ColumnarFormat,
  files: readonly InputFile[],
): Promise<number | undefined> {
  const filled = files.filter(({ sizeBytes }) => sizeBytes > 0);
  const isFew = filled.length > 0 && filled.length <= parquetFootersCountedMax;
  if (format !== "parquet" || !isFew) return undefined;
  const counts = filled.map(async ({ uri, sizeBytes }) => {
    const read = (offset: number, length: number) => store.read(uri, offset, length);
    return (await openParquet({ uri, sizeBytes, read })).metadata.rows;
  });
  return (await Promise.all(counts)).reduce((sum, rows) => sum + rows, 0);
}
