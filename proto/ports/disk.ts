// A folder of our own on a disk that may tear, lose, refuse and lie. Paths are relative, with '/'.

/** An open file that only grows; positions are bytes from its start. */
export interface AppendFile {
  readonly path: string;
  sizeBytes(): number;
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
  /** Opens for appending, creating the file and its folder (durably) when absent. */
  openAppend(path: string): Promise<AppendFile>;
  /** All or nothing, durable on return: temporary file, fsync, rename, fsync of the folder. */
  writeAtomic(path: string, bytes: Uint8Array): Promise<void>;
  /** Removes a file durably; an absent one is not an error. */
  remove(path: string): Promise<void>;
}
