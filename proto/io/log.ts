// Log lines to standard error: JSON for machines, a short form for terminals, bounded, no secrets.

import { logFieldCharsMax, logLineBytesMax } from "../limits.ts";
import type { Clock } from "../ports/clock.ts";
import type { Log, LogFields } from "../ports/log.ts";
import { realClock } from "./clock.ts";

export type LogLevel = "info" | "warn" | "error";

export interface LogOptions {
  /** Lines below it are not written. `silent` writes none. */
  readonly level?: LogLevel | "silent";
  readonly form?: "json" | "human";
  /** On every line: which process speaks. */
  readonly fields?: LogFields;
  /** Receives each line with its line break. */
  readonly write?: (line: string) => void;
  readonly clock?: Pick<Clock, "wallMs">;
}

const levelOrder = { info: 0, warn: 1, error: 2, silent: 3 } as const;

type Value = string | number | boolean;

const secretName = /secret|password|passphrase|authorization|credential|accesskey|private_?key/i;
const secretText = /\b(Bearer\s+)\S+|\bmlr_[A-Za-z0-9_-]{8,}|(:\/\/)[^/\s@]+@/g;

function hideSecrets(text: string): string {
  return text.replace(
    secretText,
    (_match, bearer: string | undefined, scheme: string | undefined) =>
      `${bearer ?? scheme ?? ""}[hidden]${scheme === undefined ? "" : "@"}`,
  );
}

function cleanValue(name: string, value: Value): Value {
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (typeof value === "boolean") return value;
  // `token: 17` is a fencing token and worth reading; a token that is text is a key to the cluster.
  if (secretName.test(name) || /token$/i.test(name)) return "[hidden]";
  const text = hideSecrets(value.slice(0, logFieldCharsMax));
  const droppedChars = value.length - logFieldCharsMax;
  return droppedChars > 0 ? `${text}… (${droppedChars} more characters)` : text;
}

/** Fields that fit into the line, in order, and whether some did not. */
function fittingFields(event: string, sources: readonly LogFields[]): Map<string, Value> {
  const kept = new Map<string, Value>();
  // A JSON character takes at most six bytes; 200 are for time, level and punctuation.
  let roomBytes = logLineBytesMax - 200 - Buffer.byteLength(JSON.stringify(event));
  for (const [name, value] of sources.flatMap((source) => Object.entries(source))) {
    if (value === undefined) continue;
    const clean = cleanValue(name, value);
    const sizeBytes = Buffer.byteLength(JSON.stringify(name) + JSON.stringify(clean)) + 2;
    if (sizeBytes > roomBytes) {
      kept.set("truncated", true);
      continue;
    }
    roomBytes -= sizeBytes;
    kept.set(name, clean);
  }
  return kept;
}

/** Text that cannot steer a terminal or forge a line. */
function printable(text: string): string {
  let out = "";
  for (const char of text) {
    const unit = char.codePointAt(0) ?? 0;
    const isControl = unit < 0x20 || (unit >= 0x7f && unit < 0xa0) || unit === 0x2028;
    out += isControl ? `\\x${unit.toString(16).padStart(2, "0")}` : char;
  }
  return out;
}

function humanValue(value: Value): string {
  if (typeof value !== "string") return String(value);
  return /^[^\s"=]+$/.test(value) ? printable(value) : `"${printable(value)}"`;
}

function humanLine(
  time: string,
  level: LogLevel,
  event: string,
  fields: Map<string, Value>,
): string {
  const mark = level === "info" ? "" : `${level.toUpperCase()} `;
  const pairs = [...fields].map(([name, value]) => ` ${printable(name)}=${humanValue(value)}`);
  return `${time.slice(11, 23)} ${mark}${printable(event)}${pairs.join("")}\n`;
}

function jsonLine(
  time: string,
  level: LogLevel,
  event: string,
  fields: Map<string, Value>,
): string {
  // Own keys come last, so no field can pose as the time or the level of its line.
  return `${JSON.stringify({ ...Object.fromEntries(fields), time, level, event })}\n`;
}

export function createLog(options: LogOptions = {}): Log {
  const level = options.level ?? "info";
  const clock = options.clock ?? realClock;
  const write = options.write ?? stderrWriter();
  const format = options.form === "human" ? humanLine : jsonLine;
  const at =
    (lineLevel: LogLevel) =>
    (event: string, fields: LogFields = {}) => {
      if (levelOrder[lineLevel] < levelOrder[level]) return;
      const shortEvent = hideSecrets(event.slice(0, 200));
      const kept = fittingFields(shortEvent, [options.fields ?? {}, fields]);
      write(format(new Date(clock.wallMs()).toISOString(), lineLevel, shortEvent, kept));
    };
  return { info: at("info"), warn: at("warn"), error: at("error") };
}

let isGuarded = false;

/** Standard error, which may be a pipe whose reader went away: a lost log must not end a master. */
function stderrWriter(): (line: string) => void {
  if (!isGuarded) {
    isGuarded = true;
    process.stderr.on("error", () => {});
  }
  return (line) => {
    if (!process.stderr.destroyed) process.stderr.write(line);
  };
}
