// Failures of a disk as errors of ours.

import { EngineError } from "../errors.ts";

export function errnoOf(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error) || !("code" in thrown)) return undefined;
  return typeof thrown.code === "string" ? thrown.code : undefined;
}

export function isAbsent(thrown: unknown): boolean {
  return errnoOf(thrown) === "ENOENT";
}

/** `doing` reads like "writing 120 bytes to /data/wal/3". */
export function diskError(thrown: unknown, doing: string): EngineError {
  if (thrown instanceof EngineError) return thrown;
  const errno = errnoOf(thrown);
  if (errno === "ENOSPC" || errno === "EDQUOT") {
    return new EngineError(
      "DISK_FULL",
      `the disk is full: ${doing} failed with ${errno}; free space or move the data folder, ` +
        `then start again`,
      {},
      thrown,
    );
  }
  const why = thrown instanceof Error ? thrown.message : String(thrown);
  return new EngineError(
    "DISK_FAILED",
    `the disk failed: ${doing}: ${why}; check the disk and its permissions, then start again`,
    {},
    thrown,
  );
}

/** Runs one disk operation and names it if it fails. */
export async function onDisk<Result>(
  doing: string,
  operation: () => Promise<Result>,
): Promise<Result> {
  try {
    return await operation();
  } catch (thrown) {
    throw diskError(thrown, doing);
  }
}
