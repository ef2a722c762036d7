// The `file://` object store: hidden files become visible by link(2), which never overwrites.
import { randomBytes } from "node:crypto";
import { promises as fs } from "node:fs";
import { posix } from "node:path";
import { assert, EngineError } from "../errors.ts";
import type { ObjectInfo, PendingUpload, PutOutcome, UploadWriter } from "../ports/store.ts";
import { EarlySync } from "./early-sync.ts";
import { errnoOf, fileFailure, pathOfFileUri } from "./store-file-errors.ts";
import { filesNamed, listFiles, undefinedWhenAbsent } from "./store-file-list.ts";
import {
  ensureFolder,
  holdsExactly,
  linkIfAbsent,
  readWhole,
  removeIfPresent,
  sameFiles,
  syncFolder,
  writeWhole,
} from "./store-file-write.ts";
import { assertNamesOwner, isSwept, lastName } from "./store-names.ts";
import { assertScratch, type ScratchStore } from "./store-probe.ts";

/** Hidden names: `.<owner>.<final name>.<random>.pending`, and `.<final name>.<random>.put`. */
const pendingName = /^\.(.+)\.[0-9a-f]{16}\.pending$/;
const putName = /^\..+\.[0-9a-f]{16}\.put$/;
/**
 * A sweep may take the temporary file of a conditional write under way; it is then written anew.
 */
const putAttemptsMax = 4;

export function createFileStore(): ScratchStore {
  return {
    list: listFiles,
    stat: (uri) => explained(`look at ${uri}`, () => stat(uri)),
    read: (uri, offset, length) => explained(`read ${uri}`, () => read(uri, offset, length)),
    putIfAbsent: (uri, bytes) => explained(`create ${uri}`, () => putIfAbsent(uri, bytes)),
    beginUpload: (uri, owner) => explained(`begin ${uri}`, () => beginUpload(uri, owner)),
    completeUpload: (upload) => explained(`complete ${upload.uri}`, () => complete(upload)),
    abortUpload: (upload) => explained(`abort ${upload.uri}`, () => abort(upload)),
    sweep: (folderUri, owner, tokenEnd) =>
      explained(`sweep ${folderUri}`, () => sweep(folderUri, owner, tokenEnd)),
    removeScratch: (uri) => explained(`remove ${uri}`, () => removeScratch(uri)),
  };
}

async function explained<Value>(what: string, run: () => Promise<Value>): Promise<Value> {
  try {
    return await run();
  } catch (error) {
    throw fileFailure(error, what);
  }
}

async function stat(uri: string): Promise<ObjectInfo | undefined> {
  const found = await fs.stat(pathOfFileUri(uri)).catch((error) => {
    if (errnoOf(error) === "ENOTDIR") return undefined;
    return undefinedWhenAbsent(error);
  });
  return found?.isFile() ? { uri, sizeBytes: found.size } : undefined;
}

async function read(uri: string, offset: number, length: number): Promise<Uint8Array> {
  assert(offset >= 0 && length >= 0, `range ${offset}+${length} of ${uri} is not negative`);
  const handle = await fs.open(pathOfFileUri(uri), "r").catch((error) => {
    if (errnoOf(error) === "ENOTDIR") return undefined;
    return undefinedWhenAbsent(error);
  });
  if (handle === undefined) {
    throw new EngineError("INPUT_NOT_FOUND", `${uri} does not exist`, { file: uri });
  }
  try {
    const { size } = await handle.stat();
    return await readWhole(handle, offset, Math.max(0, Math.min(length, size - offset)));
  } finally {
    await handle.close();
  }
}

function hiddenSuffix(): string {
  return randomBytes(8).toString("hex");
}

async function putIfAbsent(uri: string, bytes: Uint8Array): Promise<PutOutcome> {
  const path = pathOfFileUri(uri);
  const folder = posix.dirname(path);
  await ensureFolder(folder);
  for (let attempt = 1; ; attempt++) {
    const temporary = `${folder}/.${lastName(path)}.${hiddenSuffix()}.put`;
    try {
      await writeFileDurably(temporary, bytes);
      const created = await linkIfAbsent(temporary, path);
      // Also when another process created it: it may not have got as far as this.
      await syncFolder(folder);
      if (created) return "written";
      return (await holdsExactly(path, bytes)) ? "same" : "different";
    } catch (error) {
      if (errnoOf(error) !== "ENOENT" || attempt === putAttemptsMax) throw error;
    } finally {
      await removeIfPresent(temporary);
    }
  }
}

