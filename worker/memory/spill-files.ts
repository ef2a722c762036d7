// Files for rows that do not fit into memory. They belong to one task and end with it.

export interface SpillFile {
  readonly bytes: number;
  append(pieces: readonly Uint8Array[]): void;
  /** Fills `into` with the bytes from `offsetBytes` on. */
  read(offsetBytes: number, into: Uint8Array): void;
  /** Gives its space back. */
  close(): void;
}

/** Synchronous: operators run in threads that may wait for a disk. */
export interface SpillFiles {
  create(): SpillFile;
}
