// From the path of a job's module to a job that can be described, driven and sent.

import type { Clock } from "../../proto/ports/clock.ts";
import { bundleJob } from "./bundle.ts";
import { loadBundle } from "./bundle-load.ts";
import { absolutePath, findJobRuntime } from "./bundle-paths.ts";
import type { CompiledJob } from "./world.ts";

/**
 * `path`: relative to the working folder, absolute, or a `file:` URL. `clock`: of a process that may ask for the same
 * job again. Throws as bundleJob and loadBundle.
 */
export async function compileJob(
  path: string,
  workingFolder: string,
  clock?: Pick<Clock, "wallMs">,
): Promise<CompiledJob> {
  const options = { jobRuntime: findJobRuntime(), ...(clock === undefined ? {} : { clock }) };
  const job = await bundleJob(absolutePath(path, workingFolder), options);
  return { bundle: await loadBundle(job), code: job.code, sha256: job.sha256 };
}
