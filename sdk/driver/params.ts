// Checks parameters by a job's schema, naming every field that is wrong.

import type { z } from "zod";
import { EngineError } from "../../proto/errors.ts";
import { paramsBytesMax } from "../../proto/limits.ts";
import { nearestWord } from "../../proto/words/nearest-word.ts";
import { describeParams } from "./describe.ts";

export interface FieldProblem {
  readonly path: string;
  readonly message: string;
}

/** The error over all wrong fields. */
export function paramsInvalid(problems: readonly FieldProblem[]): EngineError {
  const lines = problems.map(({ path, message }) =>
    path === "" ? message : `${path}: ${message}`,
  );
  return new EngineError("PARAMS_INVALID", `the parameters do not fit: ${lines.join("; ")}`, {
    fields: problems,
  });
}

/** The parameters as `run` gets them. Throws PARAMS_INVALID. */
export function parseParams(schema: z.ZodObject, paramsJson: string): Record<string, unknown> {
  const raw = parseObject(paramsJson);
  const problems = problemsOf(schema, raw);
  if (problems.length > 0) throw paramsInvalid(problems);
  return schema.parse(raw);
}

/** What the schema and its field names have against the parameters. */
export function problemsOf(
  schema: z.ZodObject,
  raw: Readonly<Record<string, unknown>>,
): readonly FieldProblem[] {
  const { fields, isOpen } = describeParams(schema);
  const names = fields.map((field) => field.name);
  const unknown = isOpen ? [] : Object.keys(raw).filter((name) => !names.includes(name));
  const problems: FieldProblem[] = unknown.map((name) => ({
    path: name,
    message: `no such parameter${suggestion(name, names)}`,
  }));
  const parsed = safeParse(schema, raw);
  if (parsed.success) return problems;
  for (const issue of parsed.error.issues) {
    // Named above, with the nearest known name.
    if (issue.code === "unrecognized_keys" && issue.path.length === 0) continue;
    const path = issue.path.map(String).join(".");
    problems.push({ path, message: isMissing(raw, issue.path) ? "is required" : issue.message });
  }
  return problems;
}

/** `; did you mean 'output'?`, or the list of all where nothing is near. */
export function suggestion(name: string, names: readonly string[]): string {
  const nearest = nearestWord(name, names);
  if (nearest !== undefined) return `; did you mean '${nearest}'?`;
  return names.length === 0 ? "; the job has none" : `; there are ${names.join(", ")}`;
}

function safeParse(schema: z.ZodObject, raw: unknown): ReturnType<z.ZodObject["safeParse"]> {
  try {
    return schema.safeParse(raw);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new EngineError(
      "PARAMS_INVALID",
      `the parameters could not be checked, because the job's schema failed: ${why}`,
      {},
      cause,
    );
  }
}

function isMissing(raw: Readonly<Record<string, unknown>>, path: readonly PropertyKey[]): boolean {
  const [name, ...deeper] = path;
  return deeper.length === 0 && typeof name === "string" && raw[name] === undefined;
}

function parseObject(paramsJson: string): Record<string, unknown> {
  if (paramsJson.length > paramsBytesMax) {
    throw new EngineError(
      "PARAMS_INVALID",
      `the parameters take ${paramsJson.length} characters as JSON, and at most ${paramsBytesMax} are ` +
        "carried; put large data into a file and read it by mr.read",
      { limitBytes: paramsBytesMax },
    );
  }
  let raw: unknown;
  try {
    raw = JSON.parse(paramsJson);
  } catch (cause) {
    throw new EngineError("PARAMS_INVALID", "the parameters are not valid JSON", {}, cause);
  }
  if (typeof raw === "object" && raw !== null && !Array.isArray(raw)) {
    return raw as Record<string, unknown>;
  }
  throw new EngineError("PARAMS_INVALID", "the parameters must be one JSON object");
}
