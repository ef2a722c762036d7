// The one error family of the system. Code decides by `code`, never by text or class name.

/**
 * Every code that can leave a process of ours, with what a caller may do about it.
 * `retriable`: the same request may succeed later. `exit`: the CLI's exit code for it.
 * Codes are stable: they are never renamed, and a retired one is never reused.
 */
export const errorTable = {
  // The caller's input.
  USAGE: { retriable: false, exit: 2 },
  PARAMS_INVALID: { retriable: false, exit: 2 },
  JOB_MODULE_NOT_FOUND: { retriable: false, exit: 2 },
  JOB_MODULE_SYNTAX: { retriable: false, exit: 2 },
  JOB_MODULE_NO_DEFAULT: { retriable: false, exit: 2 },
  JOB_MODULE_UNKNOWN: { retriable: false, exit: 2 },
  PLAN_INVALID: { retriable: false, exit: 2 },
  INPUT_NOT_FOUND: { retriable: false, exit: 3 },
  INPUT_EMPTY: { retriable: false, exit: 3 },
  INPUT_UNREADABLE: { retriable: false, exit: 3 },
  INPUT_MALFORMED: { retriable: false, exit: 3 },
  OUTPUT_EXISTS: { retriable: false, exit: 4 },
  OUTPUT_LOCKED: { retriable: true, exit: 4 },
  OUTPUT_NOT_COMMITTED: { retriable: false, exit: 4 },
  // The user's code.
  USER_CODE_FAILED: { retriable: false, exit: 5 },
  USER_CODE_DEADLINE: { retriable: false, exit: 5 },
  USER_CODE_OUT_OF_MEMORY: { retriable: false, exit: 5 },
  PLAN_DIVERGED: { retriable: false, exit: 5 },
  NONDETERMINISTIC_TASK: { retriable: false, exit: 5 },
  MEMORY_EXCEEDED: { retriable: false, exit: 5 },
  VALUE_UNSUPPORTED: { retriable: false, exit: 5 },
  RESULT_TOO_LARGE: { retriable: false, exit: 5 },
  JOB_FAILED: { retriable: false, exit: 5 },
  JOB_CANCELLED: { retriable: false, exit: 6 },
  JOB_NOT_FOUND: { retriable: false, exit: 2 },
  JOB_EXISTS: { retriable: false, exit: 2 },
  // The cluster.
  NOT_LEADER: { retriable: true, exit: 7 },
  UNAVAILABLE: { retriable: true, exit: 7 },
  DEADLINE: { retriable: true, exit: 7 },
  UNAUTHENTICATED: { retriable: false, exit: 8 },
  FORBIDDEN: { retriable: false, exit: 8 },
  MESSAGE_INVALID: { retriable: false, exit: 9 },
  LIMIT_EXCEEDED: { retriable: false, exit: 9 },
  MASTER_MISMATCH: { retriable: false, exit: 2 },
  MASTER_REMOVED: { retriable: false, exit: 10 },
  QUORUM_AT_RISK: { retriable: false, exit: 7 },
  TRANSFER_FAILED: { retriable: false, exit: 7 },
  WORKER_UNKNOWN: { retriable: true, exit: 7 },
  LEASE_LOST: { retriable: false, exit: 7 },
  LOCK_HELD: { retriable: true, exit: 4 },
  LOCK_LOST: { retriable: false, exit: 7 },
  EXECUTOR_DIED: { retriable: true, exit: 7 },
  TASK_ATTEMPTS_EXHAUSTED: { retriable: false, exit: 5 },
  // Bytes.
  BUNDLE_HASH_MISMATCH: { retriable: false, exit: 9 },
  BUNDLE_NOT_FOUND: { retriable: false, exit: 9 },
  BLOCK_MISSING: { retriable: true, exit: 7 },
  BLOCK_RELEASED: { retriable: false, exit: 7 },
  BLOCK_CORRUPT: { retriable: true, exit: 7 },
  STORE_FAILED: { retriable: true, exit: 7 },
  STORE_UNKNOWN_OUTCOME: { retriable: true, exit: 7 },
  STORE_UPLOAD_LOST: { retriable: false, exit: 4 },
  STORE_UNSAFE: { retriable: false, exit: 4 },
  STORE_DENIED: { retriable: false, exit: 8 },
  DATA_FOLDER_LOCKED: { retriable: false, exit: 10 },
  DATA_FOLDER_VERSION: { retriable: false, exit: 10 },
  LOG_CORRUPT: { retriable: false, exit: 10 },
  DISK_FAILED: { retriable: false, exit: 10 },
  DISK_FULL: { retriable: false, exit: 10 },
  // Ours.
  INTERNAL: { retriable: false, exit: 70 },
} as const;

export type ErrorCode = keyof typeof errorTable;

