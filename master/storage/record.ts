// One record of the write-ahead log: what it holds, its bytes, and how a damaged one is told.

import { crc32c } from "../../proto/checksum/crc32c.ts";
import { assert, unreachable } from "../../proto/errors.ts";
import { asMasterId } from "../../proto/ids.ts";
import type { Entry, HardState } from "../raft/entry.ts";

export type WalRecord =
  /** First in each segment: where it belongs, and the last entry before it. */
  | {
      readonly type: "segment";
      readonly clusterId: string;
      readonly sequence: number;
      readonly lastIndex: number;
      readonly lastTerm: number;
    }
  /** Replaces an entry of the same index and all that followed it. */
  | { readonly type: "entry"; readonly entry: Entry }
  | { readonly type: "hardState"; readonly hardState: HardState }
  /** The log begins anew after a snapshot that a leader sent. */
  | { readonly type: "reset"; readonly index: number; readonly term: number }
  /** Nothing; its presence shows that everything before it was durable. */
  | { readonly type: "mark" };

/*
 * Layout, little-endian:
 *   0 u16 magic | 2 u8 type | 3 u8 1 if a trailer ends it | 4 u32 payload bytes
 *   8 u32 start of its batch in the file | 12 u32 checksum of the record before
 *   16 u32 checksum of bytes 0 to 16 and the payload | 20 payload, the trailer its last byte
 * Everything before the start of a batch was synced before the batch was written. So a good record
 * proves that damage before its batch is corruption, while damage within its batch may be a torn
 * write. The trailer tells a torn record from a rotten one: without its end a record lacks more than
 * one bit.
 */
export const recordHeaderBytes = 20;
export const recordMagic = 0x4c57;
export const recordTrailer = 0xff;
const typeNumbers = { segment: 1, entry: 2, hardState: 3, reset: 4, mark: 5 } as const;
const typeNames = ["", "segment", "entry", "hardState", "reset", "mark"] as const;
/** Their places are part of the format. */
const entryKinds = ["noop", "command", "config"] as const;
const textEncoder = new TextEncoder();
const textDecoder = new TextDecoder("utf-8", { fatal: true });

function setU64(view: DataView, offset: number, value: number): void {
  assert(Number.isSafeInteger(value) && value >= 0, `cannot store ${value} as an integer`);
  view.setUint32(offset, value % 2 ** 32, true);
  view.setUint32(offset + 4, Math.floor(value / 2 ** 32), true);
}

function getU64(view: DataView, offset: number): number {
  return view.getUint32(offset, true) + view.getUint32(offset + 4, true) * 2 ** 32;
}

/** Fixed-size integers first, then bytes to the end of the payload. */
function payloadOf(record: WalRecord): { numbers: readonly number[]; rest: Uint8Array } {
  switch (record.type) {
    case "segment": {
      const numbers = [record.sequence, record.lastIndex, record.lastTerm];
      return { numbers, rest: textEncoder.encode(record.clusterId) };
    }
    case "entry": {
      const { index, term, kind, data } = record.entry;
      return { numbers: [index, term, entryKinds.indexOf(kind)], rest: data };
    }
    case "hardState": {
      const { term, commit, votedFor } = record.hardState;
      const numbers = [term, commit, votedFor === undefined ? 0 : 1];
      return { numbers, rest: textEncoder.encode(votedFor ?? "") };
    }
    case "reset":
      return { numbers: [record.index, record.term, 0], rest: new Uint8Array(0) };
    case "mark":
      return { numbers: [0, 0, 0], rest: new Uint8Array(0) };
    default:
      return unreachable(record);
  }
}

export const numbersBytes = 24;

/** The bytes of one batch, and the checksum on which the next batch builds. */
export interface EncodedBatch {
  readonly bytes: Uint8Array;
  readonly chain: number;
}

