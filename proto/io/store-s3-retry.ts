// Asks S3 until there is a definite answer, and remembers whether an unanswered request may have
// worked.
import { EngineError, unreachable } from "../errors.ts";
import { storeAttemptsMax } from "../limits/store.ts";
import type { S3Client, S3Reply, S3Request } from "./store-s3-client.ts";

/** What came of a request that is safe to repeat. */
export type S3Answer =
  /**
   * `doubtful`: an earlier attempt got no definite answer, so it may have been applied before this
   * one.
   */
  | { readonly kind: "reply"; readonly reply: S3Reply; readonly doubtful: boolean }
  /** No attempt got a definite answer; any of them may have been, or may yet be, applied. */
  | { readonly kind: "silence"; readonly reason: string; readonly cause: unknown };

export interface S3Session {
  readonly client: S3Client;
  /** First pause between attempts; tests shorten it. */
  readonly pauseMs: number;
}

type Verdict = "definite" | "conflict" | "doubtful";

function verdictOf(reply: S3Reply): Verdict {
  const { status, errorCode } = reply;
  if (status === 409) return "conflict";
  if (status === 501) return "definite";
  if (status >= 500 || status === 408 || status === 429) return "doubtful";
  return status === 400 && errorCode === "RequestTimeout" ? "doubtful" : "definite";
}

/** A success whose body says otherwise, as only CompleteMultipartUpload may answer. */
function isFailedSuccess(request: S3Request, reply: S3Reply): boolean {
  return request.method === "POST" && reply.status === 200 && reply.errorCode !== "";
}

/** Repeats until a definite answer; the last conflict (409) counts as one. */
export async function ask(session: S3Session, request: S3Request): Promise<S3Answer> {
  let doubtful = false;
  let reason = "";
  let cause: unknown;
  let conflict: S3Reply | undefined;
  for (let attempt = 0; attempt < storeAttemptsMax; attempt++) {
    if (attempt > 0) await pause(session.pauseMs * 2 ** (attempt - 1));
    conflict = undefined;
    try {
      const reply = await session.client.send(request);
      const verdict = isFailedSuccess(request, reply) ? "doubtful" : verdictOf(reply);
      switch (verdict) {
        case "definite":
          return { kind: "reply", reply, doubtful };
        case "conflict":
          conflict = reply;
          break;
        case "doubtful":
          doubtful = true;
          reason = described(reply);
          cause = undefined;
          break;
        default:
          unreachable(verdict);
      }
    } catch (error) {
      if (error instanceof EngineError) throw error;
      doubtful = true;
      reason = error instanceof Error ? error.message : String(error);
      cause = error;
    }
  }
  if (conflict !== undefined) return { kind: "reply", reply: conflict, doubtful };
  return { kind: "silence", reason: `${reason} (${storeAttemptsMax} attempts)`, cause };
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

export function described(reply: S3Reply): string {
  return `status ${reply.status}${reply.errorCode === "" ? "" : ` ${reply.errorCode}`}`;
}

/** The error for a definite refusal; `what` completes the sentence "could not …". */
export function refusal(session: S3Session, reply: S3Reply, what: string): EngineError {
  const message = `could not ${what}: ${session.client.endpoint} answered ${described(reply)}`;
  const { status, errorCode } = reply;
  if (errorCode === "NoSuchBucket") {
    return new EngineError("INPUT_NOT_FOUND", `${message}; create the bucket or correct the URI`);
  }
  if (status === 401 || status === 403) {
    const advice = "check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION and what they allow";
    return new EngineError("STORE_DENIED", `${message}; ${advice}`);
  }
  if (status === 507 || errorCode === "XMinioStorageFull") {
    return new EngineError("DISK_FULL", `${message}; free some space, then try again`);
  }
  if (status === 501) {
    const advice = "the store lacks what exactly-once output needs; use MinIO or Amazon S3";
    return new EngineError("STORE_UNSAFE", `${message}; ${advice}`);
  }
  if ((status >= 300 && status < 400) || errorCode === "AuthorizationHeaderMalformed") {
    const advice = "set AWS_REGION to the bucket's region";
    return new EngineError("STORE_FAILED", `${message}; ${advice}`);
  }
  return new EngineError("STORE_FAILED", message);
}

/** For requests that change nothing: silence is a failure that can be tried again later. */
export function replyOrFail(session: S3Session, answer: S3Answer, what: string): S3Reply {
  if (answer.kind === "reply") return answer.reply;
  throw new EngineError(
    "STORE_FAILED",
    `could not ${what}: no answer from ${session.client.endpoint}: ${answer.reason}`,
    {},
    answer.cause,
  );
}

/** For writes whose effect could not be found out. */
export function unknownOutcome(session: S3Session, answer: S3Answer, what: string): EngineError {
  const reason = answer.kind === "reply" ? described(answer.reply) : answer.reason;
  return new EngineError(
    "STORE_UNKNOWN_OUTCOME",
    `could not find out whether it worked to ${what}: ${session.client.endpoint}: ${reason}; ` +
      "it may yet take effect, so nothing was removed: try again",
    {},
    answer.kind === "silence" ? answer.cause : undefined,
  );
}
