// Columns as CSV (RFC 4180): text is quoted where it has to be, and where it is empty, as null is nothing.

import type { Batch } from "../../proto/batch/batch.ts";
import { type Column, isValid } from "../../proto/batch/column.ts";
import { columnValues } from "../../proto/batch/decode-column.ts";
import { textOfDays } from "../../proto/formats/calendar.ts";
import { clockText } from "../../proto/formats/clock-text.ts";
import { jsonColumn } from "./json-columns.ts";
import { linesOfJson } from "./row-text.ts";

function quoted(text: string, needsQuotes: RegExp): string {
  return text === "" || needsQuotes.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function needsQuotesFor(delimiter: string): RegExp {
  const special = delimiter.replace(/[\\\]^-]/g, "\\$&");
  return new RegExp(`["\\r\\n${special}]|^\\s|\\s$`);
}

/** Texts of the fields of one column. */
function fieldTexts(column: Column, needsQuotes: RegExp): string[] {
  const { length } = column;
  const out = new Array<string>(length);
  const fill = (textAt: (index: number) => string): string[] => {
    for (let i = 0; i < length; i++) out[i] = isValid(column, i) ? textAt(i) : "";
    return out;
  };
  switch (column.type) {
    case "date":
      return fill((i) => textOfDays(column.values[i]!));
    case "timestamp": {
      const zone = column.zone === undefined ? "" : "Z";
      return fill((i) => clockText(column.values[i]!) + zone);
    }
    case "binary": {
      const values = columnValues(column) as Uint8Array[];
      return fill((i) => quoted(Buffer.from(values[i]!).toString("base64"), needsQuotes));
    }
    case "list":
    case "struct":
    case "json": {
      const values = columnValues(jsonColumn(column));
      return fill((i) => quoted(linesOfJson([values[i]]).slice(0, -1), needsQuotes));
    }
    case "utf8":
    case "dictionary": {
      const values = columnValues(column) as string[];
      return fill((i) => quoted(values[i]!, needsQuotes));
    }
    default: {
      const values = columnValues(column);
      return fill((i) => (Object.is(values[i], -0) ? "-0" : String(values[i])));
    }
  }
}

export function csvHeader(names: readonly string[], delimiter: string): string {
  const needsQuotes = needsQuotesFor(delimiter);
  return `${names.map((name) => quoted(name, needsQuotes)).join(delimiter)}\n`;
}

export function csvRecords(batch: Batch, delimiter: string): string {
  const needsQuotes = needsQuotesFor(delimiter);
  const columns = batch.columns.map((column) => fieldTexts(column, needsQuotes));
  // A record of one null would be an empty line, which readers skip.
  const nothing = columns.length === 1 ? '""' : "";
  const lines = new Array<string>(batch.rows);
  for (let row = 0; row < batch.rows; row++) {
    let line = columns[0]?.[row] || nothing;
    for (let at = 1; at < columns.length; at++) line += delimiter + columns[at]![row]!;
    lines[row] = line;
  }
  lines.push("");
  return lines.join("\n");
}
