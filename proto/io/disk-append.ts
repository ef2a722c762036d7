// One file that only grows: operations run in order, and the first failure is the last word.

import { type FileHandle, open } from "node:fs/promises";
import { assert, type EngineError } from "../errors.ts";
import { diskOperationsQueuedMax } from "../limits.ts";
import type { AppendFile } from "../ports/disk.ts";
import { diskError, onDisk } from "./disk-errors.ts";

async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    const result = await handle.write(bytes, written, bytes.length - written);
    assert(result.bytesWritten > 0, "the platform wrote no byte and reported no error");
    written += result.bytesWritten;
  }
}

/**
 * `path` is the name by which the caller knows the file, `fullPath` where it lies.
 * After a failed write or fsync the kernel may have dropped the pages and call the next fsync a
 * success, so nothing is ever tried again: each later operation gets the first failure.
 */
export async function openAppendFile(path: string, fullPath: string): Promise<AppendFile> {
  const handle = await onDisk(`opening ${fullPath}`, () => open(fullPath, "a", 0o600));
  const stat = await onDisk(`reading the size of ${fullPath}`, () => handle.stat());
  // The size once every accepted operation is done: where the next append begins.
  let sizeBytes = stat.size;
  let failure: EngineError | undefined;
  let isClosed = false;
  let queued = 0;
  let tail: Promise<void> = Promise.resolve();

  const enqueue = (doing: string, operation: () => Promise<void>): Promise<void> => {
    assert(!isClosed, `${doing}: the file is closed`);
    assert(queued < diskOperationsQueuedMax, `${doing}: ${queued} operations wait already`);
    queued += 1;
    const run = async (): Promise<void> => {
      queued -= 1;
      if (failure !== undefined) throw failure;
      try {
        await operation();
      } catch (thrown) {
        failure = diskError(thrown, doing);
        throw failure;
      }
    };
    const done = tail.then(run);
    tail = done.catch(() => {});
    return done;
  };

  return {
    path,
    sizeBytes: () => sizeBytes,
    append: (bytes) => {
      sizeBytes += bytes.length;
      const doing = `writing ${bytes.length} bytes to ${fullPath}`;
      return enqueue(doing, () => writeAll(handle, bytes));
    },
    sync: () => enqueue(`fdatasync of ${fullPath}`, () => handle.datasync()),
    truncate: (size) => {
      assert(size <= sizeBytes, `truncating ${fullPath} of ${sizeBytes} bytes to ${size}`);
      sizeBytes = size;
      return enqueue(`truncating ${fullPath} to ${size} bytes`, () => handle.truncate(size));
    },
    close: async () => {
      if (isClosed) return;
      isClosed = true;
      await tail;
      await onDisk(`closing ${fullPath}`, () => handle.close());
    },
  };
}
