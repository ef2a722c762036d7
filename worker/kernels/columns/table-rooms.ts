// Arrays of tables that live for many batches: indexes of groups, sums. Buffers that live so long are old to V8, which finds
// that nobody uses them only when it marks its whole heap, and does so for each 64 MiB of them. So whoever owns one gives
// it back as soon as a larger one takes its place, or the table is not needed any more, and the next one lies there.

import { isSpoiled, notReadAgain } from "../../../proto/batch/given-back.ts";
import { tableRoomBytesMin, tableRoomsBytesKept } from "../../../proto/limits/memory.ts";

/** Those given back last at the end. */
const free: ArrayBuffer[] = [];
let freeBytes = 0;
/** Buffers that somebody owns: nothing is given back twice, and nothing that came from elsewhere. */
const taken = new WeakSet<ArrayBufferLike>();

/** Four sizes for each power of two, so that a table fits where another of its kind was. */
function roomBytes(bytes: number): number {
  const step = Math.max(2 ** (29 - Math.clz32(bytes)), BigInt64Array.BYTES_PER_ELEMENT);
  return Math.ceil(bytes / step) * step;
}

/** The smallest that is large enough, if it is not far too large; of alike ones that which a cache may still hold. */
function takeFree(bytes: number): ArrayBuffer | undefined {
  let best = -1;
  for (const [index, { byteLength }] of free.entries()) {
    if (byteLength < bytes || byteLength > 2 * bytes) continue;
    if (best < 0 || byteLength <= free[best]!.byteLength) best = index;
  }
  if (best < 0) return undefined;
  const [buffer] = free.splice(best, 1);
  freeBytes -= buffer!.byteLength;
  return buffer;
}

/** A buffer of which so many bytes may be used, all of them zero from `clearFrom` on. */
function takeRoom(bytes: number, clearFrom: number): ArrayBuffer {
  if (bytes < tableRoomBytesMin && !isSpoiled()) return new ArrayBuffer(bytes);
  const used = takeFree(bytes);
  const buffer = used ?? new ArrayBuffer(roomBytes(bytes));
  taken.add(buffer);
  if (used !== undefined) new Uint8Array(used, clearFrom, bytes - clearFrom).fill(0);
  return buffer;
}

/** All zero. */
export function takeInts(length: number): Int32Array<ArrayBuffer> {
  return new Int32Array(takeRoom(4 * length, 0), 0, length);
}

export type Numbers = Int32Array | Float64Array | BigInt64Array | Uint8Array;

export type ArrayClass<T> = new (buffer: ArrayBuffer, offset: number, length: number) => T;

/** An array with the values of one that is given back, and zeros behind them. */
export function longerRoom<T extends Numbers>(array: T, length: number, view: ArrayClass<T>): T {
  const buffer = takeRoom(length * array.BYTES_PER_ELEMENT, array.byteLength);
  const longer = new view(buffer, 0, length);
  (longer as { set(from: unknown): void }).set(array);
  giveBack(array);
  return longer;
}

/** Nobody uses the array, nor another one of its buffer, any more. */
export function giveBack({ buffer }: Numbers): void {
  if (!taken.delete(buffer) || buffer.byteLength > tableRoomsBytesKept / 2) return;
  notReadAgain(buffer as ArrayBuffer);
  free.push(buffer as ArrayBuffer);
  freeBytes += buffer.byteLength;
  while (freeBytes > tableRoomsBytesKept) freeBytes -= free.shift()!.byteLength;
}
