// The end of a task's pipeline: takes rows, then answers what became of them.

import type { TaskUpload } from "../../proto/ports/executor.ts";
import { checksumOf } from "../kernels/checksum.ts";
import type { Stage } from "../operators/stage.ts";

export interface SinkResult {
  readonly rowsOut: number;
  readonly bytesOut: number;
  /** Equal for equal contents. */
  readonly digest: string;
  /** Of each partition of a shuffle output, where it was asked for. */
  readonly partitionBytes?: readonly number[];
  readonly resultJson?: string;
  readonly uploads?: readonly TaskUpload[];
}

export interface Sink extends Stage {
  /** Work to wait for before more rows are pushed. */
  drain(): Promise<void> | undefined;
  seal(): Promise<SinkResult>;
  /** Drops what was written. Idempotent. */
  abort(): Promise<void>;
}

export function digestText(checksum: number): string {
  return checksum.toString(16).padStart(8, "0");
}

export function digestOf(bytes: Uint8Array): string {
  return digestText(checksumOf(bytes));
}
