// The trust boundary, field by field: each check names the field, the bound and what came.

import { EngineError, type ErrorCode } from "../../proto/errors.ts";
import {
  asIncarnation,
  asJobId,
  asSha256,
  asWorkerId,
  type Incarnation,
  type JobId,
  type Sha256,
  type WorkerId,
} from "../../proto/ids.ts";
import { longPollMs } from "../../proto/limits/rpc.ts";
import { idCharsMax } from "../../proto/limits.ts";

export function invalid(
  field: string,
  problem: string,
  code: ErrorCode = "MESSAGE_INVALID",
): never {
  throw new EngineError(code, `${field} ${problem}`, {
    fields: [{ path: field, message: problem }],
  });
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length <= 60 ? text : `${text.slice(0, 60)}…`;
}

/** Ids become parts of file names and log lines, so their letters are few. */
const idPattern = /^[A-Za-z0-9][A-Za-z0-9._:-]*$/;

export function id(field: string, value: unknown): string {
  if (typeof value !== "string" || value.length > idCharsMax || !idPattern.test(value)) {
    invalid(
      field,
      `must be 1 to ${idCharsMax} letters, digits, '.', '_', ':' or '-', and begin with a letter ` +
        `or digit; got ${shown(value)}`,
    );
  }
  return value;
}

export const jobId = (field: string, value: unknown): JobId => asJobId(id(field, value));
export const workerId = (field: string, value: unknown): WorkerId => asWorkerId(id(field, value));
export const incarnation = (field: string, value: unknown): Incarnation =>
  asIncarnation(id(field, value));

export function sha256(field: string, value: unknown): Sha256 {
  if (typeof value !== "string" || !/^[0-9a-f]{64}$/.test(value)) {
    invalid(field, `must be a SHA-256 in 64 lower-case hexadecimal digits; got ${shown(value)}`);
  }
  return asSha256(value);
}

export function integer(
  field: string,
  value: unknown,
  min: number,
  max: number,
  code: ErrorCode = "MESSAGE_INVALID",
): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < min || value > max) {
    invalid(field, `must be an integer from ${min} to ${max}; got ${shown(value)}`, code);
  }
  return value;
}

/** Counts of rows and bytes; senders may have rounded. */
export function count(field: string, value: unknown): number {
  return integer(field, value, 0, Number.MAX_SAFE_INTEGER);
}

/** A log index that somebody was given. */
export function token(field: string, value: unknown): number {
  return integer(field, value, 0, Number.MAX_SAFE_INTEGER);
}

/** Longer waits are cut short, not refused. */
export function waitMs(value: number): number {
  return Math.min(integer("wait_ms", value, 0, 2 ** 32 - 1), longPollMs);
}

export function text(
  field: string,
  value: unknown,
  charsMax: number,
  code: ErrorCode = "MESSAGE_INVALID",
): string {
  if (typeof value !== "string") invalid(field, `must be text; got ${shown(value)}`, code);
  if (value.length > charsMax) {
    const bound = code === "MESSAGE_INVALID" ? "LIMIT_EXCEEDED" : code;
    invalid(field, `has ${value.length} characters; at most ${charsMax} fit`, bound);
  }
  return value;
}

export function bytesOfText(field: string, value: string, bytesMax: number): string {
  const bytes = Buffer.byteLength(value);
  if (bytes > bytesMax) {
    invalid(field, `has ${bytes} bytes; at most ${bytesMax} fit`, "LIMIT_EXCEEDED");
  }
  return value;
}

export function items<Item>(field: string, value: readonly Item[], itemsMax: number) {
  if (value.length > itemsMax) {
    invalid(field, `has ${value.length} entries; at most ${itemsMax} fit`, "LIMIT_EXCEEDED");
  }
  return value;
}

export type PlainObject = Readonly<Record<string, unknown>>;

export function object(
  field: string,
  value: unknown,
  code: ErrorCode = "MESSAGE_INVALID",
): PlainObject {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    invalid(field, `must be an object; got ${shown(value)}`, code);
  }
  return value as PlainObject;
}

export function list(
  field: string,
  value: unknown,
  code: ErrorCode = "MESSAGE_INVALID",
): readonly unknown[] {
  if (!Array.isArray(value)) invalid(field, `must be a list; got ${shown(value)}`, code);
  return value;
}

export function json(field: string, value: string): unknown {
  try {
    return JSON.parse(value);
  } catch (cause) {
    throw new EngineError(
      "MESSAGE_INVALID",
      `${field} is not JSON: ${shown(value)}`,
      { fields: [{ path: field, message: "is not JSON" }] },
      cause,
    );
  }
}
