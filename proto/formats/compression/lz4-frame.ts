// LZ4 frames (github.com/lz4/lz4, doc/lz4_Frame_format.md), whose blocks may refer to earlier ones.

import { EngineError } from "../../errors.ts";

const magic = 0x184d2204;
const matchBytesMin = 4;
/** Blocks with this bit are stored as they are. */
const storedBit = 0x80000000;

function damaged(what: string): EngineError {
  return new EngineError("INPUT_MALFORMED", `an LZ4 frame is damaged: ${what}`);
}

interface Cursor {
  at: number;
  to: number;
}

/** 15 in a token means that bytes follow, each added, until one is not 255. */
function longLength(bytes: Uint8Array, cursor: Cursor, end: number, length: number): number {
  if (length !== 15) return length;
  let total = length;
  for (;;) {
    if (cursor.at >= end) throw damaged("a length has no end");
    const more = bytes[cursor.at++]!;
    total += more;
    if (more !== 255) return total;
  }
}

function unpackBlock(bytes: Uint8Array, end: number, out: Uint8Array, cursor: Cursor): void {
  while (cursor.at < end) {
    const token = bytes[cursor.at++]!;
    const literals = longLength(bytes, cursor, end, token >> 4);
    if (cursor.at + literals > end || cursor.to + literals > out.length) {
      throw damaged("literals go beyond its end");
    }
    out.set(bytes.subarray(cursor.at, cursor.at + literals), cursor.to);
    cursor.at += literals;
    cursor.to += literals;
    // The last sequence of a block has no match.
    if (cursor.at === end) return;
    if (cursor.at + 2 > end) throw damaged("a match has no offset");
    const offset = bytes[cursor.at]! | (bytes[cursor.at + 1]! << 8);
    cursor.at += 2;
    const length = longLength(bytes, cursor, end, token & 15) + matchBytesMin;
    if (offset === 0 || offset > cursor.to || cursor.to + length > out.length) {
      throw damaged("a match lies outside of it");
    }
    const stop = cursor.to + length;
    if (offset >= length) {
      out.copyWithin(cursor.to, cursor.to - offset, cursor.to - offset + length);
      cursor.to = stop;
    } else for (; cursor.to < stop; cursor.to++) out[cursor.to] = out[cursor.to - offset]!;
  }
}

/** What one frame holds. Checksums are passed over. Throws INPUT_MALFORMED where it is not `size` bytes. */
export function unpackLz4Frame(packed: Uint8Array, size: number): Uint8Array {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.length);
  if (packed.length < 7 || view.getUint32(0, true) !== magic) throw damaged("it begins otherwise");
  const flags = packed[4]!;
  const hasBlockChecksums = (flags & 16) !== 0;
  const hasSize = (flags & 8) !== 0;
  const hasDictionary = (flags & 1) !== 0;
  if (flags >> 6 !== 1 || hasDictionary) throw damaged(`its flags ${flags} are not known`);
  const out = new Uint8Array(size);
  const cursor: Cursor = { at: hasSize ? 15 : 7, to: 0 };
  for (;;) {
    if (cursor.at + 4 > packed.length) throw damaged("it has no end");
    const word = view.getUint32(cursor.at, true);
    cursor.at += 4;
    if (word === 0) break;
    const end = cursor.at + (word & 0x7fffffff);
    if (end > packed.length) throw damaged("a block goes beyond its end");
    if (word >= storedBit) {
      if (cursor.to + end - cursor.at > size) throw damaged("it holds more than it says");
      out.set(packed.subarray(cursor.at, end), cursor.to);
      cursor.to += end - cursor.at;
    } else unpackBlock(packed, end, out, cursor);
    cursor.at = hasBlockChecksums ? end + 4 : end;
  }
  if (cursor.to !== size) throw damaged(`it holds ${cursor.to} bytes, not ${size}`);
  return out;
}
