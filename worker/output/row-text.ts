// Rows as lines of text or of JSON.

import { isWellFormedText } from "../../proto/batch/text.ts";
import { EngineError } from "../../proto/errors.ts";
import { encodeValue } from "../../proto/plan/values.ts";

function textOf(row: unknown): string {
  if (typeof row === "string") return row;
  if (typeof row === "object" && row !== null) {
    const what = Array.isArray(row) ? "an array" : "a record";
    throw new EngineError(
      "VALUE_UNSUPPORTED",
      `${what} is no line of text; use write.ndjson, or map it to a string first`,
    );
  }
  return String(row);
}

/** Strings as they are, other scalars as String() says. */
export function linesOfText(rows: readonly unknown[]): string {
  const lines = new Array<string>(rows.length);
  for (let i = 0; i < rows.length; i++) lines[i] = textOf(rows[i]);
  lines.push("");
  const text = lines.join("\n");
  if (isWellFormedText(text)) return text;
  throw new EngineError(
    "VALUE_UNSUPPORTED",
    "a string with half of a surrogate pair cannot be written as UTF-8; apply toWellFormed() to it",
  );
}

/** JSON has no bigint: numbers where they are exact, else strings. */
function replaceBigint(_: string, value: unknown): unknown {
  if (typeof value !== "bigint") return value;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value.toString();
}

/**
 * As JSON.stringify: dates as ISO text, NaN and infinities as null, undefined keys left out. Bigints are
 * numbers where they are exact, else strings. Throws VALUE_UNSUPPORTED for what would be written empty.
 */
export function linesOfJson(rows: readonly unknown[]): string {
  const lines = new Array<string>(rows.length);
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i];
    let line: string | undefined;
    try {
      line = JSON.stringify(row);
    } catch {
      // A replacer costs several times as much, so it comes in only where JSON gives up.
      line = jsonWithBigints(row);
    }
    // Maps, promises and the like pass for empty objects.
    if (line?.includes("{}") === true) encodeValue(row);
    lines[i] = line ?? "null";
  }
  lines.push("");
  return lines.join("\n");
}

function jsonWithBigints(row: unknown): string | undefined {
  try {
    return JSON.stringify(row, replaceBigint);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new EngineError("VALUE_UNSUPPORTED", `a row has no JSON form: ${reason}`, {}, cause);
  }
}
