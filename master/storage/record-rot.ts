// A rotten record told from a torn one: a single flipped bit leaves a record that one bit makes good.

import { checksumOf, numbersBytes, recordHeaderBytes, recordMagic } from "./record.ts";

const lengthOffset = 4;
const checksumOffset = 16;
/** Castagnoli's polynomial, bits reversed, as in crc32c. */
const polynomial = 0x82f63b78;

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function bitsOf(value: number): number {
  let count = 0;
  for (let rest = value >>> 0; rest !== 0; rest = (rest & (rest - 1)) >>> 0) count++;
  return count;
}

function isMagicNear(view: DataView, offset: number): boolean {
  return bitsOf(view.getUint16(offset, true) ^ recordMagic) <= 1;
}

/** Does the record at `offset`, good or not, end before the file does? Zeros are none. */
export function fitsRecord(bytes: Uint8Array, offset: number): boolean {
  const view = viewOf(bytes);
  if (offset + recordHeaderBytes + numbersBytes > bytes.length) return !isBegun(bytes, offset);
  if (!isMagicNear(view, offset)) return true;
  return offset + recordHeaderBytes + view.getUint32(offset + lengthOffset, true) <= bytes.length;
}

function isBegun(bytes: Uint8Array, offset: number): boolean {
  return bytes.subarray(offset, offset + recordHeaderBytes).some((byte) => byte !== 0);
}

/** Would the record at `offset` be good if one of its bits were the other one? */
export function isOneBitOff(bytes: Uint8Array, offset: number): boolean {
  if (offset + recordHeaderBytes + numbersBytes > bytes.length) return false;
  const view = viewOf(bytes);
  if (!isMagicNear(view, offset)) return false;
  const length = view.getUint32(offset + lengthOffset, true);
  const end = offset + recordHeaderBytes + length;
  const isWhole = length > numbersBytes && end <= bytes.length;
  // A zero at its end: its last part never reached the disk.
  if (isWhole && bytes[end - 1] !== 0 && isBitOffAt(bytes, offset, end)) return true;
  for (let bit = 0; bit < 32; bit++) {
    if (isGoodWithLength(bytes, offset, (length ^ (1 << bit)) >>> 0)) return true;
  }
  return false;
}

/** The length itself is wrong: it says where the checksum ends, so each other length is tried. */
function isGoodWithLength(bytes: Uint8Array, offset: number, length: number): boolean {
  const end = offset + recordHeaderBytes + length;
  if (length < numbersBytes || end > bytes.length) return false;
  const record = bytes.slice(offset, end);
  const view = viewOf(record);
  view.setUint32(lengthOffset, length, true);
  return checksumOf(record, 0, record.length) === view.getUint32(checksumOffset, true);
}

/**
 * The checksum is linear: a flipped bit changes it by a value that depends only on the bit's distance
 * from the end. So each distance is tried against what the checksum is off by.
 */
function isBitOffAt(bytes: Uint8Array, offset: number, end: number): boolean {
  const stored = viewOf(bytes).getUint32(offset + checksumOffset, true);
  const wanted = (checksumOf(bytes, offset, end) ^ stored) >>> 0;
  // A bit of the stored checksum itself.
  if (bitsOf(wanted) === 1) return true;
  const coveredBits = (end - offset - recordHeaderBytes + checksumOffset) * 8;
  // What the last bit that is covered adds: the highest of the last byte.
  let change = polynomial;
  for (let distance = 0; distance < coveredBits; distance++) {
    if (change === wanted) return true;
    change = ((change >>> 1) ^ ((change & 1) === 0 ? 0 : polynomial)) >>> 0;
  }
  return false;
}
