// Records of CSV fields to typed rows, by the names of the header and the wished column types.

import { unreachable } from "../../proto/errors.ts";
import type { CsvColumnType, CsvOptions } from "../../proto/plan/logical.ts";
import { CsvFault } from "./csv-parser.ts";

export interface CsvColumns {
  /** Fields of a record. */
  readonly fieldCount: number;
  /** The wished columns and where they stand, in the order of the file. */
  readonly wished: readonly {
    readonly index: number;
    readonly name: string;
    readonly type: CsvColumnType;
  }[];
}

/** Columns by a header record, or `c0`, `c1`, … for a file without one. Throws CsvFault. */
export function columnsOf(first: readonly string[], options: CsvOptions): CsvColumns {
  const names = options.header ? first : first.map((_, index) => `c${index}`);
  const known = new Set<string>();
  for (const name of names) {
    if (known.has(name)) throw new CsvFault(0, `the header names the column "${name}" twice`);
    if (name === "__proto__") throw new CsvFault(0, 'a column cannot be named "__proto__"');
    known.add(name);
  }
  for (const name of Object.keys(options.columns)) {
    if (known.has(name)) continue;
    throw new CsvFault(0, `there is no column "${name}"; the file has ${names.join(", ")}`);
  }
  const all = Object.keys(options.columns).length === 0;
  const isWished = (name: string) => all || Object.hasOwn(options.columns, name);
  const wished = names
    .map((name, index) => ({ index, name, type: options.columns[name] ?? ("string" as const) }))
    .filter(({ name }) => isWished(name));
  return { fieldCount: names.length, wished };
}

const numberText = /^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/;
const bigintText = /^[-+]?\d+$/;

function fail(text: string, type: CsvColumnType, name: string, lineOrdinal: number): CsvFault {
  const shown = text === "" ? "an empty field" : JSON.stringify(text.slice(0, 80));
  return new CsvFault(lineOrdinal, `${shown} in column "${name}" is not a ${type}`);
}

function convert(text: string, type: CsvColumnType, name: string, lineOrdinal: number): unknown {
  switch (type) {
    case "string":
      return text;
    case "number": {
      const trimmed = text.trim();
      if (numberText.test(trimmed)) return Number(trimmed);
      throw fail(text, type, name, lineOrdinal);
    }
    case "bigint": {
      const trimmed = text.trim();
      if (bigintText.test(trimmed)) return BigInt(trimmed.replace(/^\+/, ""));
      throw fail(text, type, name, lineOrdinal);
    }
    case "boolean": {
      const lower = text.trim().toLowerCase();
      if (lower === "true") return true;
      if (lower === "false") return false;
      throw fail(text, type, name, lineOrdinal);
    }
    default:
      return unreachable(type);
  }
}

export function rowOfFields(
  fields: readonly string[],
  columns: CsvColumns,
  lineOrdinal: number,
): Record<string, unknown> {
  if (fields.length !== columns.fieldCount) {
    throw new CsvFault(
      lineOrdinal,
      `the record has ${fields.length} fields where ${columns.fieldCount} belong`,
    );
  }
  const row: Record<string, unknown> = {};
  for (const { index, name, type } of columns.wished) {
    const text = fields[index]!;
    row[name] = type === "string" ? text : convert(text, type, name, lineOrdinal);
  }
  return row;
}
