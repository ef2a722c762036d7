// How objects are named: URIs, whose upload a file name is, what listings skip, and in which order
// they come.
import { assert, EngineError } from "../errors.ts";
import type { NameRange, ObjectInfo } from "../ports/store.ts";

/** `s3://bucket/key` or `mem://bucket/key`, split; keys are literal, not percent-encoded. */
export interface BucketAndKey {
  readonly bucket: string;
  readonly key: string;
}

export function splitBucketUri(uri: string, scheme: "s3" | "mem"): BucketAndKey {
  const head = `${scheme}://`;
  const slash = uri.indexOf("/", head.length);
  const bucket = uri.slice(head.length, slash < 0 ? undefined : slash);
  if (!uri.startsWith(head) || !/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket)) {
    throw new EngineError(
      "USAGE",
      `'${uri}' is no ${scheme}:// URI: write ${head}bucket/key, with a bucket of 3 to 63 ` +
        "characters out of a-z, 0-9, '-' and '.'",
    );
  }
  return { bucket, key: slash < 0 ? "" : uri.slice(slash + 1) };
}

/** As splitBucketUri, for one object: a bucket or a folder is refused. */
export function splitObjectUri(uri: string, scheme: "s3" | "mem"): BucketAndKey {
  const place = splitBucketUri(uri, scheme);
  if (place.key === "" || place.key.endsWith("/")) {
    throw new EngineError("USAGE", `'${uri}' names no object: give a name after the last '/'`);
  }
  return place;
}

export function lastName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/**
 * `<word>-<number>-<owner>-<attempt>[.extension]`; the attempt has no '-', so owners are told apart
 * exactly.
 */
const uploadName = /^[A-Za-z]+-[0-9]+-(.+)-[^-]+$/;

/** Who began the upload of an object of this name; undefined when the name does not say. */
export function uploadOwner(name: string): string | undefined {
  return uploadName.exec(name)?.[1];
}

/** Attempts are numbers, of which those of several files of one task have more behind a '_'. */
const uploadToken = /-(\d+)(?:_\d+)?(?:\.[^-]*)?$/;

/** Whether a sweep for `owner` removes the upload of this name: it is of an attempt before `tokenEnd`. */
export function isSwept(name: string, owner: string, tokenEnd: number): boolean {
  if (uploadOwner(name) !== owner) return false;
  return Number(uploadToken.exec(name)?.[1] ?? 0) < tokenEnd;
}

/** The name is all that S3 lists of an upload, so a name without its owner could never be swept. */
export function assertNamesOwner(uri: string, owner: string): void {
  assert(/^[A-Za-z0-9._-]+$/.test(owner), `upload owner '${owner}' is a plain word`);
  assert(
    uploadOwner(lastName(uri)) === owner,
    `upload ${uri} is named <word>-<number>-${owner}-<attempt>, with no '-' in the attempt`,
  );
}

/** Whether listings skip what is named so, and all that is below. */
export function isHiddenName(name: string): boolean {
  return name.startsWith("_") || name.startsWith(".");
}

/**
 * Whether listings skip the path: some name below the prefix's folder begins with '_' or '.', or is
 * empty.
 */
export function isSkipped(path: string, prefix: string): boolean {
  const below = path.slice(prefix.lastIndexOf("/") + 1);
  return below.endsWith("/") || below === "" || /(^|\/)[_.]/.test(below);
}

/** Whether a listing of this part has the URI. */
export function isWithin(uri: string, within: NameRange | undefined): boolean {
  if (within === undefined) return true;
  return compareUriBytes(uri, within.first) >= 0 && compareUriBytes(uri, within.last) <= 0;
}

/**
 * Order of the UTF-8 bytes, without encoding them: UTF-16 differs only in where surrogates stand.
 */
export function compareUriBytes(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return utf8Rank(x) - utf8Rank(y);
  }
  return a.length - b.length;
}

function utf8Rank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit >= 0xe000 ? unit - 0x800 : unit + 0x2000;
}

/** Without surrogates and what lies above them the order of bytes is that of strings, which is faster by far. */
const isPlain = (text: string): boolean => !/[\ud800-\uffff]/.test(text);

export function sortedByBytes(names: readonly string[]): readonly string[] {
  if (!names.every(isPlain)) return [...names].sort(compareUriBytes);
  return [...names].sort();
}

export function sortedByUri(objects: readonly ObjectInfo[]): readonly ObjectInfo[] {
  if (!objects.every(({ uri }) => isPlain(uri)))
    return [...objects].sort((a, b) => compareUriBytes(a.uri, b.uri));
  return [...objects].sort((a, b) => (a.uri < b.uri ? -1 : Number(a.uri > b.uri)));
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
