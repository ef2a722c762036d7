// A folder of our own on a disk that may tear, lose, refuse and lie. Paths are relative, with '/'.

/** An open file that only grows; positions are bytes from its start. */
export interface AppendFile {
  readonly path: string;
  /** Where the next append begins. */
  sizeBytes(): number;
  /** Bytes that lie in the file beyond that, and will be overwritten. */
  reservedBytes(): number;
  /**
   * Makes this many bytes beyond the end read as zeros, durably. The sync of an append that stays within
   * them has no new size to write down, which saves a third of it, and no write changes the size.
   */
  reserve(bytes: number): Promise<void>;
  /** Writes at the end. Bytes are durable only after `sync`. */
  append(bytes: Uint8Array): Promise<void>;
  /** fdatasync. A failure is never retried: the caller ends the process. */
  sync(): Promise<void>;
  truncate(sizeBytes: number): Promise<void>;
  close(): Promise<void>;
}

/** Failures are EngineErrors: DISK_FULL, DISK_FAILED, DATA_FOLDER_LOCKED. */
export interface Disk {
  /** Names (not paths) in a folder, sorted; an absent folder is empty. */
  list(folder: string): Promise<readonly string[]>;
  /** The whole file, or undefined when absent. */
  read(path: string): Promise<Uint8Array | undefined>;
  /**
   * The file from its beginning, piece after piece, each of which is good until `take` has resolved. False
   * when it is absent.
   */
  readPieces(path: string, take: (piece: Uint8Array) => Promise<void>): Promise<boolean>;
  /**
   * Opens for appending, creating the file and its folder (durably) when absent. Appends begin at
   * `sizeBytes`, with what lies beyond it as reserve, or else at the end of the file.
   */
  openAppend(path: string, sizeBytes?: number): Promise<AppendFile>;
  /**
   * All or nothing, durable on return: temporary file, fsync, rename, fsync of the folder. Its parts follow
   * each other.
   */
  writeAtomic(path: string, ...parts: readonly Uint8Array[]): Promise<void>;
  /** Gives a file another name, durably, in place of any file of that name. */
  move(path: string, to: string): Promise<void>;
  /** Removes a file durably; an absent one is not an error. */
  remove(path: string): Promise<void>;
}
