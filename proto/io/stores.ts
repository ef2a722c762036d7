// One object store for every URI: hands each call to the store of the URI's scheme.
import { EngineError } from "../errors.ts";
import { createFileStore } from "./file-store.ts";
import { createS3Store } from "./s3-store.ts";
import type { S3Options } from "./store-options.ts";
import type { ScratchStore } from "./store-probe.ts";

export interface StoresOptions {
  readonly s3?: S3Options;
}

export function createStores(options: StoresOptions): ScratchStore {
  const file = createFileStore();
  const s3 = createS3Store(options.s3 ?? {});
  const storeOf = (uri: string): ScratchStore => {
    if (uri.startsWith("file://")) return file;
    if (uri.startsWith("s3://")) return s3;
    const scheme = /^([a-zA-Z][a-zA-Z0-9+.-]*):/.exec(uri)?.[1];
    const found = scheme === undefined ? "no scheme" : `the scheme '${scheme}:'`;
    throw new EngineError(
      "USAGE",
      `'${uri}' has ${found}; supported are file:///folder/name and s3://bucket/key`,
    );
  };
  return {
    list: async (pattern, within) => storeOf(pattern).list(pattern, within),
    stat: async (uri) => storeOf(uri).stat(uri),
    read: async (uri, offset, length) => storeOf(uri).read(uri, offset, length),
    putIfAbsent: async (uri, bytes) => storeOf(uri).putIfAbsent(uri, bytes),
    beginUpload: async (uri, owner) => storeOf(uri).beginUpload(uri, owner),
    completeUpload: async (upload) => storeOf(upload.uri).completeUpload(upload),
    abortUpload: async (upload) => storeOf(upload.uri).abortUpload(upload),
    sweep: async (folderUri, owner, tokenEnd) =>
      storeOf(folderUri).sweep(folderUri, owner, tokenEnd),
    removeScratch: async (uri) => storeOf(uri).removeScratch(uri),
  };
}
