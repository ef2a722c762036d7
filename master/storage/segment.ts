// One file of the write-ahead log: its name, its first bytes, and how its records are read back.

import { EngineError } from "../../proto/errors.ts";
import { mayBeginRecord, readRecord, recordHeaderBytes, type WalRecord } from "./record.ts";

export const walFolder = "wal";
/** Since 2 an entry may carry a membership; the rest is as in 1. */
export const walVersion = 2;
const walVersionMin = 1;
/** `MRWAL`, zero, then the version as u16. */
export const segmentPrefix = Uint8Array.of(0x4d, 0x52, 0x57, 0x41, 0x4c, 0, walVersion, 0);

/**
 * The sequence comes first because first indexes alone may collide: a truncated log can begin a
 * second segment at an index where one begins already.
 */
export function segmentName(sequence: number, firstIndex: number): string {
  return `${String(sequence).padStart(8, "0")}-${String(firstIndex).padStart(16, "0")}.log`;
}

export function sequenceOf(name: string): number | undefined {
  const match = /^(\d{8})-\d{16}\.log$/.exec(name);
  return match === null ? undefined : Number(match[1]);
}

export interface SegmentContents {
  readonly records: readonly WalRecord[];
  /** Offset of each record, for messages about it. */
  readonly offsets: readonly number[];
  readonly chain: number;
  /** Everything before is good. */
  readonly goodBytes: number;
  /** What is wrong at `goodBytes`, and whether what is lost there had surely been acknowledged. */
  readonly damage: { readonly what: string; readonly isAcknowledged: boolean } | undefined;
}

export function corrupt(path: string, byteOffset: number, what: string): EngineError {
  return new EngineError(
    "LOG_CORRUPT",
    `${path} is damaged at byte ${byteOffset}: ${what}. This master must not vote from a damaged ` +
      "log: move its data folder away and let it start empty, as a new member, from the others",
    { file: path, byteOffset },
  );
}

/** Reads all good records from the beginning. `chain` is that of the segment before, if known. */
export function readSegment(
  path: string,
  bytes: Uint8Array,
  chain: number | undefined,
): SegmentContents {
  const prefixDamage = checkPrefix(path, bytes);
  const records: WalRecord[] = [];
  const offsets: number[] = [];
  let previous = chain;
  let at = prefixDamage === undefined ? segmentPrefix.length : 0;
  let damage = prefixDamage;
  while (damage === undefined && at < bytes.length) {
    const read = readRecord(bytes, at);
    if (typeof read === "string") {
      damage = read;
    } else if (previous !== undefined && read.previousChain !== previous) {
      damage = "a record that does not follow the one before it";
    } else {
      records.push(read.record);
      offsets.push(at);
      previous = read.chain;
      at = read.endOffset;
    }
  }
  if (damage === undefined && records.length === 0) damage = "no record";
  return {
    records,
    offsets,
    chain: previous ?? 0,
    goodBytes: at,
    damage:
      damage === undefined ? undefined : { what: damage, isAcknowledged: wasSynced(bytes, at) },
  };
}

function checkPrefix(path: string, bytes: Uint8Array): string | undefined {
  if (bytes.length < segmentPrefix.length) return "an incomplete beginning";
  const isOurs = segmentPrefix.subarray(0, 6).every((byte, at) => bytes[at] === byte);
  if (!isOurs) return "not the beginning of a log segment";
  const version = bytes[6]! + bytes[7]! * 256;
  if (version > walVersion) {
    throw new EngineError(
      "DATA_FOLDER_VERSION",
      `${path} has format ${version}, and this version reads up to ${walVersion}: start the ` +
        "version of millrace that wrote it, or a newer one",
      { file: path, byteOffset: 6 },
    );
  }
  return version < walVersionMin ? `format ${version}, which never was` : undefined;
}

/** Is there a good record further on that was written only after `offset` was synced? */
function wasSynced(bytes: Uint8Array, offset: number): boolean {
  const last = bytes.length - recordHeaderBytes;
  for (let at = offset; at <= last; at++) {
    if (!mayBeginRecord(bytes, at)) continue;
    const read = readRecord(bytes, at);
    if (typeof read !== "string" && read.batchStart > offset) return true;
  }
  return false;
}
