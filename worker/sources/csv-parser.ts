// RFC 4180 text to records: quoted fields, doubled quotes, newlines in fields, CRLF; strict about the rest.

/** A record that breaks the format; its line is counted from the start of the parsed text. */
export class CsvFault extends Error {
  readonly lineOrdinal: number;

  constructor(lineOrdinal: number, message: string) {
    super(message);
    this.name = "CsvFault";
    this.lineOrdinal = lineOrdinal;
  }
}

/** `lineOrdinal`: of the line on which the record begins. */
export type OnRecord = (fields: readonly string[], lineOrdinal: number) => void;

export interface CsvParser {
  /** Complete records of the text so far, in order. */
  push(text: string): void;
  /** The last record, where the text does not end with a newline. */
  finish(): void;
  /** Length of the record that has no end yet. */
  pendingUnits(): number;
}

interface Field {
  readonly value: string;
  /** Index after the field: of a delimiter, a line end, or the end of the text. */
  readonly end: number;
}

/** From an opening quote to behind its closing one; undefined while that is not in the text. */
function quotedField(text: string, open: number): Field | undefined {
  let value = "";
  let from = open + 1;
  for (;;) {
    const quote = text.indexOf('"', from);
    if (quote < 0) return undefined;
    value += text.slice(from, quote);
    if (text.charCodeAt(quote + 1) !== 34) return { value, end: quote + 1 };
    value += '"';
    from = quote + 2;
  }
}

function bareField(text: string, start: number, lineEnd: number, delimiter: string): Field {
  const found = text.indexOf(delimiter, start);
  const end = found < 0 || found > lineEnd ? lineEnd : found;
  return { value: text.slice(start, end), end };
}

function countNewlines(text: string, from: number, to: number): number {
  let count = 0;
  for (let at = text.indexOf("\n", from); at >= 0 && at < to; at = text.indexOf("\n", at + 1)) {
    count++;
  }
  return count;
}

/** End of the line's content: before LF or CRLF. */
function contentEnd(text: string, from: number, newlineAt: number): number {
  return newlineAt > from && text.charCodeAt(newlineAt - 1) === 13 ? newlineAt - 1 : newlineAt;
}

interface Scanned {
  readonly fields: string[];
  /** Index after the record's line end. */
  readonly next: number;
}

/** One record that holds a quote; undefined while its end is not in the text. */
function quotedRecord(
  text: string,
  start: number,
  delimiter: string,
  last: boolean,
  lineOrdinal: number,
): Scanned | undefined {
  const fields: string[] = [];
  let at = start;
  for (;;) {
    const quoted = text.charCodeAt(at) === 34;
    const newlineAt = text.indexOf("\n", at);
    if (newlineAt < 0 && !last && !quoted) return undefined;
    const lineEnd = newlineAt < 0 ? text.length : contentEnd(text, at, newlineAt);
    const field = quoted ? quotedField(text, at) : bareField(text, at, lineEnd, delimiter);
    if (field === undefined) {
      if (last) throw new CsvFault(lineOrdinal, "a quoted field never ends");
      return undefined;
    }
    if (!quoted && field.value.includes('"')) {
      throw new CsvFault(lineOrdinal, "a quote stands inside a field that does not begin with one");
    }
    fields.push(field.value);
    if (text.startsWith(delimiter, field.end)) {
      at = field.end + delimiter.length;
      continue;
    }
    if (text.startsWith("\r\n", field.end)) return { fields, next: field.end + 2 };
    if (text.startsWith("\n", field.end)) return { fields, next: field.end + 1 };
    if (field.end === text.length || text.slice(field.end) === "\r") {
      return last ? { fields, next: text.length } : undefined;
    }
    throw new CsvFault(lineOrdinal, "a field goes on after its closing quote");
  }
}

/** Empty lines between records are skipped. */
export function csvParser(delimiter: string, onRecord: OnRecord): CsvParser {
  let carried = "";
  let lineOrdinal = 0;

  /** Index of the first unit that is not part of a complete record. */
  const scan = (text: string, last: boolean): number => {
    let at = 0;
    let quoteAt = text.indexOf('"');
    while (at < text.length) {
      const found = text.indexOf("\n", at);
      if (found < 0 && !last) return at;
      const newlineAt = found < 0 ? text.length : found;
      if (quoteAt >= 0 && quoteAt < at) quoteAt = text.indexOf('"', at);
      if (quoteAt < 0 || quoteAt > newlineAt) {
        const end = contentEnd(text, at, newlineAt);
        if (end > at) onRecord(text.slice(at, end).split(delimiter), lineOrdinal);
        lineOrdinal++;
        at = newlineAt + 1;
        continue;
      }
      const record = quotedRecord(text, at, delimiter, last, lineOrdinal);
      if (record === undefined) return at;
      onRecord(record.fields, lineOrdinal);
      lineOrdinal += countNewlines(text, at, record.next);
      at = record.next;
    }
    return text.length;
  };
  return {
    push: (text) => {
      const whole = carried === "" ? text : carried + text;
      carried = whole.slice(scan(whole, false));
    },
    finish: () => {
      if (carried !== "") scan(carried, true);
      carried = "";
    },
    pendingUnits: () => carried.length,
  };
}
