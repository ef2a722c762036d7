// How a command is refused: thrown before anything changed, turned into a reply by `apply`.

import { EngineError, type ErrorCode, type ErrorDetails } from "../../proto/errors.ts";

export function refusal(code: ErrorCode, message: string, details: ErrorDetails = {}): EngineError {
  return new EngineError(code, message, details);
}

export function refuse(code: ErrorCode, message: string, details: ErrorDetails = {}): never {
  throw refusal(code, message, details);
}
