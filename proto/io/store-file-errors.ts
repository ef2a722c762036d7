// What a refusal of the file system means to the engine, and the way from a file URI to a path.
import { posix } from "node:path";
import { EngineError } from "../errors.ts";

/** The path of a `file:///…` URI; `%20` and the like are decoded where they are valid. */
export function pathOfFileUri(uri: string): string {
  const match = /^file:\/\/(?:localhost)?(\/.*)$/s.exec(uri);
  if (match?.[1] === undefined || match[1].includes("\0")) {
    throw new EngineError("USAGE", `'${uri}' is no file URI: write file:///folder/name`);
  }
  return posix.normalize(decodePath(match[1]));
}

function decodePath(path: string): string {
  return path.replace(/(%[0-9A-Fa-f]{2})+/g, (escapes) => {
    try {
      return decodeURIComponent(escapes);
    } catch (error) {
      // Bytes that are no UTF-8 are no escape: the name really holds a '%'.
      if (error instanceof URIError) return escapes;
      throw error;
    }
  });
}

/** The URI that pathOfFileUri reads back as this path. */
export function fileUriOfPath(path: string): string {
  return `file://${path.replaceAll("%", "%25")}`;
}

export function errnoOf(thrown: unknown): string {
  return thrown instanceof Error && "code" in thrown ? String(thrown.code) : "";
}

/** `what` completes the sentence "could not …". */
export function fileFailure(thrown: unknown, what: string): unknown {
  const errno = errnoOf(thrown);
  if (thrown instanceof EngineError || errno === "") return thrown;
  const message = `could not ${what}: ${errno}`;
  switch (errno) {
    case "ENOSPC":
    case "EDQUOT":
      return new EngineError(
        "DISK_FULL",
        `${message}; free some space, then try again`,
        {},
        thrown,
      );
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return new EngineError("STORE_DENIED", `${message}; grant this user access`, {}, thrown);
    case "EEXIST":
    case "ENOTDIR":
    case "EISDIR":
      return new EngineError(
        "STORE_DENIED",
        `${message}: a file and a folder would have one name; choose another path`,
        {},
        thrown,
      );
    default:
      return new EngineError("STORE_FAILED", message, {}, thrown);
  }
}
