// Where inputs are read and outputs are committed: `file:///…` or `s3://bucket/key`, by URI.

export interface ObjectInfo {
  readonly uri: string;
  readonly sizeBytes: number;
}

/**
 * A finished but invisible upload, as plain data: a task reports it, and any process completes it
 * later. On `s3://` an uncompleted multipart upload; on `file://` a hidden file in the same folder.
 */
export interface PendingUpload {
  /** URI under which the object will be visible once completed. */
  readonly uri: string;
  /** S3 upload id, or the hidden file's name. */
  readonly uploadId: string;
  /** Part ETags in order; empty on `file://`. */
  readonly etags: readonly string[];
  readonly sizeBytes: number;
}

/** Only names from the first to the last, both included, in the order of listings. */
export interface NameRange {
  readonly first: string;
  readonly last: string;
}

/** Writes one object without showing it. */
export interface UploadWriter {
  /** Once it resolves the bytes are the caller's again, who may change them. */
  write(bytes: Uint8Array): Promise<void>;
  /** Makes what was written durable and returns the handle; still invisible. */
  finish(): Promise<PendingUpload>;
  /** Drops what was written. Idempotent. */
  abort(): Promise<void>;
}

/** What became of a conditional write. `same`: it was there already, with equal bytes. */
export type PutOutcome = "written" | "same" | "different";

/**
 * Every failure is an EngineError: INPUT_NOT_FOUND (absent object), STORE_DENIED (credentials,
 * permissions), DISK_FULL, OUTPUT_EXISTS (the name of an upload is taken by other contents),
 * STORE_UNSAFE (no conditional writes there), USAGE (no such URI), STORE_FAILED (retriable),
 * STORE_UNKNOWN_OUTCOME (may have been applied: probe, never delete).
 */
export interface ObjectStore {
  /**
   * Objects that match: one object's URI, a folder (with or without trailing '/'), or a glob (`*`,
   * `**`, `?`, `{a,b}`), sorted by URI in byte order. Names beginning with '_' or '.' below a
   * prefix or glob are skipped.
   */
  list(pattern: string, within?: NameRange): Promise<readonly ObjectInfo[]>;
  /** Undefined when absent. */
  stat(uri: string): Promise<ObjectInfo | undefined>;
  /** Bytes [offset, offset + length), fewer at the end of the object. */
  read(uri: string, offsetBytes: number, lengthBytes: number): Promise<Uint8Array>;
  /** Creates the object only where none is; durable on return. Probes an unknown outcome itself. */
  putIfAbsent(uri: string, bytes: Uint8Array): Promise<PutOutcome>;
  /**
   * The last part of the URI has to be named `<word>-<number>-<owner>-<attempt>[.extension]`, with
   * no '-' in the attempt (`part-00007-<jobId>-<token>.parquet`): S3 lists nothing of an upload but
   * its name, so the name is how `sweep` finds what a job left behind. Any other name is an
   * assertion failure.
   */
  beginUpload(uri: string, owner: string): Promise<UploadWriter>;
  /** Makes the object visible. Idempotent: completing what is complete already succeeds. */
  completeUpload(upload: PendingUpload): Promise<void>;
  abortUpload(upload: PendingUpload): Promise<void>;
  /**
   * Aborts every uncompleted upload of `owner` under the folder whose attempt is a number below
   * `tokenEnd`, as their names tell, so that a late sweep never meets a newer upload; returns how
   * many there were. MinIO forgets the list of uploads (not the uploads) when it restarts: what a
   * handle is known of is better aborted by `abortUpload`, and the rest MinIO drops by itself after
   * a day.
   */
  sweep(folderUri: string, owner: string, tokenEnd: number): Promise<number>;
}
