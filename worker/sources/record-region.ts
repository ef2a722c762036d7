// The bytes of one split: exactly the records whose first byte lies in it.

import { assert, EngineError, unreachable } from "../../proto/errors.ts";
import { lineBytesMax } from "../../proto/limits/formats.ts";
import type { FileRange } from "../../proto/plan/program.ts";
import type { ByteBlocks, ByteReader, Gunzip } from "./byte-reader.ts";
import { unpackZstd } from "./zstd-blocks.ts";

/** Read beyond the end of a split for the rest of its last record: most lines are far shorter. */
const tailBlockBytes = 64 * 1024;

const newline = 10;
const quote = 34;

export interface RegionReader {
  readonly reader: ByteReader;
  readonly gunzip: Gunzip;
}

/** Its blocks may be empty. */
export interface RecordRegion extends ByteBlocks {
  /** Where the first record begins, once a block was read. */
  firstByte(): number;
}

/** A byte order mark is no part of the text. */
function startsWithMark(block: Uint8Array): boolean {
  return block.length >= 3 && block[0] === 0xef && block[1] === 0xbb && block[2] === 0xbf;
}

/** The whole file, unpacked. */
function openUnpacked(from: RegionReader, { uri, fileBytes, compression }: FileRange): ByteBlocks {
  const raw = from.reader.openRange(uri, 0, fileBytes);
  switch (compression) {
    case "none":
      return raw;
    case "gzip":
      return from.gunzip(raw, uri, fileBytes);
    case "zstd":
      return unpackZstd(raw, uri, fileBytes);
    default:
      return unreachable(compression);
  }
}

/** The whole file, unpacked, without a byte order mark. */
export function openWhole(from: RegionReader, range: FileRange): ByteBlocks {
  const blocks = openUnpacked(from, range);
  let first = true;
  return {
    next: async () => {
      const block = await blocks.next();
      if (!first || block === undefined) return block;
      first = false;
      return startsWithMark(block) ? block.subarray(3) : block;
    },
    close: () => blocks.close(),
  };
}

/** Finds ends of records: newlines, outside quotes if the format has them. */
export interface RecordScanner {
  /** Index after the next record end in `block` from `from`, or -1. Must see every byte in order. */
  endAfter(block: Uint8Array, from: number): number;
  /** Takes note of bytes that are passed over. */
  pass(block: Uint8Array, from: number, to: number): void;
}

export function lineScanner(): RecordScanner {
  return {
    endAfter: (block, from) => block.indexOf(newline, from) + 1 || -1,
    pass: () => undefined,
  };
}

/** RFC 4180: a newline between an odd and an even quote is part of a field. */
export function csvScanner(): RecordScanner {
  let quoted = false;
  return {
    endAfter: (block, from) => {
      for (let at = from; at < block.length; at++) {
        if (block[at] === quote) quoted = !quoted;
        else if (block[at] === newline && !quoted) return at + 1;
      }
      return -1;
    },
    pass: (block, from, to) => {
      for (let at = block.indexOf(quote, from); at >= 0 && at < to; ) {
        quoted = !quoted;
        at = block.indexOf(quote, at + 1);
      }
    },
  };
}

async function passAll(blocks: ByteBlocks, scanner: RecordScanner): Promise<void> {
  for (let block = await blocks.next(); block !== undefined; block = await blocks.next()) {
    scanner.pass(block, 0, block.length);
  }
}

/** How a split is cut out of its file. `quotes`: record ends are found as in CSV. */
export function openRegion(from: RegionReader, range: FileRange, quotes: boolean): RecordRegion {
  const whole = range.startByte === 0 && range.endByte >= range.fileBytes;
  if (range.compression !== "none" || whole) {
    assert(range.startByte === 0, `split of the packed file ${range.uri} starts inside it`);
    return { ...openWhole(from, range), firstByte: () => 0 };
  }
  return cutRegion(from, range, quotes);
}

