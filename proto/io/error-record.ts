// Error records as they leave this process and as they arrive from another: bounded, then checked.

import {
  type EngineError,
  type ErrorDetails,
  type ErrorRecord,
  errorTable,
  fromErrorRecord,
  toErrorRecord,
} from "../errors.ts";
import { rpcErrorBytesMax } from "../limits/rpc.ts";

function fitsTrailer(record: ErrorRecord): boolean {
  return Buffer.byteLength(JSON.stringify(record)) <= rpcErrorBytesMax;
}

function shortened(text: string, charsMax: number): string {
  return text.length <= charsMax ? text : `${text.slice(0, charsMax)}…`;
}

/** Drops the longest parts first; what remains always fits. */
function boundedRecord(record: ErrorRecord): ErrorRecord {
  if (fitsTrailer(record)) return record;
  const { stack, fields, ...rest } = record.details;
  const shortStack = stack === undefined ? {} : { stack: shortened(stack, 500) };
  const candidates: readonly ErrorRecord[] = [
    { ...record, details: { ...rest, ...shortStack, ...(fields === undefined ? {} : { fields }) } },
    {
      ...record,
      message: shortened(record.message, 500),
      details: { ...rest, ...(fields === undefined ? {} : { fields: fields.slice(0, 10) }) },
    },
    { ...record, message: shortened(record.message, 500), details: rest },
  ];
  const fitting = candidates.find(fitsTrailer);
  return fitting ?? { ...record, message: shortened(record.message, 500), details: {} };
}

/** What a caller is told. Of a mistake of ours it learns the message only, never where it lies. */
export function outgoingRecord(thrown: unknown): ErrorRecord {
  const full = toErrorRecord(thrown);
  return boundedRecord(full.code === "INTERNAL" ? { ...full, details: {} } : full);
}

type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === "string";
const isWhole: Check = (value) => typeof value === "number" && Number.isSafeInteger(value);
const isFields: Check = (value) =>
  Array.isArray(value) && value.every((field) => isText(field?.path) && isText(field?.message));

const detailChecks: Record<keyof ErrorDetails, Check> = {
  source: isText,
  file: isText,
  byteOffset: isWhole,
  line: isWhole,
  operator: isText,
  partition: isWhole,
  row: isWhole,
  limitBytes: isWhole,
  peakBytes: isWhole,
  deadlineMs: isWhole,
  leader: isText,
  stageId: isWhole,
  taskIndex: isWhole,
  token: isWhole,
  lock: isText,
  holder: isText,
  remainingMs: isWhole,
  stack: isText,
  fields: isFields,
};

/** Keeps of a peer's details what has the agreed name and type. */
function checkedDetails(value: unknown): ErrorDetails {
  if (typeof value !== "object" || value === null) return {};
  const kept = Object.entries(value).filter(
    ([name, detail]) =>
      Object.hasOwn(detailChecks, name) && detailChecks[name as keyof ErrorDetails](detail),
  );
  return Object.fromEntries(kept) as ErrorDetails;
}

/** An error record as another process sent it; undefined when it is not one. */
export function parseErrorRecord(text: string): EngineError | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const { code, message, details } = value as Record<string, unknown>;
  if (typeof code !== "string" || !Object.hasOwn(errorTable, code)) return undefined;
  if (typeof message !== "string") return undefined;
  return fromErrorRecord({ code, message, details: checkedDetails(details) });
}
