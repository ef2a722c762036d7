// Bounds of stores of objects: requests, uploads, listings, globs.

/** Bytes of output encoded before they are written to an upload. */
export const outputWriteBytes = 1024 * 1024;
/** One part of a multipart upload; S3 asks for at least 5 MiB on all but the last. */
export const uploadPartBytes = 8 * 1024 * 1024;
/** Parts of one multipart upload: S3's own bound. */
export const uploadPartsMax = 10_000;
/** Attempts of one object store request, with pauses that double from storeRetryPauseMs (about 6 s in all). */
export const storeAttemptsMax = 7;
export const storeRetryPauseMs = 100;
/** An object store that sends nothing for this long is taken to be gone; a write's outcome is then unknown. */
export const storeSilenceMsMax = 30_000;
/** Connections of one process to an object store. */
export const storeSocketsMax = 64;
/** Objects of one listing: beyond it the splits would not fit a stage graph. */
export const listedObjectsMax = 1_000_000;
/** Folders deep that a listing of files goes: ends a loop of symbolic links. */
export const listedFoldersDeepMax = 64;
/** Patterns that the braces of one glob may stand for. */
export const globAlternativesMax = 256;
