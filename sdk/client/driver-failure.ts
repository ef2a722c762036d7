// What a driver program in this process threw, as an error that names the line of the program.

import { EngineError, errorsOfProgram, toEngineError } from "../../proto/errors.ts";
import { type Locate, locateIn } from "./source-places.ts";
import type { CompiledJob } from "./world.ts";

/** What the driver program threw, with its place in the user's source where it is not an error of ours. */
export function driverFailure(
  thrown: unknown,
  job: Pick<CompiledJob, "code" | "sha256">,
): EngineError {
  const locate = locateIn(job.code, job.sha256);
  if (thrown instanceof EngineError) return placedFailure(toEngineError(thrown), locate);
  const message = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
  const place = locate(thrown);
  return new EngineError("USER_CODE_FAILED", `run: ${message}`, place, thrown);
}

/** Errors of the program, and of the sources and sinks that it brought, happened at a line of it. */
function placedFailure(failure: EngineError, locate: Locate): EngineError {
  const { code, message, details, cause } = failure;
  if (!errorsOfProgram.has(code) || details.source !== undefined) return failure;
  const place = locate(cause ?? failure);
  return new EngineError(code, message, { ...details, ...place }, cause);
}
