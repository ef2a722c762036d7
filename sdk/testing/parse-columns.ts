// Typed columns of small CSV and NDJSON files that are given as text.

import { EngineError } from "../../proto/errors.ts";
import { csvFields } from "../../proto/formats/csv/infer.ts";
import { inferJsonFields } from "../../proto/formats/json/infer.ts";
import type { ColumnarReadNode, ColumnarReadOptions } from "../../proto/plan/logical.ts";
import {
  type DataType,
  type Field,
  fieldText,
  type Schema,
  utf8Type,
} from "../../proto/plan/types.ts";
import { castRaw } from "./expressions/cast-raw.ts";
import { type Raw, rawOfRow } from "./expressions/raw-values.ts";
import { type CsvField, csvRecords, lines, malformed } from "./parse-files.ts";
import { type RawRow, type Table, typed } from "./steps/table.ts";

/** Throws INPUT_MALFORMED naming the file and the line or record. `schema`: declared, or inferred. */
export function parseColumns(
  { format, options }: ColumnarReadNode,
  schema: Schema,
  uri: string,
  text: string,
): Table {
  switch (format) {
    case "csv":
      return csvColumns(options, schema, uri, text);
    case "ndjson":
      return ndjsonColumns(schema, uri, text);
    case "parquet":
    case "arrow":
      throw malformed(uri, `a ${format} file of a test is given as its rows, not as text`);
  }
}

/** Text of a file by its URI. */
export type TextFile = readonly [uri: string, text: string];

/** The columns of files that declare none, as the engine finds them; undefined for formats that are no text. */
export function inferredSchema(
  { format, options }: ColumnarReadNode,
  files: readonly TextFile[],
): Schema | undefined {
  const fields =
    format === "csv"
      ? inferredOfCsv(options, files)
      : format === "ndjson"
        ? inferredOfNdjson(files)
        : undefined;
  if (fields === undefined) return undefined;
  return { fields: fields.map((field) => ({ ...field, nullable: true })) };
}

function inferredOfNdjson(files: readonly TextFile[]): readonly Field[] {
  const rows = files.flatMap(([uri, text]) => ndjsonRows(uri, text).map(({ row }) => row));
  const fields = inferJsonFields(rows);
  if (fields !== undefined) return fields;
  throw malformed(files[0]![0], "it holds lines that are no objects, which columns need");
}

function inferredOfCsv(options: ColumnarReadOptions, files: readonly TextFile[]): readonly Field[] {
  const parsed = files.map(([uri, text]) => csvRows(options, uri, text));
  const { names } = parsed[0]!;
  const columns = names.map((name) =>
    parsed.flatMap((file) => {
      const at = file.names.indexOf(name);
      if (at < 0) return [];
      return file.rows.map((fields) => (isNothing(options, fields[at]!) ? null : fields[at]!.text));
    }),
  );
  return csvFields(names, columns);
}

function ndjsonRows(uri: string, text: string) {
  return lines(text.replace(/^\ufeff/, "")).flatMap((line, index) => {
    if (line.trim() === "") return [];
    const where = `line ${index + 1}`;
    try {
      return [{ where, row: JSON.parse(line) as unknown }];
    } catch (cause) {
      throw malformed(uri, `${where} is not valid JSON`, cause);
    }
  });
}

function ndjsonColumns(schema: Schema, uri: string, text: string): Table {
  const rows = ndjsonRows(uri, text);
  return typed(
    schema,
    rows.map(({ row, where }) => {
      if (typeof row !== "object" || row === null || Array.isArray(row)) {
        throw malformed(uri, `${where} is no object`);
      }
      const record = row as Readonly<Record<string, unknown>>;
      const of = (field: Field) =>
        rawOfJson(record[field.name], field, `${uri}: ${where}: ${field.name}`);
      return Object.fromEntries(schema.fields.map((field) => [field.name, of(field)]));
    }),
  );
}

function misfit(value: unknown, field: Field, where: string): EngineError {
  const shown = JSON.stringify(value) ?? "nothing";
  return new EngineError("INPUT_MALFORMED", `${where}: ${shown} does not fit ${fieldText(field)}`);
}

