// Multipart uploads: begun, filled part by part, and completed by whoever holds the handle.
import { createHash } from "node:crypto";
import { assert, EngineError } from "../errors.ts";
import { uploadPartBytes, uploadPartsMax } from "../limits/store.ts";
import type { PendingUpload, UploadWriter } from "../ports/store.ts";
import { assertNamesOwner, splitObjectUri } from "./store-names.ts";
import { ask, refusal, replyOrFail, type S3Session, unknownOutcome } from "./store-s3-retry.ts";
import { escapeXml, xmlText } from "./store-xml.ts";

export async function beginMultipart(
  session: S3Session,
  uri: string,
  owner: string,
): Promise<UploadWriter> {
  assertNamesOwner(uri, owner);
  const place = splitObjectUri(uri, "s3");
  const what = `begin the upload of ${uri}`;
  // Repeated without an answer it may leave a second, empty upload: a sweep finds it by its name.
  const answer = await ask(session, { method: "POST", ...place, query: { uploads: "" } });
  const reply = replyOrFail(session, answer, what);
  if (reply.status !== 200) throw refusal(session, reply, what);
  const uploadId = xmlText(reply.body.toString("utf8"), "UploadId");
  if (uploadId === undefined || uploadId === "") {
    throw new EngineError("STORE_FAILED", `could not ${what}: the answer has no UploadId`);
  }
  return multipartWriter(session, uri, uploadId);
}

/** Gathers parts of the size S3 asks for; one part is sent while the next one fills. */
function multipartWriter(session: S3Session, uri: string, uploadId: string): UploadWriter {
  const etags: string[] = [];
  let state: "open" | "busy" | "finished" | "aborted" = "open";
  let sizeBytes = 0;
  let part = Buffer.allocUnsafeSlow(0);
  let filled = 0;
  let sending: Promise<void> = Promise.resolve();
  const sendPart = async () => {
    await sending;
    const number = etags.length + 1;
    const bytes = part.subarray(0, filled);
    part = Buffer.allocUnsafeSlow(0);
    filled = 0;
    sending = uploadPart(session, uri, uploadId, number, bytes).then((etag) => {
      etags.push(etag);
    });
    // Its failure is met by the next write or by finish; until then it must not end the process.
    sending.catch(() => undefined);
  };
  return {
    write: async (bytes) => {
      assert(state === "open", `upload ${uri} takes one write at a time, until it is finished`);
      state = "busy";
      for (let done = 0; done < bytes.length; ) {
        if (part.length === 0) part = Buffer.allocUnsafeSlow(uploadPartBytes);
        const taken = Math.min(bytes.length - done, part.length - filled);
        part.set(bytes.subarray(done, done + taken), filled);
        done += taken;
        filled += taken;
        sizeBytes += taken;
        if (filled === part.length) await sendPart();
      }
      state = "open";
    },
    finish: async () => {
      assert(state === "open", `upload ${uri} is finished once, after its last write`);
      state = "busy";
      // An upload needs a part, if only an empty one.
      if (filled > 0 || sizeBytes === 0) await sendPart();
      await sending;
      state = "finished";
      return { uri, uploadId, etags, sizeBytes };
    },
    abort: async () => {
      state = "aborted";
      // A part that arrives after the abort would be kept, and paid for.
      await sending.catch(() => undefined);
      await abortMultipart(session, { uri, uploadId, etags, sizeBytes });
    },
  };
}

async function uploadPart(
  session: S3Session,
  uri: string,
  uploadId: string,
  number: number,
  bytes: Uint8Array,
): Promise<string> {
  if (number > uploadPartsMax) {
    const limit = `${uploadPartsMax} parts of ${uploadPartBytes} bytes`;
    const advice = "write more, smaller files by using more partitions";
    throw new EngineError("LIMIT_EXCEEDED", `${uri} is larger than ${limit}; ${advice}`);
  }
  const what = `upload part ${number} (${bytes.length} bytes) of ${uri}`;
  const query = { partNumber: String(number), uploadId };
  const request = { method: "PUT", ...splitObjectUri(uri, "s3"), query, body: bytes } as const;
  const reply = replyOrFail(session, await ask(session, request), what);
  const etag = bareEtag(reply.headers.etag);
  if (reply.status === 200 && etag !== "") return etag;
  throw refusal(session, reply, what);
}