export function encodeBatch(
  records: readonly WalRecord[],
  batchStart: number,
  chain: number,
): EncodedBatch {
  const payloads = records.map(payloadOf);
  const size = payloads.reduce(
    (sum, payload) => sum + recordHeaderBytes + numbersBytes + payload.rest.length + 1,
    0,
  );
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  let previous = chain;
  let at = 0;
  for (const [position, { numbers, rest }] of payloads.entries()) {
    const start = at;
    view.setUint16(start, recordMagic, true);
    view.setUint8(start + 2, typeNumbers[records[position]!.type]);
    view.setUint8(start + 3, 1);
    view.setUint32(start + 4, numbersBytes + rest.length + 1, true);
    view.setUint32(start + 8, batchStart, true);
    view.setUint32(start + 12, previous, true);
    at += recordHeaderBytes;
    for (const value of numbers) {
      setU64(view, at, value);
      at += 8;
    }
    bytes.set(rest, at);
    at += rest.length;
    bytes[at++] = recordTrailer;
    previous = checksumOf(bytes, start, at);
    view.setUint32(start + 16, previous, true);
  }
  return { bytes, chain: previous };
}

export function checksumOf(bytes: Uint8Array, start: number, end: number): number {
  const header = crc32c(bytes.subarray(start, start + 16));
  return crc32c(bytes.subarray(start + recordHeaderBytes, end), header);
}

export interface ReadRecord {
  readonly record: WalRecord;
  readonly endOffset: number;
  readonly batchStart: number;
  readonly previousChain: number;
  readonly chain: number;
}

/** A cheap look before the real one. */
export function mayBeginRecord(bytes: Uint8Array, offset: number): boolean {
  return bytes[offset] === recordMagic % 256 && bytes[offset + 1] === recordMagic >>> 8;
}

/** The record at an offset, or what is wrong there. */
export function readRecord(bytes: Uint8Array, offset: number): ReadRecord | string {
  if (offset + recordHeaderBytes + numbersBytes > bytes.length) return "an incomplete record";
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint16(offset, true) !== recordMagic) return "no record begins here";
  const endOffset = offset + recordHeaderBytes + view.getUint32(offset + 4, true);
  if (endOffset > bytes.length) return "a record that goes beyond the end of the file";
  if (endOffset < offset + recordHeaderBytes + numbersBytes) return "a record that is too short";
  const chain = view.getUint32(offset + 16, true);
  if (checksumOf(bytes, offset, endOffset) !== chain) return "a record whose checksum is wrong";
  const record = decodeRecord(bytes, view, offset, endOffset);
  if (record === undefined) return "a record that makes no sense";
  const batchStart = view.getUint32(offset + 8, true);
  return { record, endOffset, batchStart, previousChain: view.getUint32(offset + 12, true), chain };
}

function decodeRecord(
  bytes: Uint8Array,
  view: DataView,
  offset: number,
  endOffset: number,
): WalRecord | undefined {
  const at = offset + recordHeaderBytes;
  const [first, second, third] = [getU64(view, at), getU64(view, at + 8), getU64(view, at + 16)];
  const restEnd = bytes[offset + 3] === 0 ? endOffset : endOffset - 1;
  const rest = bytes.subarray(at + numbersBytes, restEnd);
  const type = typeNames[view.getUint8(offset + 2)];
  switch (type) {
    case "segment": {
      const clusterId = textDecoder.decode(rest);
      return { type, clusterId, sequence: first, lastIndex: second, lastTerm: third };
    }
    case "entry": {
      // A copy: a small entry must not keep a whole segment in memory.
      const data = rest.slice();
      const kind = entryKinds[third];
      if (kind === undefined) return undefined;
      return { type, entry: { index: first, term: second, kind, data } };
    }
    case "hardState": {
      const votedFor = third === 0 ? undefined : asMasterId(textDecoder.decode(rest));
      return { type, hardState: { term: first, commit: second, votedFor } };
    }
    case "reset":
      return { type, index: first, term: second };
    case "mark":
      return { type };
    default:
      return undefined;
  }
}
