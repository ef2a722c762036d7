// What makes files and their names durable; nothing where nobody will ever read them again.

import { type FileHandle, open } from "node:fs/promises";

export interface DiskOptions {
  /** False where nobody will ever read the files again once this process is gone: then nothing is synced. */
  readonly isDurable?: boolean;
}

export interface Syncs {
  /** The file with all that is known of it. */
  file(handle: FileHandle): Promise<void>;
  /** Its bytes, and of the rest what it takes to read them. */
  data(handle: FileHandle): Promise<void>;
  /** The names in a folder. */
  folder(path: string): Promise<void>;
}

const syncs: Syncs = {
  file: (handle) => handle.sync(),
  data: (handle) => handle.datasync(),
  folder: async (path) => {
    const handle = await open(path, "r");
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
};

const noSyncs: Syncs = { file: async () => {}, data: async () => {}, folder: async () => {} };

export function syncsOf({ isDurable = true }: DiskOptions): Syncs {
  return isDurable ? syncs : noSyncs;
}