function bareEtag(header: string | undefined): string {
  return (header ?? "").replaceAll('"', "");
}

/**
 * Makes the upload visible unless the name is taken; finds out what happened where no answer says
 * so.
 */
export async function completeMultipart(session: S3Session, upload: PendingUpload): Promise<void> {
  const place = splitObjectUri(upload.uri, "s3");
  const parts = upload.etags.map(
    (etag, i) => `<Part><PartNumber>${i + 1}</PartNumber><ETag>${escapeXml(etag)}</ETag></Part>`,
  );
  const xml = `<CompleteMultipartUpload>${parts.join("")}</CompleteMultipartUpload>`;
  const answer = await ask(session, {
    method: "POST",
    ...place,
    query: { uploadId: upload.uploadId },
    headers: { "if-none-match": "*", "content-type": "application/xml" },
    body: Buffer.from(xml),
  });
  if (answer.kind === "reply" && answer.reply.status === 200) return;
  const what = `complete the upload of ${upload.uri}`;
  const gone = answer.kind === "reply" && answer.reply.errorCode === "NoSuchUpload";
  const taken = answer.kind === "reply" && answer.reply.status === 412;
  if (answer.kind === "reply" && !gone && !taken && !answer.doubtful) {
    throw refusal(session, answer.reply, what);
  }
  const there = await ask(session, { method: "HEAD", ...place });
  if (there.kind === "silence") throw unknownOutcome(session, there, what);
  if (there.reply.status === 200) {
    if (isUpload(upload, there.reply.headers)) return;
    throw new EngineError(
      "OUTPUT_EXISTS",
      `${upload.uri} exists with other contents than this upload's ${upload.sizeBytes} bytes; ` +
        "it was left as it is. Choose another output folder",
    );
  }
  if (there.reply.status === 404 && gone && answer.kind === "reply" && !answer.doubtful) {
    throw new EngineError(
      "STORE_UPLOAD_LOST",
      `the finished upload of ${upload.uri} is lost: the store knows neither it nor the object ` +
        `(${upload.sizeBytes} bytes); it was aborted or it expired, so run the job again`,
    );
  }
  throw unknownOutcome(session, answer, what);
}

/**
 * Whether the object is what this upload becomes: by size, and by ETag unless encryption hides it.
 */
function isUpload(upload: PendingUpload, headers: NodeJS.Dict<string | string[]>): boolean {
  if (Number(headers["content-length"]) !== upload.sizeBytes) return false;
  const encryption = String(headers["x-amz-server-side-encryption"] ?? "");
  const customer = headers["x-amz-server-side-encryption-customer-algorithm"] !== undefined;
  const derived = multipartEtag(upload.etags);
  if (derived === undefined || customer || encryption.startsWith("aws:kms")) return true;
  return bareEtag(String(headers.etag ?? "")) === derived;
}

/** ETag of a completed upload: MD5 over the parts' MD5s. Undefined where part ETags are no MD5. */
export function multipartEtag(etags: readonly string[]): string | undefined {
  if (etags.length === 0 || !etags.every((etag) => /^[0-9a-f]{32}$/.test(etag))) return undefined;
  const digest = createHash("md5")
    .update(Buffer.from(etags.join(""), "hex"))
    .digest("hex");
  return `${digest}-${etags.length}`;
}

/** Of an upload that is completed or aborted already nothing is left to do. */
export async function abortMultipart(session: S3Session, upload: PendingUpload): Promise<void> {
  const what = `abort the upload of ${upload.uri}`;
  const query = { uploadId: upload.uploadId };
  const place = splitObjectUri(upload.uri, "s3");
  const reply = replyOrFail(
    session,
    await ask(session, { method: "DELETE", ...place, query }),
    what,
  );
  if (reply.status !== 204 && reply.status !== 200 && reply.errorCode !== "NoSuchUpload") {
    throw refusal(session, reply, what);
  }
}
