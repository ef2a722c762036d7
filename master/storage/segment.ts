// One file of the write-ahead log: its name, its first bytes, and how its records are read back.

import { isZeroFrom } from "../../proto/checksum/zeros.ts";
import { EngineError } from "../../proto/errors.ts";
import { walReserveBytes } from "../../proto/limits/raft.ts";
import { mayBeginRecord, readRecord, recordHeaderBytes, type WalRecord } from "./record.ts";
import { fitsRecord, isOneBitOff } from "./record-rot.ts";

export const walFolder = "wal";
/**
 * Since 2 an entry may carry a membership. Since 3 a segment comes into being whole, and grows by
 * zeros that are durable before anything is written over them: no crash makes it shorter, and at
 * least one zero follows what was written.
 */
export const walVersion = 3;
const walVersionMin = 1;
const walVersionReserved = 3;
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
  /** Where the last batch of good records begins. Of it alone a crash may have kept a part. */
  readonly lastBatchStart: number;
  readonly version: number;
  /** What is wrong at `goodBytes`, and whether what is lost there had surely been acknowledged. */
  readonly damage: { readonly what: string; readonly isAcknowledged: boolean } | undefined;
}

export function corrupt(path: string, byteOffset: number, what: string): EngineError {
  return new EngineError(
    "LOG_CORRUPT",
    `${path} is damaged at byte ${byteOffset}: ${what}. This master must not vote from a damaged ` +
      "log, and has to begin anew from the others",
    { file: path, byteOffset },
  );
}

export interface ReadStart {
  readonly at: number;
  readonly chain: number | undefined;
  readonly batchStart: number;
}

const textOfTruncation = "the file was cut short there";

/**
 * Reads all good records, from the beginning or from a place known to be good. `chain` is that of the
 * segment before, if known.
 */
export function readSegment(
  path: string,
  bytes: Uint8Array,
  chain: number | undefined,
  from: ReadStart = { at: segmentPrefix.length, chain, batchStart: 0 },
): SegmentContents {
  const prefix = checkPrefix(path, bytes);
  const isReserved = typeof prefix === "number" && prefix >= walVersionReserved;
  const records: WalRecord[] = [];
  const offsets: number[] = [];
  let { chain: previous, batchStart: lastBatchStart } = from;
  let at = typeof prefix === "number" ? from.at : 0;
  let damage = typeof prefix === "number" ? undefined : prefix;
  while (damage === undefined && at < bytes.length) {
    const read = readRecord(bytes, at);
    if (typeof read === "string") {
      if (isReserved && isZeroFrom(bytes, at)) break;
      damage = read;
    } else if (previous !== undefined && read.previousChain !== previous) {
      damage = "a record that does not follow the one before it";
    } else {
      records.push(read.record);
      offsets.push(at);
      lastBatchStart = read.batchStart;
      previous = read.chain;
      at = read.endOffset;
    }
  }
  const isCutShort = isReserved && !endsInReserve(bytes, at);
  if (isCutShort) damage = textOfTruncation;
  if (damage === undefined && records.length === 0 && at === segmentPrefix.length) {
    damage = "no record";
  }
  const found =
    damage === undefined
      ? undefined
      : { what: damage, isAcknowledged: isCutShort || at === 0 || wasSynced(bytes, at) };
  const version = typeof prefix === "number" ? prefix : 0;
  return {
    ...{ records, offsets, chain: previous ?? 0, goodBytes: at, lastBatchStart, version },
    damage: found,
  };
}

/**
 * Is what was written followed by what was reserved? Only zeros ever made the file longer, so a crash
 * leaves a length between two multiples only where the rest beyond the lower one is zeros; and a
 * record that was not written whole lies within the file nevertheless.
 */
function endsInReserve(bytes: Uint8Array, goodBytes: number): boolean {
  const whole = bytes.length - (bytes.length % walReserveBytes);
  if (whole === 0 || goodBytes >= bytes.length) return false;
  return goodBytes < whole ? fitsRecord(bytes, goodBytes) : isZeroFrom(bytes, whole);
}

/** The version, or what is wrong. */
function checkPrefix(path: string, bytes: Uint8Array): number | string {
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
  return version < walVersionMin ? `format ${version}, which never was` : version;
}

/**
 * Was what lies at `offset` durable once? Yes, if there is a good record further on that was written
 * only after it was synced; and yes, if one bit makes it good, since no torn write looks like that.
 */
function wasSynced(bytes: Uint8Array, offset: number): boolean {
  if (isOneBitOff(bytes, offset)) return true;
  const last = bytes.length - recordHeaderBytes;
  for (let at = offset; at <= last; at++) {
    if (!mayBeginRecord(bytes, at)) continue;
    const read = readRecord(bytes, at);
    if (typeof read !== "string" && read.batchStart > offset) return true;
  }
  return false;
}
