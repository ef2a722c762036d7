// Files of a committed output: what its manifest lists, in pieces or as lines, each checked to be what was committed.

import { EngineError } from "../errors.ts";
import { lineBytesMax } from "../limits/formats.ts";
import { readBytesMax } from "../limits.ts";
import {
  type ManifestFile,
  manifestName,
  type OutputManifest,
  parseManifest,
} from "../plan/manifest.ts";
import type { ObjectStore } from "../ports/store.ts";

export type FileReads = Pick<ObjectStore, "stat" | "read">;

/** `folderUri` ends in '/'. Throws OUTPUT_NOT_COMMITTED. */
export async function readManifest(store: FileReads, folderUri: string): Promise<OutputManifest> {
  const uri = `${folderUri}${manifestName}`;
  const found = await store.stat(uri);
  if (found === undefined) {
    throw new EngineError(
      "OUTPUT_NOT_COMMITTED",
      `${folderUri} holds no committed output: there is no ${manifestName} in it; ` +
        "its job has not finished, or failed, or wrote elsewhere",
      { file: folderUri },
    );
  }
  const bytes = await store.read(uri, 0, found.sizeBytes);
  return parseManifest(new TextDecoder().decode(bytes), uri);
}

export function changedFile(uri: string, bytes: number, committedBytes: number): EngineError {
  return new EngineError(
    "INPUT_UNREADABLE",
    `${uri} has ${bytes} bytes, but ${committedBytes} were committed; somebody changed it since`,
    { file: uri },
  );
}

/** The bytes of a file, some at a time. Throws INPUT_UNREADABLE where it is not what was committed. */
export async function* filePieces(
  store: FileReads,
  uri: string,
  file: ManifestFile,
): AsyncGenerator<Uint8Array> {
  const found = await store.stat(uri);
  if (found?.sizeBytes !== file.bytes) throw changedFile(uri, found?.sizeBytes ?? 0, file.bytes);
  for (let offset = 0; offset < file.bytes; ) {
    const piece = await store.read(uri, offset, Math.min(readBytesMax, file.bytes - offset));
    if (piece.length === 0) throw changedFile(uri, offset, file.bytes);
    offset += piece.length;
    yield piece;
  }
}

/** The lines of each piece, without their ends. Every line of a committed file has one. */
export async function* pieceLines(
  pieces: AsyncIterable<Uint8Array>,
  uri: string,
  file: ManifestFile,
): AsyncGenerator<readonly string[]> {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  let begun = "";
  for await (const piece of pieces) {
    const lines = (begun + decoder.decode(piece, { stream: true })).split("\n");
    begun = lines.pop() ?? "";
    if (begun.length > lineBytesMax) {
      const message = `${uri} has a line of more than ${lineBytesMax} characters`;
      throw new EngineError("LIMIT_EXCEEDED", message, { file: uri, limitBytes: lineBytesMax });
    }
    if (lines.length > 0) yield lines;
  }
  if (begun !== "") throw changedFile(uri, file.bytes - begun.length, file.bytes);
}

/** All lines of an output of plain text, in its order; only a piece of a file is held. */
export async function* committedLines(
  store: FileReads,
  folderUri: string,
): AsyncGenerator<readonly string[]> {
  const { files } = await readManifest(store, folderUri);
  for (const file of files) {
    const uri = folderUri + file.name;
    yield* pieceLines(filePieces(store, uri, file), uri, file);
  }
}
