// Large buffers that somebody owned, for whoever needs the next one: the system need not clear new memory, nor V8 find out
// that nobody uses the old one.

import { isSpoiled, notReadAgain } from "../../proto/batch/given-back.ts";
import { roomBytesMin } from "../../proto/limits/memory.ts";

/** Four sizes for each power of two, so that one of a kind fits where another was. */
function roomBytes(bytes: number): number {
  const step = Math.max(2 ** (29 - Math.clz32(bytes)), BigInt64Array.BYTES_PER_ELEMENT);
  return Math.ceil(bytes / step) * step;
}

/** Of one thread, for one use. */
export class Rooms {
  private readonly bytesKept: () => number;
  /** Those given back last at the end. */
  private readonly free: ArrayBuffer[] = [];
  private freeBytes = 0;
  /** Buffers that somebody owns: nothing is given back twice, and nothing that came from elsewhere. */
  private readonly taken = new WeakSet<ArrayBufferLike>();

  /** `bytesKept`: how much may wait for its next use, of which one buffer may have half. */
  constructor(bytesKept: () => number) {
    this.bytesKept = bytesKept;
  }

  /** The smallest that is large enough, if it is not far too large; of alike ones that which a cache may still hold. */
  private takeFree(bytes: number): ArrayBuffer | undefined {
    let best = -1;
    for (const [index, { byteLength }] of this.free.entries()) {
      if (byteLength < bytes || byteLength > 2 * bytes) continue;
      if (best < 0 || byteLength <= this.free[best]!.byteLength) best = index;
    }
    if (best < 0) return undefined;
    const [buffer] = this.free.splice(best, 1);
    this.freeBytes -= buffer!.byteLength;
    return buffer;
  }

  /** A buffer of which so many bytes may be used, all of them zero from `clearFrom` on. */
  take(bytes: number, clearFrom: number): ArrayBuffer {
    if (bytes < roomBytesMin && !isSpoiled()) return new ArrayBuffer(bytes);
    const used = this.takeFree(bytes);
    const buffer = used ?? new ArrayBuffer(roomBytes(bytes));
    this.taken.add(buffer);
    if (used !== undefined) new Uint8Array(used, clearFrom, bytes - clearFrom).fill(0);
    return buffer;
  }

  /** Nobody uses the buffer any more. */
  give(buffer: ArrayBufferLike): void {
    const bytesKept = this.bytesKept();
    if (!this.taken.delete(buffer) || buffer.byteLength > bytesKept / 2) return;
    notReadAgain(buffer as ArrayBuffer);
    this.free.push(buffer as ArrayBuffer);
    this.freeBytes += buffer.byteLength;
    while (this.freeBytes > bytesKept) this.freeBytes -= this.free.shift()!.byteLength;
  }
}
