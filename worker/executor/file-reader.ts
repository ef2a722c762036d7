// Reads `file://` inputs with plain synchronous reads: in a worker thread nothing is faster.

import { closeSync, openSync, readSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { EngineError } from "../../proto/errors.ts";
import { readBytesMax } from "../../proto/limits.ts";
import type { ObjectStore } from "../../proto/ports/store.ts";
import {
  type ByteBlocks,
  type ByteReader,
  type HeldFile,
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

/** A file that is open from its first read on, for as long as anybody uses it. */
class UsedFile {
  private readonly uri: string;
  private file: number | undefined;
  private users = 0;

  constructor(uri: string) {
    this.uri = uri;
  }

  /** Says how to stop, which may be said again. */
  use(): () => void {
    let isUser = true;
    this.users++;
    return () => {
      if (!isUser) return;
      isUser = false;
      this.users--;
      if (this.users > 0 || this.file === undefined) return;
      closeSync(this.file);
      this.file = undefined;
    };
  }

  read(buffer: Uint8Array, length: number, at: number): number {
    try {
      this.file ??= openSync(fileURLToPath(this.uri), "r");
      return readSync(this.file, buffer, 0, length, at);
    } catch (thrown) {
      throw readFailure(this.uri, thrown);
    }
  }
}

function rangeOf(
  file: UsedFile,
  uri: string,
  startByte: number,
  endByte: number,
  blockBytes: number = readBytesMax,
  room: (lengthBytes: number) => Uint8Array = (lengthBytes) => new Uint8Array(lengthBytes),
): ByteBlocks {
  let stop: (() => void) | undefined;
  let buffer: Uint8Array | undefined;
  let at = startByte;
  const close = (): void => {
    stop?.();
    at = endByte;
  };
  return {
    next: async () => {
      if (at >= endByte) {
        close();
        return undefined;
      }
      stop ??= file.use();
      buffer ??= room(Math.min(blockBytes, endByte - startByte));
      let got = 0;
      try {
        got = file.read(buffer, Math.min(buffer.length, endByte - at), at);
      } catch (thrown) {
        close();
        throw thrown;
      }
      if (got > 0) {
        at += got;
        return buffer.subarray(0, got);
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
  const openRange: ByteReader["openRange"] = (uri, ...range) =>
    uri.startsWith("file:")
      ? rangeOf(new UsedFile(uri), uri, ...range)
      : remote.openRange(uri, ...range);
  const hold = (held: string): HeldFile | undefined => {
    if (!held.startsWith("file:")) return undefined;
    const file = new UsedFile(held);
    return {
      openRange: (uri, ...range) =>
        uri === held ? rangeOf(file, uri, ...range) : openRange(uri, ...range),
      // What is read yet opens the file again, for itself.
      close: file.use(),
    };
  };
  return { openRange, hold };
}
