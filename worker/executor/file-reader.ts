// Reads `file://` inputs with plain synchronous reads: in a worker thread nothing is faster.

import { closeSync, openSync, readSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { EngineError } from "../../proto/errors.ts";
import { readBytesMax } from "../../proto/limits.ts";
import type { ObjectStore } from "../../proto/ports/store.ts";
import {
  type ByteBlocks,
  type ByteReader,
  shorterThanPlanned,
  storeReader,
} from "../sources/byte-reader.ts";

function readFailure(uri: string, thrown: unknown): EngineError {
  const code = (thrown as { readonly code?: unknown }).code;
  const details = { file: uri };
  if (code === "ENOENT") {
    return new EngineError("INPUT_NOT_FOUND", `${uri} is gone since the job was planned`, details);
  }
  if (code === "EACCES" || code === "EPERM") {
    return new EngineError("STORE_DENIED", `no permission to read ${uri}`, details, thrown);
  }
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  return new EngineError("STORE_FAILED", `${uri} cannot be read: ${reason}`, details, thrown);
}

function openFile(
  uri: string,
  startByte: number,
  endByte: number,
  blockBytes: number,
  room: (lengthBytes: number) => Uint8Array = (lengthBytes) => new Uint8Array(lengthBytes),
): ByteBlocks {
  let file: number | undefined;
  let buffer: Uint8Array | undefined;
  let at = startByte;
  const close = (): void => {
    if (file !== undefined) closeSync(file);
    file = undefined;
    at = endByte;
  };
  return {
    next: async () => {
      if (at >= endByte) {
        close();
        return undefined;
      }
      buffer ??= room(Math.min(blockBytes, endByte - startByte));
      try {
        file ??= openSync(fileURLToPath(uri), "r");
        const length = Math.min(buffer.length, endByte - at);
        const got = readSync(file, buffer, 0, length, at);
        if (got > 0) {
          at += got;
          return buffer.subarray(0, got);
        }
      } catch (thrown) {
        close();
        throw readFailure(uri, thrown);
      }
      const shortAt = at;
      close();
      throw shorterThanPlanned(uri, shortAt, endByte);
    },
    close,
  };
}

/** Files directly, everything else through the store. */
export function inputReader(store: ObjectStore): ByteReader {
  const remote = storeReader(store);
  return {
    openRange: (uri, startByte, endByte, blockBytes = readBytesMax, room) =>
      uri.startsWith("file:")
        ? openFile(uri, startByte, endByte, blockBytes, room)
        : remote.openRange(uri, startByte, endByte, blockBytes),
  };
}
