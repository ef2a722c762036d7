// An object store in memory whose calls can fail before, after, or long before their effect.
import { assert, EngineError, unreachable } from "../errors.ts";
import {
  assertNamesOwner,
  equalBytes,
  isSkipped,
  isSwept,
  isWithin,
  lastName,
  sortedByUri,
  splitBucketUri,
  splitObjectUri,
} from "../io/store-names.ts";
import { compileGlob, globLiteralPrefix, isGlob } from "../plan/glob.ts";
import type { ObjectInfo, ObjectStore, PendingUpload, UploadWriter } from "../ports/store.ts";

export type StoreOperation =
  | "list"
  | "stat"
  | "read"
  | "putIfAbsent"
  | "beginUpload"
  | "write"
  | "finish"
  | "abort"
  | "completeUpload"
  | "abortUpload"
  | "sweep";

/**
 * What befalls one call. `refused`: no effect, STORE_FAILED. `replyLost`: effect,
 * STORE_UNKNOWN_OUTCOME. `late`: STORE_UNKNOWN_OUTCOME now, the effect when the test applies it.
 * `requestLost`: STORE_UNKNOWN_OUTCOME and never an effect. Calls that only read fail with
 * STORE_FAILED in all four cases.
 */
export type StoreFault = "none" | "refused" | "replyLost" | "late" | "requestLost";

export interface StoreCall {
  readonly operation: StoreOperation;
  readonly uri: string;
}

/** Decides on each call; a promise delays it, as a slow network would. */
export type StoreFaults = (call: StoreCall) => StoreFault | Promise<StoreFault>;

interface MemoryUpload {
  readonly uri: string;
  state: "open" | "completed" | "aborted";
  bytes: Uint8Array;
}

/** What the store holds: outlives the processes that use it, each through a store of its own. */
export interface MemoryBucket {
  readonly objects: Map<string, Uint8Array>;
  readonly uploads: Map<string, MemoryUpload>;
  /** Effects of requests that timed out and have not arrived yet; call one to let it arrive. */
  readonly late: (() => void)[];
}

export function memoryBucket(): MemoryBucket {
  return { objects: new Map(), uploads: new Map(), late: [] };
}

/** Uploads that nobody completed or aborted: what a sweep must bring to zero. */
export function openUploads(bucket: MemoryBucket): readonly string[] {
  return [...bucket.uploads].filter(([, upload]) => upload.state === "open").map(([id]) => id);
}

export function createMemoryStore(
  bucket: MemoryBucket = memoryBucket(),
  faults: StoreFaults = () => "none",
): ObjectStore {
  const run = <Value>(call: StoreCall, effect: () => Value) => befall(bucket, faults, call, effect);
  return {
    list: (pattern, within) =>
      run({ operation: "list", uri: pattern }, () =>
        list(bucket, pattern).filter(({ uri }) => isWithin(uri, within)),
      ),
    stat: (uri) => run({ operation: "stat", uri }, () => stat(bucket, uri)),
    read: (uri, offset, length) =>
      run({ operation: "read", uri }, () => read(bucket, uri, offset, length)),
    putIfAbsent: (uri, bytes) => {
      const kept = bytes.slice();
      return run({ operation: "putIfAbsent", uri }, () => putIfAbsent(bucket, uri, kept));
    },
    beginUpload: (uri, owner) =>
      run({ operation: "beginUpload", uri }, () => beginUpload(bucket, run, uri, owner)),
    completeUpload: (upload) =>
      run({ operation: "completeUpload", uri: upload.uri }, () => complete(bucket, upload)),
    abortUpload: (upload) =>
      run({ operation: "abortUpload", uri: upload.uri }, () => abort(bucket, upload.uploadId)),
    sweep: (uri, owner, tokenEnd) =>
      run({ operation: "sweep", uri }, () => sweep(bucket, uri, owner, tokenEnd)),
  };
}

async function befall<Value>(
  bucket: MemoryBucket,
  faults: StoreFaults,
  call: StoreCall,
  effect: () => Value,
): Promise<Value> {
  const fault = await faults(call);
  const what = `${call.operation} of ${call.uri}`;
  if (fault === "none") return effect();
  if (fault === "refused" || ["list", "stat", "read"].includes(call.operation)) {
    throw new EngineError("STORE_FAILED", `injected failure: ${what} was refused`);
  }
  const unanswered = () => {
    try {
      effect();
    } catch (error) {
      // The store did refuse, but there is nobody left to hear it.
      if (!(error instanceof EngineError)) throw error;
    }
  };
  switch (fault) {
    case "replyLost":
      unanswered();
      break;
    case "late":
      bucket.late.push(unanswered);
      break;
    case "requestLost":
      break;
    default:
      unreachable(fault);
  }
  throw new EngineError("STORE_UNKNOWN_OUTCOME", `injected failure: no answer to ${what}`);
}

