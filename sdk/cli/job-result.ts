// Shows what a job gave: the result on standard output, committed outputs and timing beside it.

import type { CommittedOutput } from "../../proto/plan/bundle.ts";
import { decodeValue } from "../../proto/plan/values.ts";
import { formatBytes, formatDuration } from "./progress.ts";

/** What JSON cannot say, as a reader of JSON would expect it. */
function toJsonValue(value: unknown): unknown {
  switch (typeof value) {
    case "bigint": {
      const isExact = value <= Number.MAX_SAFE_INTEGER && value >= Number.MIN_SAFE_INTEGER;
      return isExact ? Number(value) : value.toString();
    }
    case "object": {
      if (value === null) return null;
      if (value instanceof Date) {
        return Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString();
      }
      if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
      if (Array.isArray(value)) return value.map(toJsonValue);
      return Object.fromEntries(
        Object.entries(value).map(([key, item]) => [key, toJsonValue(item)]),
      );
    }
    default:
      return value;
  }
}

/** One line of JSON for any value that a job may return. */
export function jsonLine(value: unknown): string {
  return JSON.stringify(toJsonValue(value)) ?? "null";
}

/** Scalars as they are, everything else as readable JSON, nothing for undefined. */
export function resultText(value: unknown): string {
  if (value === undefined) return "";
  if (typeof value === "string") return value.endsWith("\n") ? value : `${value}\n`;
  if (typeof value === "number" || typeof value === "bigint") return `${value}\n`;
  if (value instanceof Date) return `${toJsonValue(value)}\n`;
  return `${JSON.stringify(toJsonValue(value), undefined, 2)}\n`;
}

/** Quotes for a shell only where it needs them. */
export function shellWord(text: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** As short as a user would write it: relative where the folder lies below the working folder. */
export function shortFolder(folderUri: string, workingFolder: string): string {
  if (!folderUri.startsWith("file://")) return folderUri;
  const path = folderUri.slice("file://".length);
  const below = workingFolder.endsWith("/") ? workingFolder : `${workingFolder}/`;
  return path.startsWith(below) && path.length > below.length ? path.slice(below.length) : path;
}

function counted(count: number, noun: string): string {
  const digits = String(count).replace(/\B(?=(\d{3})+$)/g, " ");
  return `${digits} ${noun}${count === 1 ? "" : "s"}`;
}

/** For standard error: what was committed, where, and how to read it. */
export function summaryText(
  outputs: readonly CommittedOutput[],
  durationMs: number,
  workingFolder: string,
): string {
  const took = formatDuration(durationMs);
  if (outputs.length === 0) return `done in ${took}\n`;
  const lines = outputs.flatMap((output) => {
    const folder = shortFolder(output.folderUri, workingFolder);
    const counts = `${counted(output.rows, "row")}, ${counted(output.files, "file")}`;
    const size = `${counts}, ${formatBytes(output.bytes)}`;
    return [`committed ${folder}: ${size}`, `  read it: millrace output ${shellWord(folder)}`];
  });
  return `${lines.join("\n")}\ndone in ${took}\n`;
}

export interface JobEnd {
  readonly jobId: string;
  readonly resultJson: string;
  readonly outputs: readonly CommittedOutput[];
  readonly durationMs: number;
}

/** The one object that `--json` prints. */
export function endJson(end: JobEnd): string {
  const { jobId, outputs } = end;
  const result = decodeResult(end.resultJson);
  const durationMs = Math.round(end.durationMs);
  return `${jsonLine({ jobId, state: "succeeded", result, outputs, durationMs })}\n`;
}

export function decodeResult(resultJson: string): unknown {
  return resultJson === "" ? undefined : decodeValue(resultJson);
}
