// How a failure is shown: what happened, where in the user's code and data, and the exit code.

import { type EngineError, toEngineError } from "../../proto/errors.ts";
import { flagName } from "./flag-name.ts";

/** Parameters are named as the flags that set them. */
function fieldLine({ code }: EngineError, field: { path: string; message: string }): string {
  if (code !== "PARAMS_INVALID") return `  field   ${field.path}: ${field.message}`;
  // What was given and is no parameter is named as it was given.
  const flag = field.path.startsWith("--") ? field.path : `--${flagName(field.path)}`;
  return `  ${flag}: ${field.message}`;
}

function locationLines(error: EngineError): string[] {
  const { details } = error;
  const lines: string[] = [];
  if (details.source !== undefined) lines.push(`  at      ${details.source}`);
  if (details.file !== undefined) {
    const line = details.line === undefined ? "" : `, line ${details.line}`;
    const offset = details.byteOffset === undefined ? "" : `, byte ${details.byteOffset}`;
    lines.push(`  file    ${details.file}${line}${offset}`);
  }
  if (details.operator !== undefined) lines.push(`  in      ${details.operator}`);
  if (details.partition !== undefined) {
    const row = details.row === undefined ? "" : `, row ${details.row}`;
    lines.push(`  task    ${details.partition}${row}`);
  }
  for (const field of details.fields ?? []) lines.push(fieldLine(error, field));
  return lines;
}

/** Text for people; the first line carries the stable code. */
export function describeFailure(error: EngineError): string {
  const lines = [`error ${error.code}: ${error.message}`, ...locationLines(error)];
  if (error.code === "INTERNAL" && error.details.stack !== undefined) {
    lines.push("  This is a defect of Millrace. Please report it with these lines:");
    lines.push(...error.details.stack.split("\n").map((line) => `  ${line}`));
  }
  return lines.join("\n");
}

/** The same for scripts: one line of JSON. */
export function failureJson(error: EngineError): string {
  const { stack: _stack, ...details } = error.details;
  return JSON.stringify({ error: { code: error.code, message: error.message, details } });
}

/** Writes the failure and answers the exit code. */
export function reportFailure(
  thrown: unknown,
  json: boolean,
  write: (text: string) => void,
): number {
  const error = toEngineError(thrown);
  write(`${json ? failureJson(error) : describeFailure(error)}\n`);
  return error.exitCode;
}
