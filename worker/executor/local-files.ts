// Sealed map outputs on the local disk.

import { randomBytes } from "node:crypto";
import {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  statSync,
} from "node:fs";
import { open, readdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { EngineError } from "../../proto/errors.ts";
import { PackedFiles, type PlainFiles } from "../shuffle/packed-files.ts";
import type { RoomFor, SealedFiles } from "../shuffle/sealed-files.ts";
import { writeAll } from "./write-all.ts";

function isAbsent(thrown: unknown): boolean {
  return (thrown as { readonly code?: unknown }).code === "ENOENT";
}

function diskFailure(path: string, thrown: unknown): EngineError {
  const code = (thrown as { readonly code?: unknown }).code;
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new EngineError("DISK_FULL", `no space left for shuffle file ${path}`, {}, thrown);
  }
  return new EngineError("DISK_FAILED", `shuffle file ${path} failed: ${reason}`, {}, thrown);
}

/** Opens a file, in a folder that is made where it is absent. */
function openIn(path: string, flags: "w" | "a"): number {
  const create = (): number => openSync(path, flags, 0o600);
  try {
    return create();
  } catch (thrown) {
    if (!isAbsent(thrown)) throw thrown;
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    return create();
  }
}

/** Not synced: after a crash of the machine the task runs again. */
function writeFile(path: string, pieces: Iterable<Uint8Array>): void {
  const hidden = `${path}.tmp`;
  const file = openIn(hidden, "w");
  try {
    writeAll(file, pieces);
  } finally {
    closeSync(file);
  }
  renameSync(hidden, path);
}

/** The file that was appended to last stays open: opening it takes longer than writing a small output. */
class Appender {
  private opened: { readonly path: string; readonly file: number } | undefined;

  append(path: string, pieces: readonly Uint8Array[]): void {
    if (this.opened?.path !== path) {
      this.close();
      this.opened = { path, file: openIn(path, "a") };
    }
    try {
      writeAll(this.opened.file, pieces);
    } catch (thrown) {
      this.close();
      throw thrown;
    }
  }

  private close(): void {
    if (this.opened !== undefined) closeSync(this.opened.file);
    this.opened = undefined;
  }
}

/** No other file of this machine has it, whichever process asks. */
const writerName = (): string => randomBytes(8).toString("hex");

/** For executor threads, which may block. */
export function blockingSealedFiles(folder: string): SealedFiles {
  return new PackedFiles(blockingFiles(folder), writerName);
}

const newRoom: RoomFor = (bytes) => new Uint8Array(bytes);

function blockingFiles(folder: string): PlainFiles {
  const appender = new Appender();
  return {
    append: async (path, pieces) => {
      try {
        appender.append(join(folder, path), pieces);
      } catch (thrown) {
        throw diskFailure(path, thrown);
      }
    },
    names: async (path) => {
      try {
        return readdirSync(join(folder, path));
      } catch (thrown) {
        if (isAbsent(thrown)) return [];
        throw diskFailure(path, thrown);
      }
    },
    write: async (path, pieces) => {
      try {
        writeFile(join(folder, path), pieces);
      } catch (thrown) {
        throw diskFailure(path, thrown);
      }
    },
    read: async (path, offsetBytes, lengthBytes, room = newRoom) => {
      try {
        const file = openSync(join(folder, path), "r");
        try {
          const size = Math.max(0, fstatSync(file).size - offsetBytes);
          const bytes = room(Math.min(size, lengthBytes));
          let at = 0;
          for (let got = 1; at < bytes.length && got > 0; at += got) {
            got = readSync(file, bytes, at, bytes.length - at, offsetBytes + at);
          }
          return bytes.subarray(0, at);
        } finally {
          closeSync(file);
        }
      } catch (thrown) {
        if (isAbsent(thrown)) return undefined;
        throw diskFailure(path, thrown);
      }
    },
    sizeBytes: async (path) => statSync(join(folder, path), { throwIfNoEntry: false })?.size,
  };
}

/** For the agent, whose event loop must never wait for a disk. It writes none. */
export function readOnlySealedFiles(folder: string): SealedFiles {
  return new PackedFiles(readOnlyFiles(folder), writerName);
}

function readOnlyFiles(folder: string): PlainFiles {
  const refuse = async (path: string): Promise<never> => {
    throw new EngineError("INTERNAL", `${path} was to be written by an agent`);
  };
  return {
    write: refuse,
    append: refuse,
    names: async (path) => {
      try {
        return await readdir(join(folder, path));
      } catch (thrown) {
        if (isAbsent(thrown)) return [];
        throw diskFailure(path, thrown);
      }
    },
    read: async (path, offsetBytes, lengthBytes) => {
      try {
        const file = await open(join(folder, path), "r");
        try {
          const size = Math.max(0, (await file.stat()).size - offsetBytes);
          const bytes = new Uint8Array(Math.min(size, lengthBytes));
          let at = 0;
          for (let got = 1; at < bytes.length && got > 0; at += got) {
            const wanted = bytes.length - at;
            got = (await file.read(bytes, at, wanted, offsetBytes + at)).bytesRead;
          }
          return bytes.subarray(0, at);
        } finally {
          await file.close();
        }
      } catch (thrown) {
        if (isAbsent(thrown)) return undefined;
        throw diskFailure(path, thrown);
      }
    },
    sizeBytes: async (path) => {
      try {
        return (await stat(join(folder, path))).size;
      } catch (thrown) {
        if (isAbsent(thrown)) return undefined;
        throw diskFailure(path, thrown);
      }
    },
  };
}
