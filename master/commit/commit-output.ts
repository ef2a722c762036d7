// Makes a finished output visible: complete the fixed list, then one manifest, then the marker.

import { EngineError } from "../../proto/errors.ts";
import { uploadsCompletingMax } from "../../proto/limits.ts";
import type { OutputFormat } from "../../proto/plan/logical.ts";
import { createManifest, manifestBytes, manifestName } from "../../proto/plan/manifest.ts";
import type { TaskUpload } from "../../proto/ports/executor.ts";
import type { ObjectStore } from "../../proto/ports/store.ts";

export const successMarkerName = "_SUCCESS";

export interface OutputCommit {
  readonly jobId: string;
  readonly actionIndex: number;
  /** Ends in '/'. */
  readonly folderUri: string;
  readonly format: OutputFormat;
  /** In task order. */
  readonly uploads: readonly TaskUpload[];
}

function fileName(commit: OutputCommit, upload: TaskUpload): string {
  return upload.uri.slice(commit.folderUri.length);
}

async function completeAll(store: ObjectStore, uploads: readonly TaskUpload[]): Promise<void> {
  let next = 0;
  async function completeNext(): Promise<void> {
    while (next < uploads.length) {
      const upload = uploads[next++];
      if (upload !== undefined) await store.completeUpload(upload);
    }
  }
  const lanes = Math.min(uploadsCompletingMax, uploads.length);
  await Promise.all(Array.from({ length: lanes }, completeNext));
}

function manifestOf(commit: OutputCommit): Uint8Array {
  const files = commit.uploads.map((upload) => ({
    name: fileName(commit, upload),
    rows: upload.rows,
    bytes: upload.sizeBytes,
    digest: upload.digest,
  }));
  return manifestBytes(createManifest(commit, files));
}

/** Puts the manifest where none is. Any other that stands there already stays. */
async function putManifest(store: ObjectStore, commit: OutputCommit): Promise<void> {
  const outcome = await store.putIfAbsent(`${commit.folderUri}${manifestName}`, manifestOf(commit));
  if (outcome === "different") {
    throw new EngineError(
      "OUTPUT_EXISTS",
      `${commit.folderUri} already holds a committed output of another job; choose another folder`,
      { file: `${commit.folderUri}${manifestName}` },
    );
  }
}

/**
 * Any leader may run this for the same commit, any number of times and at the same time as others:
 * each step finds its own work done. No reader of the manifest sees a row before every file is
 * complete. Rejects with OUTPUT_EXISTS when another manifest stands there (files of ours may then
 * lie beside it, unlisted and so unread), or with the store's error.
 */
export async function commitOutput(store: ObjectStore, commit: OutputCommit): Promise<void> {
  // Once the manifest stands the output is committed: whatever became of its files since, nothing
  // may turn that into a failure. And beside a foreign one no file of ours need appear.
  if (!(await isOutputCommitted(store, commit.folderUri))) {
    await completeAll(store, commit.uploads);
  }
  await putManifest(store, commit);
  await store.putIfAbsent(`${commit.folderUri}${successMarkerName}`, new Uint8Array(0));
}

/** Whether somebody's committed output stands in the folder. */
export async function isOutputCommitted(store: ObjectStore, folderUri: string): Promise<boolean> {
  return (await store.stat(`${folderUri}${manifestName}`)) !== undefined;
}
