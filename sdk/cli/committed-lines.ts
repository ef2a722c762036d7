// Reads a committed output by its manifest, as lines of bytes, without holding a file in memory.

import { batchRows } from "../../proto/batch/batch.ts";
import { batchesOfBytes } from "../../proto/batch/ipc.ts";
import { EngineError } from "../../proto/errors.ts";
import { readBytesMax } from "../../proto/limits.ts";
import {
  type ManifestFile,
  manifestName,
  type OutputManifest,
  parseManifest,
} from "../../proto/plan/manifest.ts";
import type { ObjectStore } from "../../proto/ports/store.ts";
import { jsonLine } from "./job-result.ts";

export interface CommittedLinesOptions {
  /** Lines of text as JSON strings. */
  readonly json: boolean;
  readonly rowsMax: number;
}

/** Of a folder URI that ends in '/'. Throws OUTPUT_NOT_COMMITTED when there is none. */
export async function readManifest(store: ObjectStore, folderUri: string): Promise<OutputManifest> {
  const uri = `${folderUri}${manifestName}`;
  const found = await store.stat(uri);
  if (found === undefined) {
    throw new EngineError(
      "OUTPUT_NOT_COMMITTED",
      `${folderUri} holds no committed output (there is no ${manifestName} in it); ` +
        "its job has not finished, or failed, or wrote elsewhere",
    );
  }
  const bytes = await store.read(uri, 0, found.sizeBytes);
  return parseManifest(new TextDecoder().decode(bytes), uri);
}

/** Throws when a listed file is not the one that was committed. */
async function checkFile(store: ObjectStore, uri: string, file: ManifestFile): Promise<void> {
  const found = await store.stat(uri);
  if (found?.sizeBytes === file.bytes) return;
  const what = found === undefined ? "is gone" : `has ${found.sizeBytes} bytes`;
  throw new EngineError(
    "INPUT_UNREADABLE",
    `${uri} ${what}, but ${file.bytes} bytes were committed; somebody changed the folder since`,
    { file: uri },
  );
}

const newline = 0x0a;

/** The bytes up to the wanted number of lines, and how many are still wanted. */
function firstLines(
  bytes: Uint8Array,
  wanted: number,
): { readonly head: Uint8Array; readonly stillWanted: number } {
  if (wanted === Number.POSITIVE_INFINITY) return { head: bytes, stillWanted: wanted };
  let stillWanted = wanted;
  let endByte = 0;
  while (stillWanted > 0) {
    const at = bytes.indexOf(newline, endByte);
    if (at < 0) return { head: bytes, stillWanted };
    endByte = at + 1;
    stillWanted--;
  }
  return { head: bytes.subarray(0, endByte), stillWanted };
}

async function* pieces(
  store: ObjectStore,
  uri: string,
  sizeBytes: number,
): AsyncGenerator<Uint8Array> {
  let offset = 0;
  while (offset < sizeBytes) {
    const piece = await store.read(uri, offset, Math.min(readBytesMax, sizeBytes - offset));
    if (piece.length === 0) {
      throw new EngineError("INPUT_UNREADABLE", `${uri} ended early, at byte ${offset}`, {
        file: uri,
        byteOffset: offset,
      });
    }
    offset += piece.length;
    yield piece;
  }
}

/** Lines of text as JSON strings. */
async function* quotedLines(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const decoder = new TextDecoder();
  const encoder = new TextEncoder();
  let begun = "";
  for await (const bytes of source) {
    const lines = (begun + decoder.decode(bytes, { stream: true })).split("\n");
    begun = lines.pop() ?? "";
    yield encoder.encode(lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  }
}

async function* arrowLines(
  store: ObjectStore,
  uri: string,
  sizeBytes: number,
): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  for (const batch of batchesOfBytes(await store.read(uri, 0, sizeBytes))) {
    const lines = batchRows(batch).map((row) => `${jsonLine(row)}\n`);
    yield encoder.encode(lines.join(""));
  }
}

/** All rows in the order of the output, one line each. */
export async function* committedLines(
  store: ObjectStore,
  folderUri: string,
  options: CommittedLinesOptions,
): AsyncGenerator<Uint8Array> {
  const manifest = await readManifest(store, folderUri);
  let wanted = options.rowsMax;
  for (const file of manifest.files) {
    if (wanted === 0) return;
    const uri = `${folderUri}${file.name}`;
    await checkFile(store, uri, file);
    const linesOfFile = (): AsyncGenerator<Uint8Array> => {
      if (manifest.format === "arrow") return arrowLines(store, uri, file.bytes);
      const source = pieces(store, uri, file.bytes);
      return manifest.format === "text" && options.json ? quotedLines(source) : source;
    };
    for await (const bytes of linesOfFile()) {
      const { head, stillWanted } = firstLines(bytes, wanted);
      yield head;
      wanted = stillWanted;
      if (wanted === 0) return;
    }
  }
}
