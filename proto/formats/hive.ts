// Folders `name=value`, in which Hive and its descendants keep columns: named, read and typed.

import { buildColumnAs } from "../batch/build-column.ts";
import type { Column } from "../batch/column.ts";
import { EngineError } from "../errors.ts";
import {
  type DataType,
  dateType,
  type Field,
  int53Type,
  int64Type,
  typeText,
  utf8Type,
} from "../plan/types.ts";
import { daysOfText } from "./calendar.ts";

/** Stands for null; an empty text cannot be told from it, as in Hive. */
const nullName = "__HIVE_DEFAULT_PARTITION__";

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is escaped.
const unsafe = /[\u0000-\u001f"#%'*/:=?\\{}[\]^\u007f]/g;

function escapeName(text: string): string {
  const escaped = text.replace(
    unsafe,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
  );
  // Listings skip what begins with these.
  return escaped.replace(/^[._]/, (first) => (first === "." ? "%2E" : "%5F"));
}

/** `name=value`, with what a path cannot hold escaped; null has a name of its own. */
export function partitionFolder(column: string, value: string | null): string {
  const isNothing = value === null || value === "";
  return `${escapeName(column)}=${isNothing ? nullName : escapeName(value).replace(/^%5F/, "_").replace(/^%2E/, ".")}`;
}

function unescapeName(text: string): string {
  return text.replace(/(%[0-9a-fA-F]{2})+/g, (run) => {
    try {
      return decodeURIComponent(run);
    } catch {
      return run;
    }
  });
}

/** Columns that the folders of a file's URI name, in their order. Null for the folder of nulls. */
export function partitionValues(uri: string): ReadonlyMap<string, string | null> {
  // URIs of files escape what paths hold; those of buckets are taken as they are.
  const path = uri.startsWith("file:") ? unescapeName(uri) : uri;
  const values = new Map<string, string | null>();
  for (const folder of path.split("/").slice(0, -1)) {
    const at = folder.indexOf("=");
    if (at <= 0) continue;
    const value = folder.slice(at + 1);
    values.set(unescapeName(folder.slice(0, at)), value === nullName ? null : unescapeName(value));
  }
  return values;
}

const wholeText = /^-?(0|[1-9]\d{0,18})$/;

function typeOfTexts(texts: readonly (string | null)[]): DataType {
  const known = texts.filter((text) => text !== null);
  if (known.length === 0) return utf8Type;
  if (known.every((text) => wholeText.test(text) && text !== "-0")) {
    return known.every((text) => Number.isSafeInteger(Number(text))) ? int53Type : int64Type;
  }
  return known.every((text) => daysOfText(text) !== undefined) ? dateType : utf8Type;
}

/** Columns that the folders of all files name; their types are those that all values have. */
export function partitionFields(uris: readonly string[]): readonly Field[] {
  const texts = new Map<string, Set<string | null>>();
  for (const uri of uris) {
    for (const [name, value] of partitionValues(uri)) {
      const known = texts.get(name) ?? new Set();
      texts.set(name, known.add(value));
    }
  }
  return [...texts].map(([name, values]) => ({
    name,
    type: typeOfTexts([...values]),
    nullable: values.has(null),
  }));
}

function unfit(field: Field, text: string): EngineError {
  return new EngineError(
    "INPUT_MALFORMED",
    `a folder says ${field.name}=${text}, which is no ${typeText(field.type)}`,
  );
}

/** The value of a folder as a value of a row. Throws INPUT_MALFORMED where it is none of the type. */
export function partitionValue(field: Field, text: string | null): unknown {
  if (text === null) return null;
  switch (field.type.kind) {
    case "utf8":
      return text;
    case "int32":
    case "int53":
    case "int64": {
      if (!wholeText.test(text)) throw unfit(field, text);
      const value = BigInt(text);
      if (field.type.kind === "int64") return value;
      const bound = field.type.kind === "int32" ? 2 ** 31 : 2 ** 53;
      if (value >= bound || value < -bound) throw unfit(field, text);
      return Number(value);
    }
    case "date": {
      const days = daysOfText(text);
      if (days === undefined) throw unfit(field, text);
      return new Date(days * 86_400_000);
    }
    case "float64": {
      const value = Number(text);
      if (Number.isNaN(value) && text !== "NaN") throw unfit(field, text);
      return value;
    }
    case "bool":
      if (text !== "true" && text !== "false") throw unfit(field, text);
      return text === "true";
    case "decimal":
      return text;
    default:
      throw unfit(field, text);
  }
}

/** The same value in every row. */
export function constantColumn(field: Field, value: unknown, rows: number): Column {
  const { name, type } = field;
  if (type.kind !== "utf8" || typeof value !== "string") {
    return buildColumnAs(name, type, new Array<unknown>(rows).fill(value), "null");
  }
  const dictionary = buildColumnAs(name, type, [value], "null");
  if (dictionary.type !== "utf8") {
    throw new EngineError("INTERNAL", `a column of text is stored as ${dictionary.type}`);
  }
  const codes = new Int32Array(rows);
  return {
    name,
    type: "dictionary",
    length: rows,
    nulls: "null",
    validity: undefined,
    codes,
    dictionary,
  };
}
