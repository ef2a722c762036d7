// Bytes of inputs in order, block by block: what sources read from, on any kind of storage.

import { EngineError } from "../../proto/errors.ts";
import { readBytesMax } from "../../proto/limits.ts";
import type { ObjectStore } from "../../proto/ports/store.ts";

export interface ByteBlocks {
  /** The next block, never empty, undefined at the end. Its bytes are valid until the next call only. */
  next(): Promise<Uint8Array | undefined>;
  /** Frees what is open. Idempotent. */
  close(): void;
}

export interface ByteReader {
  /**
   * Bytes [startByte, endByte) of a file in blocks of at most `blockBytes`. `room`: gives memory for a block to readers
   * that read into one.
   */
  openRange(
    uri: string,
    startByte: number,
    endByte: number,
    blockBytes?: number,
    room?: (lengthBytes: number) => Uint8Array,
  ): ByteBlocks;
  /** For who reads many ranges of a file: it is opened once. Undefined where nothing is to be opened. */
  hold?(uri: string): HeldFile | undefined;
}

/** A reader to which one file stays open until it is closed. */
export interface HeldFile extends ByteReader {
  /** Idempotent. */
  close(): void;
}

/** Unpacks the blocks of one gzip file. Throws INPUT_UNREADABLE where it is damaged. */
export type Gunzip = (packed: ByteBlocks, uri: string, fileBytes: number) => ByteBlocks;

/** The plan was made from the file's size: rows would be lost silently. */
export function shorterThanPlanned(uri: string, atByte: number, endByte: number): EngineError {
  return new EngineError(
    "INPUT_UNREADABLE",
    `${uri} ends at byte ${atByte}, but had ${endByte} or more when the job was planned; ` +
      "submit the job again once the file no longer changes",
    { file: uri, byteOffset: atByte },
  );
}

/** Reads through an object store, one block ahead of its consumer. */
export function storeReader(store: ObjectStore): ByteReader {
  return {
    openRange: (uri, startByte, endByte, blockBytes = readBytesMax) => {
      let at = startByte;
      let ahead: Promise<Uint8Array> | undefined;
      const request = () => {
        if (at >= endByte) return undefined;
        const length = Math.min(blockBytes, endByte - at);
        at += length;
        const offset = at - length;
        const read = store.read(uri, offset, length).then((bytes) => {
          if (bytes.length === length) return bytes;
          throw shorterThanPlanned(uri, offset + bytes.length, endByte);
        });
        // Its failure is met by the consumer, who may come later or never.
        read.catch(() => undefined);
        return read;
      };
      return {
        next: async () => {
          const block = await (ahead ?? request());
          if (block === undefined) return undefined;
          ahead = request();
          return block;
        },
        close: () => {
          at = endByte;
          ahead = undefined;
        },
      };
    },
  };
}
