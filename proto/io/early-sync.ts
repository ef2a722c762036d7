// A file that grows goes to the disk as it grows, so that the sync at its end has little left to wait for.

import type { FileHandle } from "node:fs/promises";
import { earlySyncBytes } from "../limits/disk.ts";

/** Begins a sync after so many bytes, one at a time, beside the writes that follow. */
export class EarlySync {
  private readonly handle: Pick<FileHandle, "datasync">;
  private bytes = 0;
  private running: Promise<void> | undefined;
  private failure: { readonly thrown: unknown } | undefined;

  constructor(handle: Pick<FileHandle, "datasync">) {
    this.handle = handle;
  }

  /** To be told of each write that is done. */
  wrote(bytes: number): void {
    this.bytes += bytes;
    if (this.running !== undefined || this.bytes < earlySyncBytes) return;
    this.bytes = 0;
    this.running = this.handle.datasync().then(
      () => this.ended(undefined),
      (thrown: unknown) => this.ended({ thrown }),
    );
  }

  private ended(failure: { readonly thrown: unknown } | undefined): void {
    this.running = undefined;
    this.failure ??= failure;
  }

  /**
   * Resolves when no sync is under way. Rejects with the first failure of any: the system tells of bytes that it lost
   * once, so that the sync at the end would not.
   */
  async settled(): Promise<void> {
    await this.running;
    if (this.failure !== undefined) throw this.failure.thrown;
  }
}