/** Notes quotes; says whether the block ends the split with the end of a record. */
function closesSplit(scanner: RecordScanner, block: Uint8Array, goesOn: boolean): boolean {
  const last = goesOn ? block.length : block.length - 1;
  scanner.pass(block, 0, last);
  return !goesOn && scanner.endAfter(block, last) === block.length;
}

function cutRegion(from: RegionReader, range: FileRange, quotes: boolean): RecordRegion {
  const { uri, startByte, fileBytes } = range;
  const endByte = Math.min(range.endByte, fileBytes);
  const scanner = quotes ? csvScanner() : lineScanner();
  const openByte = Math.max(0, startByte - 1);
  const body = from.reader.openRange(uri, openByte, endByte);
  let tail: ByteBlocks | undefined;
  let at = openByte;
  let firstByte = startByte === 0 ? 0 : -1;
  let done = false;

  /** Looks for the first record end at or after the byte before the split. */
  const skipToFirst = async (): Promise<Uint8Array | undefined> => {
    if (quotes && openByte > 0) await passAll(from.reader.openRange(uri, 0, openByte), scanner);
    for (let block = await body.next(); block !== undefined; block = await body.next()) {
      const end = scanner.endAfter(block, 0);
      at += block.length;
      if (end < 0) continue;
      firstByte = at - block.length + end;
      if (firstByte >= endByte) return undefined;
      return block.subarray(end);
    }
    return undefined;
  };
  const nextTail = async (): Promise<Uint8Array | undefined> => {
    tail ??= from.reader.openRange(uri, endByte, fileBytes, tailBlockBytes);
    const block = await tail.next();
    if (block === undefined) return undefined;
    at += block.length;
    if (at - endByte > lineBytesMax) throw tooLong(uri, endByte);
    const end = scanner.endAfter(block, 0);
    done = end >= 0;
    return done ? block.subarray(0, end) : block;
  };
  const nextBody = async (): Promise<Uint8Array | undefined> => {
    if (firstByte < 0) {
      const block = await skipToFirst();
      done = block === undefined || closesSplit(scanner, block, at < endByte);
      return block;
    }
    const block = await body.next();
    if (block === undefined) return undefined;
    at += block.length;
    done = closesSplit(scanner, block, at < endByte);
    if (firstByte === 0 && at === block.length && startsWithMark(block)) return block.subarray(3);
    return block;
  };
  return {
    firstByte: () => Math.max(0, firstByte),
    next: async () => {
      if (done) return undefined;
      const block = at < endByte ? await nextBody() : undefined;
      if (block !== undefined || done) return block;
      return nextTail();
    },
    close: () => {
      done = true;
      body.close();
      tail?.close();
    },
  };
}

export function tooLong(uri: string, byteOffset: number): EngineError {
  return new EngineError(
    "INPUT_MALFORMED",
    `a line of ${uri} is longer than ${lineBytesMax} bytes; is it a text file?`,
    { file: uri, byteOffset },
  );
}

/** Line number (from 1) and byte offset of the `ordinal`-th line (from 0) of a region. */
export async function locateLine(
  from: RegionReader,
  range: FileRange,
  regionFirstByte: number,
  ordinal: number,
): Promise<{ readonly line: number; readonly byteOffset: number }> {
  const blocks = openUnpacked(from, range);
  let line = 1;
  let position = 0;
  let byteOffset = 0;
  let left = ordinal;
  for (let block = await blocks.next(); block !== undefined; block = await blocks.next()) {
    for (let at = block.indexOf(newline); at >= 0; at = block.indexOf(newline, at + 1)) {
      const next = position + at + 1;
      if (next > regionFirstByte && left-- === 0) {
        blocks.close();
        return { line, byteOffset };
      }
      line++;
      byteOffset = next;
    }
    position += block.length;
  }
  blocks.close();
  return { line, byteOffset };
}
