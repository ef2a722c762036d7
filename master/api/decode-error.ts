// Error records from outside: known codes, bounded texts, known details only.

import { type ErrorDetails, type ErrorRecord, isErrorCode } from "../../proto/errors.ts";
import { json, object, type PlainObject } from "./fields.ts";

/**
 * An error is told in this many characters; what goes on longer is cut, so that the error still
 * arrives.
 */
const messageCharsMax = 8000;
const detailCharsMax = 16_000;
const fieldsMax = 100;

const textDetails = ["source", "file", "operator", "leader", "stack", "lock", "holder"] as const;
const numberDetails = [
  "byteOffset",
  "line",
  "partition",
  "row",
  "limitBytes",
  "peakBytes",
  "deadlineMs",
  "stageId",
  "taskIndex",
  "token",
  "remainingMs",
] as const;

export function decodeErrorRecord(field: string, text: string): ErrorRecord {
  const plain = object(field, json(field, text));
  const message = typeof plain.message === "string" ? plain.message : "no message was given";
  const details = plain.details === undefined ? {} : object(`${field}.details`, plain.details);
  return {
    code: isErrorCode(plain.code) ? plain.code : "INTERNAL",
    message: message.slice(0, messageCharsMax),
    details: decodeDetails(details),
  };
}

function decodeDetails(plain: PlainObject): ErrorDetails {
  const details: { -readonly [Name in keyof ErrorDetails]: ErrorDetails[Name] } = {};
  for (const name of textDetails) {
    const value = plain[name];
    if (typeof value === "string") details[name] = value.slice(0, detailCharsMax);
  }
  for (const name of numberDetails) {
    const value = plain[name];
    if (typeof value === "number" && Number.isSafeInteger(value)) details[name] = value;
  }
  if (Array.isArray(plain.fields)) details.fields = decodeFields(plain.fields);
  return details;
}

function decodeFields(plain: readonly unknown[]): NonNullable<ErrorDetails["fields"]> {
  return plain.slice(0, fieldsMax).flatMap((each) => {
    if (typeof each !== "object" || each === null) return [];
    const { path, message } = each as PlainObject;
    if (typeof path !== "string" || typeof message !== "string") return [];
    return [{ path: path.slice(0, detailCharsMax), message: message.slice(0, messageCharsMax) }];
  });
}