async function writeFileDurably(path: string, bytes: Uint8Array): Promise<void> {
  const handle = await fs.open(path, "wx");
  try {
    await writeWhole(handle, bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function beginUpload(uri: string, owner: string): Promise<UploadWriter> {
  assertNamesOwner(uri, owner);
  const path = pathOfFileUri(uri);
  const folder = posix.dirname(path);
  await ensureFolder(folder);
  const uploadId = `.${owner}.${lastName(path)}.${hiddenSuffix()}.pending`;
  const hidden = `${folder}/${uploadId}`;
  const handle = await fs.open(hidden, "wx");
  const early = new EarlySync(handle);
  let state: "open" | "busy" | "closed" = "open";
  let sizeBytes = 0;
  const close = async () => {
    if (state === "closed") return;
    state = "closed";
    await handle.close();
  };
  return {
    write: (bytes) =>
      explained(`write ${uri}`, async () => {
        assert(state === "open", `upload ${uri} takes one write at a time, until it is finished`);
        state = "busy";
        await writeWhole(handle, bytes);
        early.wrote(bytes.length);
        sizeBytes += bytes.length;
        state = "open";
      }),
    finish: () =>
      explained(`finish ${uri}`, async () => {
        assert(state === "open", `upload ${uri} is finished once, after its last write`);
        await early.settled();
        await handle.sync();
        await close();
        // The hidden name has to survive a power failure too: from here on the job relies on it.
        await syncFolder(folder);
        return { uri, uploadId, etags: [], sizeBytes };
      }),
    abort: () =>
      explained(`abort ${uri}`, async () => {
        await close();
        await removeIfPresent(hidden);
      }),
  };
}

/** The hidden file of an upload. The handle came over the network: its name must be one of ours. */
function hiddenPath(upload: PendingUpload): string {
  const { uri, uploadId } = upload;
  if (!pendingName.test(uploadId) || uploadId.includes("/") || uploadId.includes("\0")) {
    throw new EngineError("MESSAGE_INVALID", `upload of ${uri} has no valid id: '${uploadId}'`);
  }
  return `${posix.dirname(pathOfFileUri(uri))}/${uploadId}`;
}

async function complete(upload: PendingUpload): Promise<void> {
  const path = pathOfFileUri(upload.uri);
  const hidden = hiddenPath(upload);
  try {
    const { size } = await fs.stat(hidden);
    if (size !== upload.sizeBytes) {
      throw new EngineError(
        "STORE_FAILED",
        `${hidden} has ${size} bytes, but ${upload.sizeBytes} were written; ` +
          "something else changed it, so the task has to run again",
      );
    }
    if (!(await linkIfAbsent(hidden, path)) && !(await sameFiles(hidden, path))) {
      throw alreadyExists(upload);
    }
  } catch (error) {
    // Gone: completed before, or just now by another process.
    if (errnoOf(error) !== "ENOENT") throw error;
    await assertCompleted(upload, path, hidden);
  }
  await removeIfPresent(hidden);
  await syncFolder(posix.dirname(path));
}

async function assertCompleted(upload: PendingUpload, path: string, hidden: string): Promise<void> {
  const final = await fs.stat(path).catch(undefinedWhenAbsent);
  if (final === undefined) {
    throw new EngineError(
      "STORE_UPLOAD_LOST",
      `the finished upload of ${upload.uri} is lost: neither ${hidden} nor the final file exists ` +
        `(${upload.sizeBytes} bytes); something else removed it, so run the job again`,
    );
  }
  if (final.size !== upload.sizeBytes) throw alreadyExists(upload);
}

function alreadyExists(upload: PendingUpload): EngineError {
  return new EngineError(
    "OUTPUT_EXISTS",
    `${upload.uri} exists with other contents than this upload's ${upload.sizeBytes} bytes; ` +
      "it was left as it is. Choose another output folder",
  );
}

async function abort(upload: PendingUpload): Promise<void> {
  await removeIfPresent(hiddenPath(upload));
}

async function sweep(folderUri: string, owner: string, tokenEnd: number): Promise<number> {
  const hidden = await filesNamed(
    pathOfFileUri(folderUri),
    (name) => isPendingOf(owner, tokenEnd, name) || putName.test(name),
  );
  let uploads = 0;
  for (const path of hidden) {
    const removed = await removeIfPresent(path);
    if (removed && pendingName.test(lastName(path))) uploads++;
  }
  return uploads;
}

function isPendingOf(owner: string, tokenEnd: number, name: string): boolean {
  const inner = pendingName.exec(name)?.[1];
  if (!inner?.startsWith(`${owner}.`)) return false;
  return isSwept(inner.slice(owner.length + 1), owner, tokenEnd);
}

async function removeScratch(uri: string): Promise<void> {
  assertScratch(uri);
  await removeIfPresent(pathOfFileUri(uri));
}