type Run = <Value>(call: StoreCall, effect: () => Value) => Promise<Value>;

function list(bucket: MemoryBucket, pattern: string): readonly ObjectInfo[] {
  const { bucket: name, key } = splitBucketUri(pattern, "mem");
  const glob = isGlob(key);
  const one = bucket.objects.get(pattern);
  if (!glob && one !== undefined) return [{ uri: pattern, sizeBytes: one.length }];
  const folder = key === "" || key.endsWith("/") ? key : `${key}/`;
  const prefix = glob ? globLiteralPrefix(key) : folder;
  const matches = glob ? compileGlob(key).matches : () => true;
  const found: ObjectInfo[] = [];
  for (const [uri, bytes] of bucket.objects) {
    const place = splitBucketUri(uri, "mem");
    if (place.bucket !== name || !place.key.startsWith(prefix)) continue;
    if (isSkipped(place.key, prefix) || !matches(place.key)) continue;
    found.push({ uri, sizeBytes: bytes.length });
  }
  return sortedByUri(found);
}

function stat(bucket: MemoryBucket, uri: string): ObjectInfo | undefined {
  splitObjectUri(uri, "mem");
  const bytes = bucket.objects.get(uri);
  return bytes === undefined ? undefined : { uri, sizeBytes: bytes.length };
}

function read(bucket: MemoryBucket, uri: string, offset: number, length: number): Uint8Array {
  const bytes = bucket.objects.get(uri);
  if (bytes !== undefined) return bytes.slice(offset, offset + length);
  throw new EngineError("INPUT_NOT_FOUND", `${uri} does not exist`, { file: uri });
}

function putIfAbsent(bucket: MemoryBucket, uri: string, bytes: Uint8Array) {
  splitObjectUri(uri, "mem");
  const there = bucket.objects.get(uri);
  if (there === undefined) {
    bucket.objects.set(uri, bytes);
    return "written";
  }
  return equalBytes(there, bytes) ? "same" : "different";
}

function beginUpload(bucket: MemoryBucket, run: Run, uri: string, owner: string): UploadWriter {
  assertNamesOwner(uri, owner);
  splitObjectUri(uri, "mem");
  const uploadId = `upload-${bucket.uploads.size + 1}`;
  const upload: MemoryUpload = { uri, state: "open", bytes: new Uint8Array(0) };
  bucket.uploads.set(uploadId, upload);
  const chunks: Uint8Array[] = [];
  let state: "open" | "busy" | "finished" = "open";
  return {
    write: async (bytes) => {
      // Stays busy after a failure: what part of the bytes arrived is unknown.
      assert(state === "open", `upload ${uri} takes one write at a time, until it is finished`);
      state = "busy";
      const kept = bytes.slice();
      await run({ operation: "write", uri }, () => chunks.push(kept));
      state = "open";
    },
    finish: async () => {
      assert(state === "open", `upload ${uri} is finished once, after its last write`);
      state = "busy";
      await run({ operation: "finish", uri }, () => {
        upload.bytes = joined(chunks);
      });
      state = "finished";
      return { uri, uploadId, etags: [], sizeBytes: upload.bytes.length };
    },
    abort: () => run({ operation: "abort", uri }, () => abort(bucket, uploadId)),
  };
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}

function complete(bucket: MemoryBucket, pending: PendingUpload): void {
  const upload = bucket.uploads.get(pending.uploadId);
  const there = bucket.objects.get(pending.uri);
  if (there !== undefined) {
    if (upload !== undefined && equalBytes(there, upload.bytes)) {
      upload.state = "completed";
      return;
    }
    throw new EngineError("OUTPUT_EXISTS", `${pending.uri} exists with other contents`);
  }
  if (upload?.state !== "open") {
    throw new EngineError("STORE_UPLOAD_LOST", `the finished upload of ${pending.uri} is lost`);
  }
  assert(upload.uri === pending.uri, `upload ${pending.uploadId} is completed under its own name`);
  bucket.objects.set(pending.uri, upload.bytes);
  upload.state = "completed";
}

function abort(bucket: MemoryBucket, uploadId: string): void {
  const upload = bucket.uploads.get(uploadId);
  if (upload?.state === "open") upload.state = "aborted";
}

function sweep(bucket: MemoryBucket, folderUri: string, owner: string, tokenEnd: number): number {
  const folder = folderUri.endsWith("/") ? folderUri : `${folderUri}/`;
  const mine = openUploads(bucket).filter((id) => {
    const uri = bucket.uploads.get(id)?.uri ?? "";
    return uri.startsWith(folder) && isSwept(lastName(uri), owner, tokenEnd);
  });
  for (const id of mine) abort(bucket, id);
  return mine.length;
}