/** Of the job's program: shown with the line that is to be changed, where it can be known. */
export const errorsOfProgram: ReadonlySet<ErrorCode> = new Set([
  "USER_CODE_FAILED",
  "PLAN_INVALID",
  "PLAN_DIVERGED",
  "VALUE_UNSUPPORTED",
]);

/** Where in the user's program and data an error arose; shown under the message. */
export interface ErrorDetails {
  /** `job.ts:12:7` in the user's own source. */
  readonly source?: string;
  /** URI of the input file that was being read. */
  readonly file?: string;
  readonly byteOffset?: number;
  readonly line?: number;
  /** Name of the operator, as in `explain`. */
  readonly operator?: string;
  /** Index of the task within its stage. */
  readonly partition?: number;
  /** Index of the row within its partition. */
  readonly row?: number;
  readonly limitBytes?: number;
  readonly peakBytes?: number;
  readonly deadlineMs?: number;
  /** For NOT_LEADER: address of the leader, when known. */
  readonly leader?: string;
  /** For fetch failures: which stage's output, which of its tasks, and the token of the block. */
  readonly stageId?: number;
  readonly taskIndex?: number;
  readonly token?: number;
  /** For locks: its name, who holds it, and what is left of the lease; without the last it has no end of its own. */
  readonly lock?: string;
  readonly holder?: string;
  readonly remainingMs?: number;
  readonly stack?: string;
  /** Field by field: what is wrong with parameters. */
  readonly fields?: readonly { readonly path: string; readonly message: string }[];
}

/** Marks our errors across copies of this module: a compiled job carries a copy of its own. */
const errorBrand = Symbol.for("millrace.EngineError");

/** A failure that can happen; says what happened, to which thing, and what to do next. */
export class EngineError extends Error {
  /** True for errors of every copy of this class, so that codes survive the border of a job bundle. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === "object" && value !== null && errorBrand in value;
  }

  readonly code: ErrorCode;
  readonly details: ErrorDetails;
  readonly [errorBrand] = true;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "EngineError";
    this.code = code;
    this.details = details;
  }

  /**
   * Whether the same request may succeed later.
   * @example
   * new EngineError("OUTPUT_LOCKED", "another job writes there").retriable
   * // => true
   */
  get retriable(): boolean {
    return errorTable[this.code].retriable;
  }

  /**
   * What the command line ends with.
   * @example
   * new EngineError("INPUT_NOT_FOUND", "no file matches").exitCode
   * // => 3
   */
  get exitCode(): number {
    return errorTable[this.code].exit;
  }
}

/** The same error as plain data: how it crosses threads, processes, and the log. */
export interface ErrorRecord {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details: ErrorDetails;
}

export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === "string" && Object.hasOwn(errorTable, value);
}

/** A job's bundle carries its own copy of this module, so the class alone does not tell. */
function isEngineErrorOfAnotherCopy(
  thrown: unknown,
): thrown is Error & { readonly code: ErrorCode; readonly details?: ErrorDetails } {
  return (
    thrown instanceof Error &&
    thrown.name === "EngineError" &&
    isErrorCode(Reflect.get(thrown, "code"))
  );
}

/** Turns anything thrown into an EngineError; what is not ours becomes INTERNAL and keeps its cause. */
export function toEngineError(thrown: unknown): EngineError {
  if (thrown instanceof EngineError) return thrown;
  if (isEngineErrorOfAnotherCopy(thrown)) {
    return new EngineError(thrown.code, thrown.message, thrown.details ?? {}, thrown);
  }
  if (thrown instanceof Error) {
    const details = thrown.stack === undefined ? {} : { stack: thrown.stack };
    return new EngineError("INTERNAL", `unexpected failure: ${thrown.message}`, details, thrown);
  }
  return new EngineError("INTERNAL", `unexpected failure: ${String(thrown)}`);
}

export function toErrorRecord(thrown: unknown): ErrorRecord {
  const error = toEngineError(thrown);
  return { code: error.code, message: error.message, details: error.details };
}

/** Rebuilds an error from its record; the record comes from outside, so an unknown code becomes INTERNAL. */
export function fromErrorRecord(record: {
  readonly code: string;
  readonly message: string;
  readonly details?: ErrorDetails;
}): EngineError {
  const code = isErrorCode(record.code) ? record.code : "INTERNAL";
  return new EngineError(code, record.message, record.details ?? {});
}

/** A broken invariant is a mistake of ours: it stops the process rather than go on with bad state. */
export class AssertionError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "AssertionError";
  }
}

export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}

/** For the default of an exhaustive switch: does not compile while a case is missing. */
export function unreachable(value: never): never {
  throw new AssertionError(`unreachable: ${JSON.stringify(value)}`);
}
