// Syncs a file while it is still being written: what is left for its last sync is then on its way already, and whoever
// waits for that waits shortly.

import type { FileHandle } from "node:fs/promises";
import { syncedEarlyBytes } from "../limits/store.ts";

export class EarlySync {
  private readonly handle: FileHandle;
  /** Written since the last sync began. */
  private bytes = 0;
  private running: Promise<void> | undefined;
  private failure: { readonly error: unknown } | undefined;

  constructor(handle: FileHandle) {
    this.handle = handle;
  }

  /** After each write. Throws what an earlier sync has failed with: a later one would not know of it. */
  wrote(bytes: number): void {
    if (this.failure !== undefined) throw this.failure.error;
    this.bytes += bytes;
    if (this.running !== undefined || this.bytes < syncedEarlyBytes) return;
    this.bytes = 0;
    this.running = this.handle.datasync().then(
      () => {
        this.running = undefined;
      },
      (error: unknown) => {
        this.failure = { error };
        this.running = undefined;
      },
    );
  }

  /** Once none is running any more. Throws as `wrote` does. */
  async settle(): Promise<void> {
    await this.running;
    if (this.failure !== undefined) throw this.failure.error;
  }
}
