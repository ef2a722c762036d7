// The `s3://` object store (MinIO, Amazon S3): conditional writes, and probes where an answer was
// lost.
import { assert, EngineError } from "../errors.ts";
import { storeRetryPauseMs, storeSilenceMsMax } from "../limits/store.ts";
import type { ObjectInfo, PutOutcome } from "../ports/store.ts";
import { isSwept, lastName, splitBucketUri, splitObjectUri } from "./store-names.ts";
import type { S3Options } from "./store-options.ts";
import { assertScratch, type ScratchStore } from "./store-probe.ts";
import { connectS3 } from "./store-s3-client.ts";
import { listObjects, uploadsOf } from "./store-s3-list.ts";
import { ask, refusal, replyOrFail, type S3Session, unknownOutcome } from "./store-s3-retry.ts";
import { abortMultipart, beginMultipart, completeMultipart } from "./store-s3-upload.ts";

/** How patient the store is; tests are less so. */
export interface S3Patience {
  readonly pauseMs?: number;
  readonly silenceMs?: number;
}

export function createS3Store(options: S3Options, patience: S3Patience = {}): ScratchStore {
  let opening: Promise<S3Session> | undefined;
  const session = () => {
    opening ??= connectS3(options, patience.silenceMs ?? storeSilenceMsMax).then((client) => {
      return { client, pauseMs: patience.pauseMs ?? storeRetryPauseMs };
    });
    return opening;
  };
  return {
    list: async (pattern, within) => {
      const s3 = await session();
      return listObjects(s3, pattern, (uri) => stat(s3, uri), within);
    },
    stat: async (uri) => stat(await session(), uri),
    read: async (uri, offset, length) => read(await session(), uri, offset, length),
    putIfAbsent: async (uri, bytes) => putIfAbsent(await session(), uri, bytes),
    beginUpload: async (uri, owner) => beginMultipart(await session(), uri, owner),
    completeUpload: async (upload) => completeMultipart(await session(), upload),
    abortUpload: async (upload) => abortMultipart(await session(), upload),
    sweep: async (folderUri, owner, tokenEnd) => sweep(await session(), folderUri, owner, tokenEnd),
    removeScratch: async (uri) => removeScratch(await session(), uri),
  };
}

async function stat(session: S3Session, uri: string): Promise<ObjectInfo | undefined> {
  const what = `look at ${uri}`;
  const answer = await ask(session, { method: "HEAD", ...splitObjectUri(uri, "s3") });
  const reply = replyOrFail(session, answer, what);
  if (reply.status === 404) return undefined;
  if (reply.status !== 200) throw refusal(session, reply, what);
  const sizeBytes = Number(reply.headers["content-length"]);
  assert(Number.isSafeInteger(sizeBytes), `size of ${uri} is an integer`);
  return { uri, sizeBytes };
}

async function read(
  session: S3Session,
  uri: string,
  offset: number,
  length: number,
): Promise<Uint8Array> {
  assert(offset >= 0 && length >= 0, `range ${offset}+${length} of ${uri} is not negative`);
  if (length === 0) return new Uint8Array(0);
  const bytes = await readRange(session, uri, offset, length);
  if (bytes !== undefined) return bytes;
  throw new EngineError("INPUT_NOT_FOUND", `${uri} does not exist`, { file: uri });
}

/** Undefined when there is no such object. */
async function readRange(
  session: S3Session,
  uri: string,
  offset: number,
  length: number,
): Promise<Uint8Array | undefined> {
  const what = `read ${length} bytes from ${offset} of ${uri}`;
  const answer = await ask(session, {
    method: "GET",
    ...splitObjectUri(uri, "s3"),
    headers: { range: `bytes=${offset}-${offset + length - 1}` },
  });
  const reply = replyOrFail(session, answer, what);
  if (reply.status === 404 && reply.errorCode !== "NoSuchBucket") return undefined;
  // Nothing from there on; of an empty object, any range.
  if (reply.status === 416) return new Uint8Array(0);
  // A server may ignore the range and answer the whole.
  if (reply.status === 200) return reply.body.subarray(offset, offset + length);
  if (reply.status !== 206) throw refusal(session, reply, what);
  return reply.body;
}

/**
 * Repeating the request is itself the probe: once any attempt was applied, the next is told 412,
 * and what stands there is compared.
 */
async function putIfAbsent(
  session: S3Session,
  uri: string,
  bytes: Uint8Array,
): Promise<PutOutcome> {
  const what = `create ${uri}`;
  const answer = await ask(session, {
    method: "PUT",
    ...splitObjectUri(uri, "s3"),
    headers: { "if-none-match": "*", "content-type": "application/octet-stream" },
    body: bytes,
  });
  if (answer.kind === "reply") {
    const { reply, doubtful } = answer;
    if (reply.status === 200) return "written";
    if (reply.status !== 412 && !doubtful) throw refusal(session, reply, what);
  }
  const doubtful = answer.kind === "silence" || answer.doubtful;
  const there = await readRange(session, uri, 0, bytes.length + 1).catch((error) => {
    throw doubtful ? unknownOutcome(session, answer, what) : error;
  });
  if (there === undefined) throw unknownOutcome(session, answer, what);
  return Buffer.compare(there, bytes) === 0 ? "same" : "different";
}

async function sweep(
  session: S3Session,
  folderUri: string,
  owner: string,
  tokenEnd: number,
): Promise<number> {
  const { bucket, key } = splitBucketUri(folderUri, "s3");
  const folder = key === "" || key.endsWith("/") ? key : `${key}/`;
  const uploads = (await uploadsOf(session, bucket, folder, owner)).filter((upload) =>
    isSwept(lastName(upload.key), owner, tokenEnd),
  );
  for (const { key: uploadKey, uploadId } of uploads) {
    const uri = `s3://${bucket}/${uploadKey}`;
    await abortMultipart(session, { uri, uploadId, etags: [], sizeBytes: 0 });
  }
  return uploads.length;
}

async function removeScratch(session: S3Session, uri: string): Promise<void> {
  assertScratch(uri);
  const what = `remove ${uri}`;
  const answer = await ask(session, { method: "DELETE", ...splitObjectUri(uri, "s3") });
  const reply = replyOrFail(session, answer, what);
  if (reply.status !== 204 && reply.status !== 200 && reply.status !== 404) {
    throw refusal(session, reply, what);
  }
}
