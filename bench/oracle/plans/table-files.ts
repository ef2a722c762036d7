// The tables of random programs as files of every format: several of them, some empty, some packed, in small row groups.

import { type Batch, batchOfRows, batchRows } from "../../../proto/batch/batch.ts";
import { batchesToFileBytes } from "../../../proto/batch/ipc.ts";
import { type PackingCodec, packerOf } from "../../../proto/formats/compression/codecs.ts";
import { partitionFolder } from "../../../proto/formats/hive.ts";
import { ParquetWriter } from "../../../proto/formats/parquet/write-file.ts";
import type { DataTypeKind, Field, Schema } from "../../../proto/plan/types.ts";
import type { RawRow } from "../../../sdk/testing/steps/table.ts";
import { rowsOf, typed } from "../../../sdk/testing/steps/table.ts";
import { compareValues } from "../../../sdk/testing/value-order.ts";
import { sliceBatch } from "../../../worker/kernels/columns/gather.ts";
import { conformBatch } from "../../../worker/operators/conform.ts";
import { csvHeader, csvRecords } from "../../../worker/output/csv-text.ts";
import { jsonColumns } from "../../../worker/output/json-columns.ts";
import { linesOfJson } from "../../../worker/output/row-text.ts";
import type { Dice } from "./dice.ts";

export const fileFormats = ["parquet", "csv", "ndjson", "arrow"] as const;
export type FileFormat = (typeof fileFormats)[number];

const codecs: readonly PackingCodec[] = ["none", "gzip", "zstd", "snappy"];
const packers = new Map(
  await Promise.all(codecs.map(async (codec) => [codec, await packerOf(codec)] as const)),
);

/** What a format has no way to write, so that reading answers the very same values. */
const unwritable: Readonly<Record<FileFormat, readonly DataTypeKind[]>> = {
  parquet: ["json", "null"],
  arrow: ["json", "null"],
  csv: ["json", "null", "list", "struct", "binary"],
  // JSON has no NaN, no infinities and no -0.
  ndjson: ["json", "null", "binary", "float64"],
};

/** Whether rows of the schema come back from files of the format as they were. */
export function canHold(format: FileFormat, { fields }: Schema): boolean {
  // A record of one null is no record of CSV that readers agree on.
  if (format === "csv" && fields.length < 2) return false;
  return fields.length > 0 && fields.every(({ type }) => !unwritable[format].includes(type.kind));
}

/** Their values name folders, and come back from the names. */
const folderKinds: readonly DataTypeKind[] = ["int32", "int53", "int64", "bool", "date", "decimal"];

/** A table as files: their bytes for the engine, their rows for the plain loops. */
export interface TableFiles {
  readonly format: FileFormat;
  readonly partitionColumns: boolean;
  /** Whether the program leaves it to the engine to find the columns in the files. */
  readonly isFound: boolean;
  /** The column whose values rise through the files, each of them once. */
  readonly rising?: string;
  /** Made when they are asked for: to plan, or for the plain loops, nobody needs them. */
  readonly bytes: () => readonly (readonly [uri: string, bytes: Uint8Array])[];
  readonly rows: readonly (readonly [uri: string, rows: readonly unknown[]])[];
  /** For people. */
  readonly text: string;
}

function batchOf(schema: Schema, rows: readonly RawRow[]): Batch {
  const place = { operator: "oracle", partition: 0, firstRow: 0 };
  const plain = batchOfRows([...rowsOf(typed(schema, rows))]);
  return conformBatch({ ...plain, shape: "record" }, schema, place);
}

/** The batch in pieces of so many rows; one piece where it is empty. */
function pieces(batch: Batch, rows: number): readonly Batch[] {
  if (batch.rows === 0) return [batch];
  const out: Batch[] = [];
  for (let start = 0; start < batch.rows; start += rows) {
    out.push(sliceBatch(batch, start, Math.min(start + rows, batch.rows)));
  }
  return out;
}

function contentOf(
  format: FileFormat,
  schema: Schema,
  rows: readonly RawRow[],
  groupRows: number,
  codec: PackingCodec,
): Uint8Array {
  const batch = batchOf(schema, rows);
  switch (format) {
    case "parquet": {
      const writer = new ParquetWriter(schema, codec, packers.get(codec)!);
      const parts = pieces(batch, groupRows).flatMap((piece) => [
        ...writer.write(piece),
        ...writer.flush(),
      ]);
      return Buffer.concat([...parts, ...writer.finish()]);
    }
    case "arrow":
      return batchesToFileBytes(pieces(batch, groupRows));
    case "csv": {
      const names = schema.fields.map(({ name }) => name);
      return Buffer.from(csvHeader(names, ",") + (rows.length === 0 ? "" : csvRecords(batch, ",")));
    }
    case "ndjson":
      return Buffer.from(linesOfJson(batchRows(jsonColumns(batch))));
  }
}

/** Of the formats, the others have something around their rows. */
const isNothing = (format: FileFormat, rows: readonly unknown[]): boolean =>
  format === "ndjson" && rows.length === 0;

const endings: Readonly<Partial<Record<PackingCodec, string>>> = { gzip: ".gz", zstd: ".zst" };

