// Failures that nobody caught: of the job's driver program where its code is in the stack, else ours.

import { EngineError } from "../../proto/errors.ts";
import type { Locate } from "../client/source-places.ts";
import type { CompiledJob } from "../client/world.ts";

/** `locateIn`: finds places in the user's sources, as the client does for what `run` throws. */
export function uncaughtFailure(
  thrown: unknown,
  job: CompiledJob | undefined,
  locateIn: (code: Uint8Array, sha256: string) => Locate,
): unknown {
  if (job === undefined || !(thrown instanceof Error)) return thrown;
  const place = locateIn(job.code, job.sha256)(thrown);
  if (place.source === undefined) return thrown;
  const name = thrown instanceof EngineError ? thrown.code : thrown.name;
  return new EngineError(
    "USER_CODE_FAILED",
    `${name}: ${thrown.message} (beside run, where nothing waited for it: await every promise)`,
    place,
    thrown,
  );
}
