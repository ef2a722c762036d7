// Bounds of files and data folders.

/** Operations waiting on one open file: its owner awaits them in small groups. */
export const diskOperationsQueuedMax = 1024;
/** Bytes that are written by a call of this thread: about the cost of handing them to another one. */
export const diskWriteNowBytesMax = 64 * 1024;
/** Space that is reserved at once from here on is a hole, which costs blocks later instead of zeros now. */
export const diskHoleBytesMin = 1024 * 1024;
/** A file that is read piece by piece is so in pieces of this size: about a hundred microseconds' reading. */
export const diskPieceBytes = 1024 * 1024;
/** Attempts to take the lock of a data folder while others race for it. */
export const diskLockAttemptsMax = 16;
/** A growing output is sent to the disk after so many bytes: a fraction of a second of a disk's time. */
export const earlySyncBytes = 8 * 1024 * 1024;
