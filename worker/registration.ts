// What becomes of a worker that the masters do not take in: it asks again, or ends by name.

import { EngineError, type ErrorCode } from "../proto/errors.ts";
import { registrationMsMax } from "../proto/limits/rpc.ts";

/** Refusals that the same question meets again, with what has to be done about each. */
const refusals: Readonly<Partial<Record<ErrorCode, string>>> = {
  UNAUTHENTICATED:
    "give it the node token of this cluster, by --node-token-file or MILLRACE_NODE_TOKEN",
  FORBIDDEN:
    "give it the token of nodes, not that of clients, by --node-token-file or MILLRACE_NODE_TOKEN",
  MESSAGE_INVALID: "run the version that the masters run, and correct the option that is named",
  MASTER_MISMATCH: "name the masters of its own cluster by --masters, or let it join this one",
};

/** Another cluster answers at the addresses of the one that the worker belongs to. */
export function otherCluster(workerId: string, own: string, found: string): EngineError {
  return new EngineError(
    "MASTER_MISMATCH",
    `the masters are of the cluster ${found}, and worker ${workerId} is of the cluster ${own}`,
  );
}

/**
 * The error with which the worker ends; undefined where it asks again, as after everything that may pass.
 * `waitedMs`: since it first asked without an answer that took it in.
 */
export function endOfWorker(
  workerId: string,
  refusal: EngineError,
  waitedMs: number,
): EngineError | undefined {
  const { code, message, details } = refusal;
  const remedy = refusals[code];
  if (remedy !== undefined) {
    const text = `worker ${workerId} is refused: ${message}; ${remedy}, then start it again`;
    return new EngineError(code, text, details, refusal);
  }
  if (waitedMs < registrationMsMax) return undefined;
  const minutes = Math.round(waitedMs / 60_000);
  return new EngineError(
    code,
    `worker ${workerId} was not taken in for ${minutes} minutes, the last time because of this: ${message}; ` +
      "start it again when the cluster answers (millrace status)",
    details,
    refusal,
  );
}
