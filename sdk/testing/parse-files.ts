// The rows of small files that are given as text, by the rules of the engine's readers.

import { EngineError, unreachable } from "../../proto/errors.ts";
import type { CsvColumnType, CsvOptions, RowReadNode } from "../../proto/plan/logical.ts";

/** Throws INPUT_MALFORMED naming the file and the line or record. */
export function parseFile(source: RowReadNode, uri: string, text: string): readonly unknown[] {
  const content = text.replace(/^\ufeff/, "");
  switch (source.kind) {
    case "readText":
      return lines(content);
    case "readNdjson":
      return lines(content).flatMap((line, index) => {
        if (line.trim() === "") return [];
        try {
          return [JSON.parse(line) as unknown];
        } catch (cause) {
          throw malformed(uri, `line ${index + 1} is not valid JSON`, cause);
        }
      });
    case "readCsv":
      return csvRows(content, uri, source.options);
    case "readCheckpoint":
      throw malformed(uri, "a checkpoint is not text; give its rows as an array");
    default:
      return unreachable(source);
  }
}

export function malformed(uri: string, what: string, cause?: unknown): EngineError {
  return new EngineError("INPUT_MALFORMED", `${uri}: ${what}`, { file: uri }, cause);
}

export function lines(text: string): readonly string[] {
  const parts = text.split("\n");
  if (parts.at(-1) === "") parts.pop();
  return parts.map((line) => line.replace(/\r$/, ""));
}

function csvRows(text: string, uri: string, options: CsvOptions): readonly unknown[] {
  const records = csvRecords(text, uri, options.delimiter).map((record) =>
    record.map((field) => field.text),
  );
  const [first] = records;
  if (first === undefined) return [];
  const names = options.header ? first : first.map((_, index) => `c${index}`);
  const wanted = Object.keys(options.columns);
  for (const name of wanted) {
    if (!names.includes(name)) throw malformed(uri, `there is no column "${name}"`);
  }
  return records.slice(options.header ? 1 : 0).map((fields, index) => {
    if (fields.length !== names.length) {
      const what = `has ${fields.length} fields where ${names.length} belong`;
      throw malformed(uri, `record ${index + 1} ${what}`);
    }
    const row: Record<string, unknown> = {};
    for (const [at, name] of names.entries()) {
      if (wanted.length > 0 && !wanted.includes(name)) continue;
      row[name] = convert(fields[at] ?? "", options.columns[name] ?? "string", `${uri}: ${name}`);
    }
    return row;
  });
}

export interface CsvField {
  readonly text: string;
  readonly isQuoted: boolean;
}

/** RFC 4180: a quoted field may hold delimiters, line ends and doubled quotes. */
export function csvRecords(
  text: string,
  uri: string,
  delimiter: string,
): readonly (readonly CsvField[])[] {
  const records: CsvField[][] = [];
  let at = 0;
  while (at < text.length) {
    const record: CsvField[] = [];
    for (;;) {
      let field = "";
      const isQuoted = text[at] === '"';
      if (isQuoted) {
        const quoted = /"((?:[^"]|"")*)"/y;
        quoted.lastIndex = at;
        const found = quoted.exec(text);
        if (found === null) throw malformed(uri, "a quoted field has no end");
        field = (found[1] ?? "").replaceAll('""', '"');
        at = quoted.lastIndex;
      } else {
        const start = at;
        while (at < text.length && text[at] !== delimiter && text[at] !== "\n") at++;
        field = text.slice(start, at);
        if (at === text.length || text[at] === "\n") field = field.replace(/\r$/, "");
      }
      record.push({ text: field, isQuoted });
      if (text.startsWith("\r\n", at)) at++;
      if (text[at] !== delimiter) break;
      at++;
    }
    if (at < text.length && text[at] !== "\n") throw malformed(uri, "text follows a quoted field");
    at++;
    const [first] = record;
    if (record.length > 1 || first?.text !== "") records.push(record);
  }
  return records;
}

function convert(text: string, type: CsvColumnType, where: string): unknown {
  const trimmed = text.trim();
  switch (type) {
    case "string":
      return text;
    case "number":
      if (/^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/.test(trimmed)) return Number(trimmed);
      break;
    case "bigint":
      if (/^[-+]?\d+$/.test(trimmed)) return BigInt(trimmed.replace("+", ""));
      break;
    case "boolean":
      if (/^(true|false)$/i.test(trimmed)) return trimmed.toLowerCase() === "true";
      break;
    default:
      return unreachable(type);
  }
  throw new EngineError("INPUT_MALFORMED", `${where}: ${JSON.stringify(text)} is not a ${type}`);
}
