// Rows in the text form of COPY: fields between tabs, \N for null.

import { EngineError } from "millrace";

export interface SinkColumn {
  readonly values: ArrayLike<unknown>;
  readonly valid?: Uint8Array;
  readonly type?: string;
  readonly micros?: BigInt64Array;
}

export interface SinkBatch {
  readonly rows: number;
  readonly columns: Readonly<Record<string, SinkColumn>>;
}

const escapes: Readonly<Record<string, string>> = {
  "\\": "\\\\",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
};

function escaped(text: string, column: string): string {
  if (text.includes("\0")) {
    throw new EngineError(
      "VALUE_UNSUPPORTED",
      `a text of column ${column} has a character U+0000, which PostgreSQL cannot hold; replace it`,
    );
  }
  return text.replace(/[\\\b\f\n\r\t\v]/g, (found) => escapes[found] ?? found);
}

/** Of proleptic years as PostgreSQL has them. */
function timeText(micros: bigint): string {
  const seconds = micros >= 0n ? micros / 1_000_000n : -((-micros + 999_999n) / 1_000_000n);
  const rest = String(micros - seconds * 1_000_000n).padStart(6, "0");
  const iso = new Date(Number(seconds) * 1000).toISOString();
  const year = /^[+-]?\d+/.exec(iso)?.[0] ?? "";
  const after = iso.slice(year.length, -5);
  const number = Number(year);
  const era = number <= 0 ? " BC" : "";
  const shown = String(number <= 0 ? 1 - number : number).padStart(4, "0");
  return `${shown}${after}.${rest}+00${era}`;
}

function dateText(ms: number): string {
  const [day = ""] = timeText(BigInt(ms) * 1000n).split("T");
  return ms < Date.UTC(0, 0) && timeText(BigInt(ms) * 1000n).endsWith("BC") ? `${day} BC` : day;
}

function hexOf(bytes: Uint8Array): string {
  return `\\x${Buffer.from(bytes).toString("hex")}`;
}

function arrayItem(value: unknown): string {
  if (value === null || value === undefined) return "NULL";
  if (Array.isArray(value)) return arrayText(value);
  return `"${plainText(value).replace(/[\\"]/g, "\\$&")}"`;
}

function arrayText(values: readonly unknown[]): string {
  return `{${values.map(arrayItem).join(",")}}`;
}

/** A value whose column does not say more than JavaScript does. */
function plainText(value: unknown): string {
  if (typeof value === "string") return value;
  if (value instanceof Date) return timeText(BigInt(value.getTime()) * 1000n);
  if (value instanceof Uint8Array) return hexOf(value);
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

type ToText = (row: number) => string;

function textsOf(name: string, { values, type = "", micros }: SinkColumn): ToText {
  if (micros !== undefined) return (row) => timeText(micros[row]!);
  const known = values as ArrayLike<never>;
  switch (type) {
    case "bool":
      return (row) => (known[row] ? "t" : "f");
    case "date":
      return (row) => dateText(known[row]!);
    case "int32":
    case "int53":
    case "int64":
    case "float64":
      return (row) => String(known[row]);
    case "json":
      return (row) => escaped(JSON.stringify(known[row]), name);
    default:
      if (type.startsWith("list<")) {
        return (row) => escaped(arrayText(known[row]!), name);
      }
      return (row) => escaped(plainText(known[row]), name);
  }
}

/** The named columns of a batch, those that it lacks as null, and at the end the same text in every row. */
export function copyText(batch: SinkBatch, names: readonly string[], ending: string): string {
  const columns = names.map((name) => {
    const column = batch.columns[name];
    if (column === undefined) return () => "\\N";
    const { valid, values } = column;
    const text = textsOf(name, column);
    return (row: number): string => {
      const isNull = valid === undefined ? values[row] === null : valid[row] === 0;
      return isNull ? "\\N" : text(row);
    };
  });
  let lines = "";
  for (let row = 0; row < batch.rows; row++) {
    for (const text of columns) lines += `${text(row)}\t`;
    lines += `${ending}\n`;
  }
  return lines;
}
