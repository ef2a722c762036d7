// From the path of a job's module to a job that can be described, driven and sent.

import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { EngineError } from "../../proto/errors.ts";
import { bundleJob } from "./bundle.ts";
import { loadBundle } from "./bundle-load.ts";
import type { CompiledJob } from "./submit-job.ts";

/** Seen from the built command, from the built library and its chunks, and from the sources. */
const runtimePlaces = ["../job.mjs", "./job.mjs", "../sdk/job.mjs", "../../dist/sdk/job.mjs"];

/** The built runtime of jobs, beside this code. Throws INTERNAL when the package is incomplete. */
export function findJobRuntime(): string {
  for (const place of runtimePlaces) {
    const path = fileURLToPath(new URL(place, import.meta.url));
    if (existsSync(path)) return path;
  }
  const message = `the file dist/sdk/job.mjs is missing near ${import.meta.url}; build or reinstall millrace`;
  throw new EngineError("INTERNAL", message);
}

/** `path`: relative to the working folder, absolute, or a `file:` URL. Throws as bundleJob and loadBundle. */
export async function compileJob(
  path: string,
  workingFolder: string,
  jobRuntime: string = findJobRuntime(),
): Promise<CompiledJob> {
  const absolute = path.startsWith("file:") ? path : resolve(workingFolder, path);
  const job = await bundleJob(absolute, { jobRuntime });
  return { bundle: await loadBundle(job), code: job.code, sha256: job.sha256 };
}
