// Lists objects and uncompleted uploads of a bucket, page by page.
import { assert, EngineError } from "../errors.ts";
import { listedObjectsMax } from "../limits/store.ts";
import { compileGlob, globLiteralPrefix, isGlob } from "../plan/glob.ts";
import type { NameRange, ObjectInfo } from "../ports/store.ts";
import {
  compareUriBytes,
  isSkipped,
  isWithin,
  lastName,
  sortedByUri,
  splitBucketUri,
  uploadOwner,
} from "./store-names.ts";
import { ask, refusal, replyOrFail, type S3Session } from "./store-s3-retry.ts";
import { decodeListedName, xmlElements, xmlText } from "./store-xml.ts";

export async function listObjects(
  session: S3Session,
  pattern: string,
  sizeOf: (uri: string) => Promise<ObjectInfo | undefined>,
  within?: NameRange,
): Promise<readonly ObjectInfo[]> {
  const { bucket, key } = splitBucketUri(pattern, "s3");
  if (isGlob(key)) {
    const glob = compileGlob(key);
    const prefix = globLiteralPrefix(key);
    const objects = await objectsBelow(session, bucket, prefix, within);
    return sortedByUri(objects.filter((object) => glob.matches(keyOf(bucket, object))));
  }
  if (key !== "" && !key.endsWith("/")) {
    const one = await sizeOf(pattern);
    return one === undefined ? listObjects(session, `${pattern}/`, sizeOf, within) : [one];
  }
  return sortedByUri(await objectsBelow(session, bucket, key, within));
}

function keyOf(bucket: string, object: ObjectInfo): string {
  return object.uri.slice(`s3://${bucket}/`.length);
}

/** Every object whose key begins with the prefix, but those that listings skip. */
async function objectsBelow(
  session: S3Session,
  bucket: string,
  prefix: string,
  within: NameRange | undefined,
): Promise<readonly ObjectInfo[]> {
  // What comes after it begins with the first name, or with names between the two.
  const before = within?.first.slice(`s3://${bucket}/`.length, -1) ?? "";
  const found: ObjectInfo[] = [];
  let next: string | undefined;
  do {
    const query = {
      "list-type": "2",
      "encoding-type": "url",
      prefix,
      ...(before === "" ? {} : { "start-after": before }),
      ...(next === undefined ? {} : { "continuation-token": next }),
    };
    const page = await pageOf(session, bucket, query, `list s3://${bucket}/${prefix}`);
    for (const item of xmlElements(page, "Contents")) {
      const key = decodeListedName(required(item, "Key"));
      const sizeBytes = Number(required(item, "Size"));
      assert(Number.isSafeInteger(sizeBytes), `listed size of ${key} is an integer`);
      const uri = `s3://${bucket}/${key}`;
      // Keys come in order: nothing of the part follows.
      if (within !== undefined && compareUriBytes(uri, within.last) > 0) return found;
      if (!isSkipped(key, prefix) && isWithin(uri, within)) found.push({ uri, sizeBytes });
    }
    if (found.length > listedObjectsMax) {
      throw new EngineError(
        "LIMIT_EXCEEDED",
        `more than ${listedObjectsMax} objects begin with s3://${bucket}/${prefix}; narrow it`,
      );
    }
    const last = next;
    next =
      xmlText(page, "IsTruncated") === "true" ? xmlText(page, "NextContinuationToken") : undefined;
    assert(next === undefined || next !== last, "a listing moves on with every page");
  } while (next !== undefined);
  return found;
}

export interface ListedUpload {
  readonly key: string;
  readonly uploadId: string;
}

/**
 * Uncompleted uploads of one owner below the folder. MinIO lists by exact key or for the whole
 * bucket, so a server that is not Amazon's is asked both ways.
 */
export async function uploadsOf(
  session: S3Session,
  bucket: string,
  folder: string,
  owner: string,
): Promise<readonly ListedUpload[]> {
  const prefixes = session.client.amazon || folder === "" ? [folder] : [folder, ""];
  const found = new Map<string, ListedUpload>();
  for (const prefix of prefixes) {
    for (const upload of await uploadsBelow(session, bucket, prefix)) {
      const mine = uploadOwner(lastName(upload.key)) === owner;
      if (mine && upload.key.startsWith(folder)) found.set(upload.uploadId, upload);
    }
  }
  return [...found.values()];
}

async function uploadsBelow(
  session: S3Session,
  bucket: string,
  prefix: string,
): Promise<readonly ListedUpload[]> {
  const found: ListedUpload[] = [];
  let marker: { readonly key: string; readonly uploadId: string } | undefined;
  do {
    const query = {
      uploads: "",
      "encoding-type": "url",
      prefix,
      ...(marker === undefined
        ? {}
        : { "key-marker": marker.key, "upload-id-marker": marker.uploadId }),
    };
    const page = await pageOf(
      session,
      bucket,
      query,
      `list uploads below s3://${bucket}/${prefix}`,
    );
    for (const item of xmlElements(page, "Upload")) {
      const key = decodeListedName(required(item, "Key"));
      found.push({ key, uploadId: required(item, "UploadId") });
    }
    const nextKey = xmlText(page, "NextKeyMarker");
    const more = xmlText(page, "IsTruncated") === "true" && nextKey !== undefined;
    const next = more
      ? { key: decodeListedName(nextKey), uploadId: xmlText(page, "NextUploadIdMarker") ?? "" }
      : undefined;
    assert(
      next === undefined || next.key !== marker?.key || next.uploadId !== marker.uploadId,
      "a listing of uploads moves on with every page",
    );
    marker = next;
  } while (marker !== undefined && found.length <= listedObjectsMax);
  return found;
}

async function pageOf(
  session: S3Session,
  bucket: string,
  query: Readonly<Record<string, string>>,
  what: string,
): Promise<string> {
  const answer = await ask(session, { method: "GET", bucket, query });
  const reply = replyOrFail(session, answer, what);
  if (reply.status !== 200) throw refusal(session, reply, what);
  return reply.body.toString("utf8");
}

function required(item: string, name: string): string {
  const text = xmlText(item, name);
  if (text !== undefined) return text;
  throw new EngineError("STORE_FAILED", `a listing of the object store lacks <${name}>`);
}
