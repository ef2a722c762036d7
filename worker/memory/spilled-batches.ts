// Batches in a spill file: lists of blocks, each checked when it is read again.

import type { Batch } from "../../proto/batch/batch.ts";
import { EngineError } from "../../proto/errors.ts";
import { checksumOf, checksumOfAll } from "../kernels/checksum.ts";
import { batchOfPieces, batchToPieces, SharedDictionaries } from "./batch-bytes.ts";
import type { SpillFile } from "./spill-files.ts";

export interface SpilledBlock {
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  readonly checksum: number;
  readonly rows: number;
}

/** One file that takes batches of any number of runs or partitions, in any order. */
export class SpilledBatches {
  private readonly file: SpillFile;
  private readonly dictionaries: SharedDictionaries;

  constructor(file: SpillFile, dictionaries = new SharedDictionaries()) {
    this.file = file;
    this.dictionaries = dictionaries;
  }

  get bytes(): number {
    return this.file.bytes;
  }

  write(batch: Batch): SpilledBlock {
    const pieces = batchToPieces(batch, this.dictionaries);
    const checksum = checksumOfAll(pieces);
    let lengthBytes = 0;
    for (const piece of pieces) lengthBytes += piece.length;
    const offsetBytes = this.file.bytes;
    this.file.append(pieces);
    return { offsetBytes, lengthBytes, checksum, rows: batch.rows };
  }

  read({ offsetBytes, lengthBytes, checksum }: SpilledBlock): Batch {
    const bytes = new Uint8Array(lengthBytes);
    this.file.read(offsetBytes, bytes);
    const found = checksumOf(bytes);
    if (found !== checksum) {
      throw new EngineError(
        "BLOCK_CORRUPT",
        `${lengthBytes} bytes of a spill file at ${offsetBytes} have the checksum ${found} instead of ${checksum}; ` +
          "check the disk of the worker's folder",
      );
    }
    return batchOfPieces(bytes, this.dictionaries);
  }

  close(): void {
    this.file.close();
  }
}
