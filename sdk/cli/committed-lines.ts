// Reads a committed output by its manifest, as lines of bytes, without holding a file in memory.

import { EngineError } from "../../proto/errors.ts";
import { readBytesMax } from "../../proto/limits.ts";
import type { ManifestFile } from "../../proto/plan/manifest.ts";
import type { ObjectStore } from "../../proto/ports/store.ts";
import { readOutput } from "../client/result.ts";
import { jsonLine } from "./job-result.ts";

/** Text of one piece of rows. */
const textCharsMax = 64 * 1024;

export interface CommittedLinesOptions {
  /** Lines of text as JSON strings. */
  readonly json: boolean;
  readonly rowsMax: number;
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

/** Rows as NDJSON, many at a time: each piece costs a turn of the event loop. */
async function* jsonLines(rows: AsyncIterable<unknown>): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  let text = "";
  for await (const row of rows) {
    text += `${jsonLine(row)}\n`;
    if (text.length < textCharsMax) continue;
    yield encoder.encode(text);
    text = "";
  }
  yield encoder.encode(text);
}

async function* firstOf(source: AsyncIterable<unknown>, wanted: number): AsyncGenerator<unknown> {
  if (wanted === 0) return;
  let left = wanted;
  for await (const item of source) {
    yield item;
    left--;
    if (left === 0) return;
  }
}

/** All rows in the order of the output, one line each. */
export async function* committedLines(
  store: ObjectStore,
  folderUri: string,
  options: CommittedLinesOptions,
): AsyncGenerator<Uint8Array> {
  const { manifest, rows } = await readOutput(store, folderUri);
  const { format } = manifest;
  const isColumnar = format === "arrow" || format === "parquet" || format === "checkpoint";
  const isPacked = manifest.files.some(({ name }) => /\.(gz|zst)$/.test(name));
  const isConverted = isColumnar || isPacked || (format === "text" && options.json);
  if (isConverted) {
    yield* jsonLines(firstOf(rows(), options.rowsMax));
    return;
  }
  let wanted = options.rowsMax;
  for (const file of manifest.files) {
    if (wanted === 0) return;
    const uri = `${folderUri}${file.name}`;
    await checkFile(store, uri, file);
    for await (const bytes of pieces(store, uri, file.bytes)) {
      const { head, stillWanted } = firstLines(bytes, wanted);
      yield head;
      wanted = stillWanted;
      if (wanted === 0) return;
    }
  }
}
