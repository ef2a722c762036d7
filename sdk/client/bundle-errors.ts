// What esbuild says about a job module, as errors that name the user's file, line and column.

import { basename } from "node:path";
import type { BuildFailure, Message } from "esbuild";
import { EngineError } from "../../proto/errors.ts";

/** The virtual module that ties a job to the runtime; nothing in it is the user's. */
export const entryName = "millrace/sdk/entry.mjs";

/** Where it is, counted from line 1 and column 1. */
function placeOf({ location }: Message): string | undefined {
  if (location === null) return undefined;
  return `${location.file}:${location.line}:${location.column + 1}`;
}

const missingExport = /^No matching export in "(.+)" for import "(.+)"$/;
const unresolved = /^Could not resolve "(.+)"$/;

/** esbuild's own words, with ours where they leave out what to do next. */
function wordsFor(message: Message, runtimeName: string): string {
  const { text } = message;
  const [, from, name] = missingExport.exec(text) ?? [];
  if (from !== undefined && name !== undefined) {
    if (!from.includes(runtimeName)) return `${from} has no export named ${name}`;
    return (
      `millrace has no export named ${name} inside a job module, which runs on the cluster; ` +
      "if it is for submitting jobs, move that part to a program of its own"
    );
  }
  const [, specifier] = unresolved.exec(text) ?? [];
  if (specifier !== undefined) {
    return `cannot find ${JSON.stringify(specifier)}; install the package, or correct the path`;
  }
  return text;
}

function hasNoDefault(message: Message): boolean {
  const [, , name] = missingExport.exec(message.text) ?? [];
  return name === "default" && message.location?.file.endsWith(entryName) === true;
}

export function isBuildFailure(thrown: unknown): thrown is BuildFailure {
  return thrown instanceof Error && Array.isArray((thrown as Partial<BuildFailure>).errors);
}

export function noDefaultJob(path: string, cause?: unknown): EngineError {
  return new EngineError(
    "JOB_MODULE_NO_DEFAULT",
    `${path} has no job as its default export; write \`export default defineJob({ … })\` in it`,
    {},
    cause,
  );
}

/** The first finding decides; how many more there are is told. */
export function bundleFailure(failure: BuildFailure, path: string, runtime: string): EngineError {
  const [first] = failure.errors;
  if (first === undefined) {
    return new EngineError("JOB_MODULE_SYNTAX", `${path}: ${failure.message}`, {}, failure);
  }
  if (hasNoDefault(first)) return noDefaultJob(path, failure);
  const source = placeOf(first);
  const more = failure.errors.length - 1;
  const others = more === 0 ? "" : ` (and ${more} more)`;
  const words = wordsFor(first, runtime);
  return new EngineError(
    "JOB_MODULE_SYNTAX",
    `${source ?? basename(path)}: ${words}${others}`,
    source === undefined ? {} : { source },
    failure,
  );
}
