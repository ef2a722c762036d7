// For steps that a part of the engine does not know: the other parts went ahead of it.

import { EngineError } from "./errors.ts";

/** Thrown before anything runs, so that nothing is half done. */
export function noSuchStep(part: string, step: { readonly kind: string } | string): EngineError {
  const kind = typeof step === "string" ? step : step.kind;
  return new EngineError("PLAN_INVALID", `${part} has no '${kind}' in this version`);
}
