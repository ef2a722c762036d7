// For tasks that may want only their first rows: small blocks of a file first, then larger ones.

import { readBytesMax } from "../../proto/limits.ts";
import type { ByteBlocks, ByteReader } from "./byte-reader.ts";

/** Lines are decoded in blocks of this size. */
export const readBytesFirst = 64 * 1024;
/** How much more is read at a time, from one block to the next. */
const growth = 4;

function openGrowing(
  reader: ByteReader,
  uri: string,
  startByte: number,
  endByte: number,
): ByteBlocks {
  let at = startByte;
  let blockBytes = readBytesFirst;
  let open: ByteBlocks | undefined;
  const openNext = (): ByteBlocks | undefined => {
    if (at >= endByte) return undefined;
    const isLast = blockBytes >= readBytesMax;
    const end = isLast ? endByte : Math.min(at + blockBytes, endByte);
    const blocks = reader.openRange(uri, at, end);
    at = end;
    blockBytes *= growth;
    return blocks;
  };
  return {
    next: async () => {
      open ??= openNext();
      while (open !== undefined) {
        const block = await open.next();
        if (block !== undefined) return block;
        open.close();
        open = openNext();
      }
      return undefined;
    },
    close: () => {
      open?.close();
      open = undefined;
      at = endByte;
    },
  };
}

/** Reads as the other does, but for the first blocks of ranges that are opened without a size of block. */
export function growingReader(reader: ByteReader): ByteReader {
  return {
    openRange: (uri, startByte, endByte, blockBytes, room) =>
      blockBytes === undefined
        ? openGrowing(reader, uri, startByte, endByte)
        : reader.openRange(uri, startByte, endByte, blockBytes, room),
  };
}
