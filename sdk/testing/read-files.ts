// The input files of a job that is tested: text that is read by the engine's rules, or the rows themselves.

import { EngineError } from "../../proto/errors.ts";
import { compileGlob, isGlob } from "../../proto/plan/glob.ts";
import type { ColumnarReadNode } from "../../proto/plan/logical.ts";
import { findField, type Schema, utf8Type } from "../../proto/plan/types.ts";
import type { SourceNode } from "./evaluate.ts";
import { inferredSchema, parseColumns, type TextFile } from "./parse-columns.ts";
import { parseFile } from "./parse-files.ts";
import { conformed } from "./steps/rows.ts";
import { unionStep } from "./steps/sets.ts";
import { columnsOf, plain, rowsOf, type Table, typed } from "./steps/table.ts";

/** What a file holds: its text, or its rows. */
export type FileContents = string | readonly unknown[];

/** The rows of all files that a source matches, in the order of their URIs. */
export function tableOfFiles(
  source: SourceNode,
  contents: ReadonlyMap<string, FileContents>,
): Table {
  const matches = matcher(source.pattern);
  const uris = [...contents.keys()].filter(matches).sort((a, b) => (a < b ? -1 : 1));
  if (uris.length === 0) {
    throw new EngineError(
      "INPUT_NOT_FOUND",
      `no file matches ${source.pattern}; the test has ${[...contents.keys()].join(", ") || "none"}`,
    );
  }
  if (uris.every((uri) => contents.get(uri) === "")) {
    throw new EngineError("INPUT_EMPTY", `all files that match ${source.pattern} are empty`);
  }
  const schema = source.kind === "readColumns" ? schemaOf(source, uris, contents) : undefined;
  const tables = uris.map((uri) => tableOfFile(source, schema, uri, contents.get(uri) ?? ""));
  if (source.kind === "readColumns") return wanted(unionStep(tables), source.columns);
  return joined(tables, source.kind === "readCsv" ? Object.keys(source.options.columns) : []);
}

/** As declared, or as the texts show it; of files that are given as rows alone these tell. */
function schemaOf(
  source: ColumnarReadNode,
  uris: readonly string[],
  contents: ReadonlyMap<string, FileContents>,
): Schema | undefined {
  if (source.options.schema !== undefined) return source.options.schema;
  const texts = uris.flatMap((uri): TextFile[] => {
    const content = contents.get(uri);
    return typeof content === "string" && content !== "" ? [[uri, content]] : [];
  });
  return texts.length === 0 ? undefined : inferredSchema(source, texts);
}

function matcher(pattern: string): (uri: string) => boolean {
  const pathOf = (uri: string): string => uri.slice(uri.indexOf("://") + "://".length);
  if (isGlob(pattern)) {
    const glob = compileGlob(pathOf(pattern));
    return (uri) => glob.matches(pathOf(uri)) && !isHidden(uri);
  }
  const folder = pattern.endsWith("/") ? pattern : `${pattern}/`;
  return (uri) =>
    uri === pattern || (uri.startsWith(folder) && !isHidden(uri.slice(folder.length)));
}

function isHidden(path: string): boolean {
  return /(^|\/)[_.]/.test(path);
}

function tableOfFile(
  source: SourceNode,
  schema: Schema | undefined,
  uri: string,
  content: FileContents,
): Table {
  if (source.kind !== "readColumns") {
    if (typeof content !== "string") return plain(content);
    const rows = parseFile(source, uri, content);
    if (source.kind !== "readText") return plain(rows);
    const fields = [{ name: "value", type: utf8Type, nullable: false }];
    return typed(
      { fields },
      rows.map((value) => ({ value })),
      "scalar",
    );
  }
  if (typeof content === "string") {
    return parseColumns(source, schema ?? { fields: [] }, uri, content);
  }
  const rows = plain(content);
  return schema === undefined ? columnsOf(rows) : conformed(rows, schema);
}

/** Rows without declared types stay as they are. `names`: declared, and so known though there may be no rows. */
function joined(tables: readonly Table[], names: readonly string[]): Table {
  if (tables.every((table) => table.kind === "typed")) return unionStep(tables);
  const rows = tables.flatMap(rowsOf);
  return names.length === 0 ? plain(rows) : plain(rows, names);
}

function wanted(table: Table, columns: readonly string[] | undefined): Table {
  if (table.kind === "plain" || columns === undefined) return table;
  const fields = columns.map((name) => findField(table.schema, name)!);
  return { ...table, schema: { fields } };
}
