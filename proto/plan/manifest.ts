// `_manifest.json`: the list of files that makes an output visible, and the only list a reader may trust.

import { assert, EngineError } from "../errors.ts";
import type { OutputFormat } from "./logical.ts";

export const outputFormats: readonly OutputFormat[] = [
  ...(["text", "ndjson", "arrow", "csv", "parquet", "checkpoint"] as const),
];

export const manifestName = "_manifest.json";

export interface ManifestFile {
  /** Path within the output's folder: with folders `name=value` where it is partitioned. */
  readonly name: string;
  readonly rows: number;
  readonly bytes: number;
  /** As the task reported it; opaque to readers. */
  readonly digest: string;
}

export interface OutputManifest {
  readonly version: 1;
  readonly jobId: string;
  readonly actionIndex: number;
  readonly format: OutputFormat;
  /** In task order: the order of an ordered result. */
  readonly files: readonly ManifestFile[];
  readonly rows: number;
  readonly bytes: number;
}

/** A manifest over these files; totals are their sums. */
export function createManifest(
  of: { readonly jobId: string; readonly actionIndex: number; readonly format: OutputFormat },
  files: readonly ManifestFile[],
): OutputManifest {
  const names = new Set(files.map((file) => file.name));
  assert(names.size === files.length, `output of job ${of.jobId} lists a file twice`);
  const rows = files.reduce((sum, file) => sum + file.rows, 0);
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const { jobId, actionIndex, format } = of;
  return { version: 1, jobId, actionIndex, format, files, rows, bytes };
}

/** The same bytes for the same manifest, whoever writes it: field order is fixed, and only ASCII occurs. */
export function manifestBytes(manifest: OutputManifest): Uint8Array {
  const { version, jobId, actionIndex, format, rows, bytes } = manifest;
  const files = manifest.files.map((file) => ({
    name: file.name,
    rows: file.rows,
    bytes: file.bytes,
    digest: file.digest,
  }));
  const json = JSON.stringify(
    { version, jobId, actionIndex, format, rows, bytes, files },
    undefined,
    1,
  );
  const ascii = json.replace(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return Uint8Array.from(`${ascii}\n`, (character) => character.charCodeAt(0));
}

/** Throws OUTPUT_NOT_COMMITTED when the text is no manifest that this version can read. */
export function parseManifest(text: string, uri: string): OutputManifest {
  let plain: unknown;
  try {
    plain = JSON.parse(text);
  } catch (cause) {
    throw notReadable(uri, "is not JSON", cause);
  }
  if (typeof plain !== "object" || plain === null) throw notReadable(uri, "is not an object");
  const manifest = plain as Partial<OutputManifest>;
  if (manifest.version !== 1) {
    throw notReadable(uri, `has version ${String(manifest.version)}, and only 1 is known`);
  }
  if (!Array.isArray(manifest.files) || !manifest.files.every(isManifestFile)) {
    throw notReadable(uri, "has no valid list of files");
  }
  const { format } = manifest;
  if (!outputFormats.some((known) => known === format)) {
    throw notReadable(uri, `names the unknown format ${String(format)}`);
  }
  return manifest as OutputManifest;
}

function isManifestFile(value: unknown): value is ManifestFile {
  if (typeof value !== "object" || value === null) return false;
  const file = value as Partial<ManifestFile>;
  const named = typeof file.name === "string" && !/(^|\/)(\.{0,2})(\/|$)/.test(file.name);
  return named && Number.isSafeInteger(file.rows) && Number.isSafeInteger(file.bytes);
}

function notReadable(uri: string, what: string, cause?: unknown): EngineError {
  return new EngineError(
    "OUTPUT_NOT_COMMITTED",
    `${uri} ${what}; it was not written by a committed job of this version`,
    {},
    cause,
  );
}