/** JSON has no dates, decimals or large numbers: they are texts, or numbers as far as these are exact. */
function rawOfJson(value: unknown, field: Field, where: string): Raw {
  const { type } = field;
  if (value === null || value === undefined) {
    if (field.nullable) return null;
    throw misfit(value, field, where);
  }
  switch (type.kind) {
    case "json":
      return value;
    case "bool":
      if (typeof value === "boolean") return value;
      throw misfit(value, field, where);
    case "utf8":
      if (typeof value === "string") return value;
      throw misfit(value, field, where);
    case "list":
      if (!Array.isArray(value)) throw misfit(value, field, where);
      return value.map((item) => rawOfJson(item, type.item, where));
    case "struct": {
      if (typeof value !== "object" || Array.isArray(value)) throw misfit(value, field, where);
      const record = value as Readonly<Record<string, unknown>>;
      return Object.fromEntries(
        type.fields.map((own) => [own.name, rawOfJson(record[own.name], own, where)]),
      );
    }
    default:
      if (typeof value !== "number" && typeof value !== "string") throw misfit(value, field, where);
      return rawOfText(String(value), field, where);
  }
}

function rawOfBase64(text: string, field: Field, where: string): Raw {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    throw misfit(text, field, where);
  }
}

function rawOfText(text: string, field: Field, where: string): Raw {
  if (field.type.kind === "binary") return rawOfBase64(text, field, where);
  try {
    return castRaw(text, utf8Type, field.type, "error", where);
  } catch (thrown) {
    if (thrown instanceof EngineError) throw misfit(text, field, where);
    throw thrown;
  }
}

const isNothing = ({ nullText }: ColumnarReadOptions, field: CsvField): boolean =>
  !field.isQuoted && (field.text === "" || field.text === nullText);

/** The records of a file, and the names of their fields. */
function csvRows(options: ColumnarReadOptions, uri: string, text: string) {
  const { header = true, delimiter = "," } = options;
  const records = csvRecords(text.replace(/^\ufeff/, ""), uri, delimiter);
  const [first = []] = records;
  const names = header ? first.map((field) => field.text) : first.map((_, index) => `c${index}`);
  const rows = records.slice(header ? 1 : 0).map((fields, index) => {
    if (fields.length === names.length) return fields;
    const what = `has ${fields.length} fields where ${names.length} belong`;
    throw malformed(uri, `record ${index + 1} ${what}`);
  });
  return { names, rows };
}

function csvColumns(
  options: ColumnarReadOptions,
  schema: Schema,
  uri: string,
  text: string,
): Table {
  const { names, rows } = csvRows(options, uri, text);
  for (const { name } of schema.fields) {
    if (!names.includes(name)) throw malformed(uri, `there is no column "${name}"`);
  }
  return typed(
    schema,
    rows.map(
      (fields, index): RawRow =>
        Object.fromEntries(
          schema.fields.map((field) => {
            const found = fields[names.indexOf(field.name)]!;
            const where = `${uri}: record ${index + 1}: ${field.name}`;
            return [field.name, rawOfField(found, isNothing(options, found), field, where)];
          }),
        ),
    ),
  );
}

function jsonOf(text: string, field: Field, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw misfit(text, field, where);
  }
}

const texts: readonly DataType["kind"][] = ["utf8", "binary"];

/** Nothing between two delimiters is null where the column may be, else an empty text. */
function rawOfField(found: CsvField, isNothing: boolean, field: Field, where: string): Raw {
  if (isNothing && field.nullable) return null;
  if (isNothing && !texts.includes(field.type.kind)) throw misfit(found.text, field, where);
  if (field.type.kind === "json") return rawOfRow(JSON.parse(found.text), field.type);
  if (field.type.kind === "list" || field.type.kind === "struct") {
    return rawOfJson(jsonOf(found.text, field, where), field, where);
  }
  const text = texts.includes(field.type.kind) ? found.text : found.text.trim();
  return rawOfText(text, field, where);
}
