// Durable steps of the file store: folders, whole writes, comparing, and linking without
// overwriting.
import { promises as fs } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { posix } from "node:path";
import { EngineError } from "../errors.ts";
import { readBytesMax } from "../limits.ts";
import { errnoOf } from "./store-file-errors.ts";

/** Whether it was made now; false where it is there. */
async function makeFolder(folder: string): Promise<boolean> {
  try {
    await fs.mkdir(folder);
    return true;
  } catch (error) {
    const isThere = errnoOf(error) === "EEXIST" && (await fs.stat(folder)).isDirectory();
    if (!isThere) throw error;
    return false;
  }
}

/**
 * Makes the folder and those above it, each durable in its parent. Step by step: below a folder that takes no folders,
 * as /proc, the `recursive` of mkdir tries for ever.
 */
export async function ensureFolder(folder: string): Promise<void> {
  const parent = posix.dirname(folder);
  let isNew: boolean;
  try {
    isNew = await makeFolder(folder);
  } catch (error) {
    if (errnoOf(error) !== "ENOENT" || parent === folder) throw error;
    await ensureFolder(parent);
    isNew = await makeFolder(folder);
  }
  if (isNew) await syncFolder(parent);
}

export async function syncFolder(folder: string): Promise<void> {
  const handle = await fs.open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

export async function writeWhole(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    done += (await handle.write(bytes, done, bytes.length - done)).bytesWritten;
  }
}

/** Reads up to `length` bytes; fewer only at the end of the file. */
export async function readWhole(
  handle: FileHandle,
  position: number,
  length: number,
): Promise<Uint8Array> {
  const bytes = Buffer.allocUnsafeSlow(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await handle.read(bytes, done, length - done, position + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return bytes.subarray(0, done);
}

/** link(2): a second name for the file, refused where the name is taken. False when it was. */
export async function linkIfAbsent(from: string, to: string): Promise<boolean> {
  try {
    await fs.link(from, to);
    return true;
  } catch (error) {
    if (errnoOf(error) === "EEXIST") return false;
    if (["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"].includes(errnoOf(error))) {
      throw new EngineError(
        "STORE_UNSAFE",
        `the file system of ${to} refuses hard links (${errnoOf(error)}), without which a ` +
          "finished output could be overwritten; use a local file system or an s3:// output",
        {},
        error,
      );
    }
    throw error;
  }
}

/** Whether two files hold the same bytes; two names of one file do. */
export async function sameFiles(first: string, second: string): Promise<boolean> {
  const [a, b] = await Promise.all([fs.stat(first), fs.stat(second)]);
  if (a.ino === b.ino && a.dev === b.dev) return true;
  if (a.size !== b.size) return false;
  const handle = await fs.open(first, "r");
  try {
    for (let position = 0; position < a.size; position += readBytesMax) {
      const bytes = await readWhole(handle, position, readBytesMax);
      if (!(await holdsAt(second, position, bytes))) return false;
    }
    return true;
  } finally {
    await handle.close();
  }
}

/** Whether the file's bytes from `position` on begin with these. */
async function holdsAt(path: string, position: number, bytes: Uint8Array): Promise<boolean> {
  const handle = await fs.open(path, "r");
  try {
    return Buffer.compare(await readWhole(handle, position, bytes.length), bytes) === 0;
  } finally {
    await handle.close();
  }
}

export async function holdsExactly(path: string, bytes: Uint8Array): Promise<boolean> {
  const { size } = await fs.stat(path);
  return size === bytes.length && (await holdsAt(path, 0, bytes));
}

export async function removeIfPresent(path: string): Promise<boolean> {
  try {
    await fs.unlink(path);
    return true;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return false;
    throw error;
  }
}
