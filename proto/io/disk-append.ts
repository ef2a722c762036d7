// One file that only grows: operations run in order, and the first failure is the last word.

import { constants, writeSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { assert, type EngineError } from "../errors.ts";
import { diskHoleBytesMin, diskOperationsQueuedMax, diskWriteNowBytesMax } from "../limits/disk.ts";
import type { AppendFile } from "../ports/disk.ts";
import { diskError, onDisk } from "./disk-errors.ts";
import type { Syncs } from "./disk-syncs.ts";

/** A small write into the page cache takes less time than its way to another thread and back. */
async function writeAll(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    const left = bytes.length - written;
    const at = position + written;
    const count =
      left <= diskWriteNowBytesMax
        ? writeSync(handle.fd, bytes, written, left, at)
        : (await handle.write(bytes, written, left, at)).bytesWritten;
    assert(count > 0, "the platform wrote no byte and reported no error");
    written += count;
  }
}

/**
 * Durable zeros from `position` to `end`, in a file that ends at `fileEnd`. A large piece beyond its end
 * is a hole: what follows in bulk would otherwise be written twice.
 */
async function writeZeros(
  handle: FileHandle,
  position: number,
  fileEnd: number,
  end: number,
  syncs: Syncs,
): Promise<void> {
  const isHole = end - fileEnd >= diskHoleBytesMin;
  await writeAll(handle, new Uint8Array((isHole ? fileEnd : end) - position), position);
  if (isHole) await handle.truncate(end);
  await syncs.data(handle);
}

/**
 * `path` is the name by which the caller knows the file, `fullPath` where it lies.
 * After a failed write or fsync the kernel may have dropped the pages and call the next fsync a
 * success, so nothing is ever tried again: each later operation gets the first failure.
 */
export async function openAppendFile(
  path: string,
  fullPath: string,
  beginAt: number | undefined,
  syncs: Syncs,
): Promise<AppendFile> {
  const flags = constants.O_WRONLY | constants.O_CREAT;
  const handle = await onDisk(`opening ${fullPath}`, () => open(fullPath, flags, 0o600));
  const stat = await onDisk(`reading the size of ${fullPath}`, () => handle.stat());
  // Both once every accepted operation is done.
  let sizeBytes = beginAt ?? stat.size;
  let allocatedBytes = stat.size;
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
    reservedBytes: () => allocatedBytes - sizeBytes,
    append: (bytes) => {
      const position = sizeBytes;
      sizeBytes += bytes.length;
      allocatedBytes = Math.max(allocatedBytes, sizeBytes);
      const doing = `writing ${bytes.length} bytes to ${fullPath}`;
      return enqueue(doing, () => writeAll(handle, bytes, position));
    },
    reserve: (bytes) => {
      const [position, endBefore] = [sizeBytes, allocatedBytes];
      allocatedBytes = Math.max(allocatedBytes, position + bytes);
      const doing = `reserving ${bytes} bytes in ${fullPath}`;
      return enqueue(doing, () => writeZeros(handle, position, endBefore, position + bytes, syncs));
    },
    sync: () => enqueue(`fdatasync of ${fullPath}`, () => syncs.data(handle)),
    truncate: (size) => {
      assert(size <= sizeBytes, `truncating ${fullPath} of ${sizeBytes} bytes to ${size}`);
      sizeBytes = size;
      allocatedBytes = size;
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
