// One run of the suite at a time writes to a folder of results: lines of two under one header would tell nothing.

import { EngineError } from "../../../proto/errors.ts";
import { type FolderLock, lockFolder } from "../../../proto/io/disk-lock.ts";
import { UsageError } from "../usage-error.ts";

async function lock(folder: string): Promise<FolderLock> {
  try {
    return await lockFolder(folder);
  } catch (failure) {
    if (!(failure instanceof EngineError) || failure.code !== "DATA_FOLDER_LOCKED") throw failure;
    throw new UsageError(`another run of the suite writes there: ${failure.message}`);
  }
}

/** Throws UsageError while another process holds the folder; one that died holds nothing. */
export async function whileLocked<T>(folder: string, body: () => Promise<T>): Promise<T> {
  const held = await lock(folder);
  try {
    return await body();
  } finally {
    await held.release();
  }
}
