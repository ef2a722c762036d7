// Errors across gRPC: our record travels whole in the trailers, the status is for other clients.

import { Metadata, type StatusObject, status } from "@grpc/grpc-js";
import { EngineError, type ErrorCode, type ErrorDetails } from "../errors.ts";
import { outgoingRecord, parseErrorRecord } from "./error-record.ts";

const trailerName = "millrace-error-bin";

/** Status of each code for clients not ours; what is not listed is a failed precondition. */
const statusOfCode: Partial<Record<ErrorCode, status>> = {
  USAGE: status.INVALID_ARGUMENT,
  PARAMS_INVALID: status.INVALID_ARGUMENT,
  PLAN_INVALID: status.INVALID_ARGUMENT,
  MESSAGE_INVALID: status.INVALID_ARGUMENT,
  LIMIT_EXCEEDED: status.RESOURCE_EXHAUSTED,
  JOB_NOT_FOUND: status.NOT_FOUND,
  BUNDLE_NOT_FOUND: status.NOT_FOUND,
  JOB_EXISTS: status.ALREADY_EXISTS,
  UNAUTHENTICATED: status.UNAUTHENTICATED,
  FORBIDDEN: status.PERMISSION_DENIED,
  UNAVAILABLE: status.UNAVAILABLE,
  DEADLINE: status.DEADLINE_EXCEEDED,
  INTERNAL: status.INTERNAL,
};

export interface ErrorStatus {
  readonly code: status;
  readonly details: string;
  readonly metadata: Metadata;
}

export function toStatus(thrown: unknown): ErrorStatus {
  const record = outgoingRecord(thrown);
  const metadata = new Metadata();
  metadata.set(trailerName, Buffer.from(JSON.stringify(record), "utf8"));
  // By way of bytes: half a surrogate pair would make the header's encoder throw.
  const message = Buffer.from(record.message.slice(0, 500), "utf8").toString("utf8");
  return {
    code: statusOfCode[record.code] ?? status.FAILED_PRECONDITION,
    details: `${record.code}: ${message}`,
    metadata,
  };
}

/** A failed call as the caller sees it. `doing` reads like "/svc/Method at host:1". */
export function fromServiceError(
  error: Partial<StatusObject>,
  doing: string,
  timeoutMs: number,
): EngineError {
  const trailer = error.metadata?.get(trailerName)[0];
  if (trailer instanceof Buffer) {
    const sent = parseErrorRecord(trailer.toString("utf8"));
    if (sent !== undefined) return sent;
  }
  const fail = (code: ErrorCode, what: string, details: ErrorDetails = {}) =>
    new EngineError(code, `${doing}: ${what}`, details, error);
  const details = error.details ?? "";
  switch (error.code) {
    case status.DEADLINE_EXCEEDED:
      return fail("DEADLINE", `no answer within ${timeoutMs} ms`, { deadlineMs: timeoutMs });
    case status.UNAUTHENTICATED:
      return fail("UNAUTHENTICATED", `${details}; check the token`);
    case status.PERMISSION_DENIED:
      return fail("FORBIDDEN", details);
    case status.RESOURCE_EXHAUSTED:
      return fail("LIMIT_EXCEEDED", details);
    case status.UNIMPLEMENTED:
      return fail("MESSAGE_INVALID", "the peer does not know the method; are the versions equal?");
    default:
      // Without a record of ours the transport itself failed: gRPC calls a reset stream INTERNAL or
      // CANCELLED, but to us it is a peer that went away, and whether it acted is unknown.
      return fail("UNAVAILABLE", details === "" ? "connection lost" : details);
  }
}
