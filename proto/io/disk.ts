// A data folder on a real disk: durable, ours alone, of a known version. Linux and macOS.

import { type FileHandle, mkdir, open, readdir, readFile, rename, unlink } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { assert, EngineError } from "../errors.ts";
import { diskPieceBytes } from "../limits/disk.ts";
import type { Disk } from "../ports/disk.ts";
import { openAppendFile } from "./disk-append.ts";
import { errnoOf, isAbsent, onDisk } from "./disk-errors.ts";
import { lockFolder, removeIfPresent } from "./disk-lock.ts";
import { type DiskOptions, type Syncs, syncsOf } from "./disk-syncs.ts";

/** Raised when programs before and after a change cannot read each other's data folders. */
export const dataFolderVersion = 1;

const versionName = ".version";

export type OpenDisk = Disk & {
  /** Gives the folder free. Files still open must be closed before. */
  close(): Promise<void>;
};

/** Creates a folder and makes its name durable in every folder above, up to `top`. */
async function makeFolder(path: string, top: string, syncs: Syncs): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  for (let folder = path; folder !== top && folder !== dirname(folder); ) {
    folder = dirname(folder);
    await syncs.folder(folder);
  }
}

async function writeDurably(
  temporary: string,
  path: string,
  parts: readonly Uint8Array[],
  syncs: Syncs,
): Promise<void> {
  const handle = await open(temporary, "w", 0o600);
  try {
    // Each goes on where the one before it ended.
    for (const part of parts) await handle.writeFile(part);
    await syncs.file(handle);
  } finally {
    await handle.close();
  }
  await rename(temporary, path);
  await syncs.folder(dirname(path));
}

function readIfPresent<Found>(
  path: string,
  read: (path: string) => Promise<Found>,
): Promise<Found | undefined> {
  return onDisk(`reading ${path}`, async () => {
    try {
      return await read(path);
    } catch (thrown) {
      if (isAbsent(thrown) || errnoOf(thrown) === "ENOTDIR") return undefined;
      throw thrown;
    }
  });
}

async function readAll(
  path: string,
  handle: FileHandle,
  take: (piece: Uint8Array) => Promise<void>,
): Promise<void> {
  const piece = new Uint8Array(diskPieceBytes);
  for (;;) {
    const { bytesRead } = await onDisk(`reading ${path}`, () => handle.read(piece));
    if (bytesRead === 0) return;
    await take(piece.subarray(0, bytesRead));
  }
}

async function removeDurably(path: string, syncs: Syncs): Promise<void> {
  try {
    await unlink(path);
  } catch (thrown) {
    if (!isAbsent(thrown)) throw thrown;
    return;
  }
  await syncs.folder(dirname(path));
}

async function moveDurably(path: string, to: string, syncs: Syncs): Promise<void> {
  await rename(path, to);
  // The new name first: between the two a crash may show both, and never none.
  await syncs.folder(dirname(to));
  if (dirname(path) !== dirname(to)) await syncs.folder(dirname(path));
}

function versionError(folder: string, found: string): EngineError {
  return new EngineError(
    "DATA_FOLDER_VERSION",
    `data folder ${folder} has version ${found}, this program reads up to ${dataFolderVersion}; ` +
      `start the newer program again or choose another folder`,
  );
}

async function checkVersion(folder: string, syncs: Syncs): Promise<void> {
  const path = join(folder, versionName);
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (thrown) {
    if (!isAbsent(thrown)) throw thrown;
    const bytes = new TextEncoder().encode(`${dataFolderVersion}\n`);
    await writeDurably(join(folder, ".version.tmp"), path, [bytes], syncs);
    return;
  }
  const found = text.trim();
  if (!/^\d{1,9}$/.test(found) || Number(found) < 1) {
    throw versionError(folder, JSON.stringify(found.slice(0, 40)));
  }
  if (Number(found) > dataFolderVersion) throw versionError(folder, found);
}

/**
 * What a crash left of `writeAtomic`: never renamed, so never part of the data. Whoever lost the race for the
 * folder just now removes its own at the same time.
 */
async function removeLeftovers(folder: string): Promise<void> {
  const names = await readdir(folder, { recursive: true });
  for (const name of names) {
    if (/(^|\/)\.[^/]*\.tmp$/.test(name)) await removeIfPresent(join(folder, name));
  }
}

function compareNames(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** Paths come from our own code: a bad one is a mistake of ours. Hidden names are the adapter's. */
function checkPath(path: string): void {
  const parts = path.split("/");
  const isGood = parts.every((part) => /^[^.\0\\][^\0\\]*$/.test(part));
  assert(isGood, `path ${JSON.stringify(path)} is not relative to the data folder`);
}

export async function openDisk(folder: string, options: DiskOptions = {}): Promise<OpenDisk> {
  const root = resolve(folder);
  const syncs = syncsOf(options);
  await onDisk(`creating data folder ${root}`, () => makeFolder(root, dirname(root), syncs));
  const lock = await lockFolder(root);
  try {
    await onDisk(`reading the version of ${root}`, () => checkVersion(root, syncs));
    await onDisk(`removing leftovers of ${root}`, () => removeLeftovers(root));
  } catch (thrown) {
    await lock.release();
    throw thrown;
  }
  return { ...diskOf(root, syncs), close: () => lock.release() };
}

function diskOf(root: string, syncs: Syncs): Disk {
  let temporaries = 0;
  const knownFolders = new Set<string>([root]);

  const place = async (path: string): Promise<string> => {
    checkPath(path);
    const full = join(root, path);
    const parent = dirname(full);
    if (knownFolders.has(parent)) return full;
    await onDisk(`creating folder ${parent}`, () => makeFolder(parent, root, syncs));
    knownFolders.add(parent);
    return full;
  };

  return {
    list: async (path) => {
      if (path !== "") checkPath(path);
      const full = join(root, path);
      try {
        const names = await readdir(full);
        return names.filter((name) => !name.startsWith(".")).sort(compareNames);
      } catch (thrown) {
        if (isAbsent(thrown)) return [];
        return onDisk(`listing ${full}`, () => Promise.reject(thrown));
      }
    },
    read: async (path) => {
      checkPath(path);
      const bytes = await readIfPresent(join(root, path), (full) => readFile(full));
      return bytes && new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    },
    readPieces: async (path, take) => {
      checkPath(path);
      const full = join(root, path);
      const handle = await readIfPresent(full, (found) => open(found));
      if (handle === undefined) return false;
      try {
        await readAll(full, handle, take);
      } finally {
        await handle.close();
      }
      return true;
    },
    openAppend: async (path, sizeBytes) => {
      const full = await place(path);
      const file = await openAppendFile(path, full, sizeBytes, syncs);
      // Always: a process may have died between creating the file and making its name durable.
      await onDisk(`fsync of ${dirname(full)}`, () => syncs.folder(dirname(full)));
      return file;
    },
    writeAtomic: async (path, ...parts) => {
      const full = await place(path);
      temporaries += 1;
      const temporary = join(dirname(full), `.${temporaries}.tmp`);
      const doing = `writing ${parts.reduce((sum, part) => sum + part.length, 0)} bytes to ${full}`;
      await onDisk(doing, () => writeDurably(temporary, full, parts, syncs));
    },
    move: async (path, to) => {
      const [full, target] = [await place(path), await place(to)];
      await onDisk(`renaming ${full} to ${target}`, () => moveDurably(full, target, syncs));
    },
    remove: async (path) => {
      checkPath(path);
      const full = join(root, path);
      await onDisk(`removing ${full}`, () => removeDurably(full, syncs));
    },
  };
}
