// Parameters of a job from its flags or from a file, and the help that lists them.

import { EngineError } from "../../proto/errors.ts";
import type { JobBundle, JobDescription, ParamField } from "../../proto/plan/bundle.ts";
import { flagName } from "./flag-name.ts";
import { tableText } from "./table-text.ts";

/** `--help` anywhere before a `--` asks for the job's own help. */
export function asksForHelp(jobFlags: readonly string[]): boolean {
  const end = jobFlags.indexOf("--");
  const flags = end < 0 ? jobFlags : jobFlags.slice(0, end);
  return flags.includes("--help") || flags.includes("-h");
}

/** Raw parameters as JSON. Throws PARAMS_INVALID naming every wrong field, USAGE for a bad file. */
export async function paramsOf(
  bundle: JobBundle,
  given: { readonly jobFlags: readonly string[]; readonly file: string | undefined },
  readTextFile: (path: string) => Promise<string>,
): Promise<string> {
  const { jobFlags, file } = given;
  if (file === undefined) return bundle.parseFlags(jobFlags).paramsJson;
  if (jobFlags.length > 0) {
    throw new EngineError(
      "USAGE",
      `parameters come from --params ${file} and from flags ('${jobFlags[0]}'); use one of the two`,
    );
  }
  const text = await readTextFile(file);
  let params: unknown;
  try {
    params = JSON.parse(text);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new EngineError("USAGE", `--params ${file} is not JSON: ${why}`, {}, cause);
  }
  if (typeof params !== "object" || params === null || Array.isArray(params)) {
    throw new EngineError("USAGE", `--params ${file} must hold one JSON object`);
  }
  const paramsJson = JSON.stringify(params);
  bundle.checkParams(paramsJson);
  return paramsJson;
}

function needText(field: ParamField): string {
  if (field.defaultText !== undefined) return `default ${field.defaultText}`;
  return field.required ? "required" : "optional";
}

export function jobHelp(command: string, path: string, description: JobDescription): string {
  const rows = description.params.map((field) => [
    `--${flagName(field.name)}`,
    field.type,
    needText(field),
    field.description,
  ]);
  const flags = rows.length === 0 ? "  This job has no parameters.\n" : tableText(rows);
  return (
    `Job ${description.name}\n\n` +
    `Usage: millrace ${command} [options] ${path} [job flags…]\n\n` +
    `Job flags:\n${flags}\n` +
    `Options of the engine stand before the job's path; millrace ${command} --help lists them.\n`
  );
}
