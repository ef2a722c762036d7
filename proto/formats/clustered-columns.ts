// Columns whose equal values lie in one row group each, as footers tell: files in the order of a key, as most are that
// were written as it rose. Row groups are read whole by one task, so rows with equal keys need not be brought together.

import { parquetFootersCountedMax } from "../limits/formats.ts";
import type { InputFile } from "../plan/bundle.ts";
import type { ColumnarFormat } from "../plan/logical.ts";
import { type DataType, type Field, type Schema, typeText } from "../plan/types.ts";
import type { InputReader } from "./describe.ts";
import { openParquet, type ParquetFile } from "./parquet/read-file.ts";
import { rangeInGroup } from "./parquet/statistics.ts";

/** Types whose bounds are exact, and of which equal values are stored alike. */
const ordered: readonly DataType["kind"][] = [
  ...(["int32", "int53", "int64", "date", "timestamp", "decimal"] as const),
];

type Place = number | bigint;

interface Range {
  readonly min: Place;
  readonly max: Place;
}

/** Undefined where it is not known exactly. */
function rangesOf(file: ParquetFile, { name, type }: Field): readonly Range[] | undefined {
  const node = file.columns.find((column) => column.name === name);
  const own = file.schema.fields.find((field) => field.name === name);
  if (node === undefined || own === undefined || typeText(own.type) !== typeText(type)) {
    return undefined;
  }
  const { rowGroups, createdBy } = file.metadata;
  const ranges: Range[] = [];
  for (const group of rowGroups) {
    if (group.rows === 0) continue;
    const { min, max, mayHaveNulls = true } = rangeInGroup(node, type, group, createdBy) ?? {};
    const areKnown = min !== undefined && max !== undefined && !mayHaveNulls;
    if (!areKnown || min instanceof Uint8Array || max instanceof Uint8Array) return undefined;
    const last = ranges.at(-1);
    // Of most columns the first two row groups overlap, and no more need be looked at.
    if (last !== undefined && last.min <= max && min <= last.max) return undefined;
    ranges.push({ min, max });
  }
  return ranges;
}

/** Whether no two have a value in common. */
function areApart(ranges: readonly Range[]): boolean {
  const inOrder = [...ranges].sort((a, b) => (a.min < b.min ? -1 : a.min > b.min ? 1 : 0));
  return inOrder.every(({ min }, at) => at === 0 || inOrder[at - 1]!.max < min);
}

/**
 * Columns of the schema of which no two row groups of the files share a value: by the bounds that footers keep, which
 * have to be there, of all row groups, without nulls. None where there are too many footers to look at.
 * Throws INPUT_MALFORMED naming the file.
 */
export async function clusteredColumns(
  store: InputReader,
  format: ColumnarFormat,
  files: readonly InputFile[],
  schema: Schema,
): Promise<readonly string[]> {
  const filled = files.filter(({ sizeBytes }) => sizeBytes > 0);
  if (format !== "parquet" || filled.length > parquetFootersCountedMax) return [];
  const opened = await Promise.all(
    filled.map(({ uri, sizeBytes }) => {
      const read = (offset: number, length: number) => store.read(uri, offset, length);
      return openParquet({ uri, sizeBytes, read });
    }),
  );
  const isClustered = (field: Field): boolean => {
    if (!ordered.includes(field.type.kind)) return false;
    const ranges: Range[] = [];
    for (const file of opened) {
      const own = rangesOf(file, field);
      if (own === undefined) return false;
      ranges.push(...own);
    }
    return areApart(ranges);
  };
  return schema.fields.filter(isClustered).map(({ name }) => name);
}
