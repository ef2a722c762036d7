// Paths on this machine: of job modules, and of the runtime that they are compiled with.

import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { EngineError } from "../../proto/errors.ts";

/** Seen from the built command, from the built library and its chunks, and from the sources. */
const runtimePlaces = ["../job.mjs", "./job.mjs", "../sdk/job.mjs", "../../dist/sdk/job.mjs"];

/** The built runtime of jobs, beside this code. Throws INTERNAL when the package is incomplete. */
export function findJobRuntime(): string {
  for (const place of runtimePlaces) {
    const path = fileURLToPath(new URL(place, import.meta.url));
    if (existsSync(path)) return path;
  }
  throw new EngineError(
    "INTERNAL",
    `job.mjs is missing beside ${import.meta.url}; build Millrace, or install its package again`,
  );
}

/** Of a path or a `file:` URL. */
export function absolutePath(pathOrUrl: string, workingFolder: string): string {
  return pathOrUrl.startsWith("file:")
    ? fileURLToPath(pathOrUrl)
    : resolve(workingFolder, pathOrUrl);
}