/** Lines are packed as whole files, Parquet inside of them. */
function fileOf(
  format: FileFormat,
  schema: Schema,
  rows: readonly RawRow[],
  dice: Dice,
): { readonly ending: string; readonly bytes: () => Uint8Array; readonly text: string } {
  const groupRows = 1 + dice.upTo(5);
  const codec = dice.oneOf(codecs);
  const packed = format === "csv" || format === "ndjson" ? endings[codec] : undefined;
  // Nothing, packed, would be something.
  const isPacked = packed !== undefined && !isNothing(format, rows);
  const bytes = (): Uint8Array => {
    const content = contentOf(format, schema, rows, groupRows, codec);
    return isPacked ? packers.get(codec)!(content) : content;
  };
  return {
    ending: `.${format}${isPacked ? packed : ""}`,
    bytes,
    text: `${codec}, groups of ${groupRows}`,
  };
}

interface Part {
  readonly folder: string;
  readonly rows: readonly RawRow[];
}

function folderText(field: Field, raw: RawRow[string]): string | null {
  const [row] = rowsOf(typed({ fields: [field] }, [{ [field.name]: raw }]));
  const value = (row as Readonly<Record<string, unknown>>)[field.name];
  if (value === null || value === undefined) return null;
  return value instanceof Date ? value.toISOString().slice(0, 10) : String(value);
}

function partsBy(field: Field, rows: readonly RawRow[]): readonly Part[] {
  const parts = new Map<string, RawRow[]>();
  for (const row of rows) {
    const folder = `${partitionFolder(field.name, folderText(field, row[field.name] ?? null))}/`;
    parts.set(folder, [...(parts.get(folder) ?? []), row]);
  }
  return [...parts].map(([folder, own]) => ({ folder, rows: own }));
}

/** Of whose values a file's footer tells the least and the greatest. */
const risingKinds: readonly DataTypeKind[] = ["int32", "int53", "int64", "date"];

/** Files as long as told at most, all of them in the order of a column, so that row groups may share none of its values. */
function inOrder(
  field: Field,
  files: readonly (readonly RawRow[])[],
  isOnce: boolean,
): readonly (readonly RawRow[])[] {
  const keyOf = (raw: RawRow): unknown => {
    const [row] = rowsOf(typed({ fields: [field] }, [{ [field.name]: raw[field.name] ?? null }]));
    return (row as Readonly<Record<string, unknown>>)[field.name];
  };
  const rows = files.flat().map((raw) => ({ raw, value: keyOf(raw) }));
  const inTurn = rows.sort((a, b) => compareValues(a.value, b.value));
  const sorted = inTurn
    .filter(({ value }, at) => {
      const isFirst = at === 0 || compareValues(inTurn[at - 1]!.value, value) !== 0;
      return !isOnce || (value !== null && isFirst);
    })
    .map(({ raw }) => raw);
  let from = 0;
  return files.map(({ length }) => {
    from += length;
    return sorted.slice(from - length, from);
  });
}

/** Undefined where files of the drawn format cannot hold the table. */
export function tableFiles(
  schema: Schema,
  rowsOfFiles: readonly (readonly RawRow[])[],
  folder: string,
  dice: Dice,
): TableFiles | undefined {
  const format = dice.oneOf(fileFormats);
  const named = schema.fields.filter(({ type }) => folderKinds.includes(type.kind));
  const isFolders = dice.isRare(3) && named.length > 0 && schema.fields.length > 1;
  const by = isFolders ? dice.oneOf(named) : undefined;
  const inFile: Schema = { fields: schema.fields.filter((field) => field !== by) };
  if (!canHold(format, inFile)) return undefined;
  // Whole numbers that are safe are a type of ours, which files of others do not know.
  const isFound =
    by === undefined && (format === "parquet" || format === "arrow") && dice.isRare(3);
  const risingFields = inFile.fields.filter(({ type }) => risingKinds.includes(type.kind));
  const mayRise = risingFields.length > 0 ? risingFields : inFile.fields;
  const ordered = format === "parquet" && dice.isRare(2) ? dice.oneOf(mayRise) : undefined;
  const isOnce = ordered !== undefined && risingKinds.includes(ordered.type.kind);
  const laid = ordered === undefined ? rowsOfFiles : inOrder(ordered, rowsOfFiles, isOnce);
  const bytes: [string, () => Uint8Array][] = [];
  const rows: [string, readonly unknown[]][] = [];
  const texts: string[] = [];
  for (const [at, own] of laid.entries()) {
    const parts = by === undefined ? [{ folder: "", rows: own }] : partsBy(by, own);
    for (const part of parts) {
      const file = fileOf(format, inFile, part.rows, dice);
      const uri = `${folder}${part.folder}${at}${file.ending}`;
      bytes.push([uri, file.bytes]);
      rows.push([uri, rowsOf(typed(schema, part.rows))]);
      texts.push(`${part.folder}${at}: ${file.text}`);
    }
  }
  // Files of nothing are refused.
  if (rows.every(([, own]) => isNothing(format, own))) return undefined;
  const found = isFound ? ", columns found in the files" : "";
  const once = isOnce ? `, each ${ordered.name} once and in order` : "";
  const text = `as ${format} files (${texts.join("; ")}${found}${once})`;
  return {
    format,
    partitionColumns: by !== undefined,
    isFound,
    ...(isOnce ? { rising: ordered.name } : {}),
    bytes: () => bytes.map(([uri, make]) => [uri, make()] as const),
    rows,
    text,
  };
}
