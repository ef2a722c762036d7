// Spill files on the local disk. They lose their name as soon as they are open, so that none outlives its thread.

import { closeSync, mkdirSync, openSync, readSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { threadId } from "node:worker_threads";
import { EngineError } from "../../proto/errors.ts";
import type { SpillFile, SpillFiles } from "../memory/spill-files.ts";
import { writeAll } from "./write-all.ts";

export function spillFailure(folder: string, thrown: unknown): EngineError {
  const code = (thrown as { readonly code?: unknown }).code;
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  if (code === "ENOSPC" || code === "EDQUOT") {
    const message = `no space left for rows that do not fit into memory, in ${folder}; make room, or raise --memory`;
    return new EngineError("DISK_FULL", message, {}, thrown);
  }
  const message = `a spill file in ${folder} failed: ${reason}`;
  return new EngineError("DISK_FAILED", message, {}, thrown);
}

function guarded<Answer>(folder: string, work: () => Answer): Answer {
  try {
    return work();
  } catch (thrown) {
    throw thrown instanceof EngineError ? thrown : spillFailure(folder, thrown);
  }
}

function open(path: string, folder: string): number {
  try {
    return openSync(path, "wx+", 0o600);
  } catch (thrown) {
    if ((thrown as { readonly code?: unknown }).code !== "ENOENT") throw thrown;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return openSync(path, "wx+", 0o600);
  }
}

let created = 0;

/** The folder is emptied when a worker starts, for systems that keep the name of an open file. */
export function spillFolder(folder: string): SpillFiles {
  return {
    create: (): SpillFile => {
      const path = join(folder, `${process.pid}-${threadId}-${created++}.spill`);
      const file = guarded(folder, () => {
        const opened = open(path, folder);
        unlinkSync(path);
        return opened;
      });
      let bytes = 0;
      return {
        get bytes() {
          return bytes;
        },
        append: (pieces) => {
          guarded(folder, () => writeAll(file, pieces));
          for (const piece of pieces) bytes += piece.length;
        },
        read: (offsetBytes, into) => {
          guarded(folder, () => {
            for (let at = 0; at < into.length; ) {
              const got = readSync(file, into, at, into.length - at, offsetBytes + at);
              if (got === 0) throw new Error(`it ends ${into.length - at} bytes too early`);
              at += got;
            }
          });
        },
        close: () => closeSync(file),
      };
    },
  };
}
