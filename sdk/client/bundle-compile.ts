// From the path of a job's module to a job that can be described, driven and sent.

import { bundleJob } from "./bundle.ts";
import { loadBundle } from "./bundle-load.ts";
import { absolutePath, findJobRuntime } from "./bundle-paths.ts";
import type { CompiledJob } from "./world.ts";

/** `path`: relative to the working folder, absolute, or a `file:` URL. Throws as bundleJob and loadBundle. */
export async function compileJob(path: string, workingFolder: string): Promise<CompiledJob> {
  const jobRuntime = findJobRuntime();
  const job = await bundleJob(absolutePath(path, workingFolder), { jobRuntime });
  return { bundle: await loadBundle(job), code: job.code, sha256: job.sha256 };
}
