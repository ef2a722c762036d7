// Memory for what columns of a batch are written to. Where those who are given batches let go of them, the next one is
// written to the same memory: new memory is cleared first, and each 64 MiB of it make V8 mark its whole heap, after which
// it also compiles again what does not run at that moment.

import { isSpoiled, notReadAgain } from "../../batch/given-back.ts";
import { forgetReach } from "../../batch/known-reach.ts";
import { GroupRooms } from "./group-rooms.ts";

/** Makes the arrays of columns: what they hold before they are written is anything. */
export interface ColumnArrays {
  ints(length: number): Int32Array<ArrayBuffer>;
  floats(length: number): Float64Array<ArrayBuffer>;
  words(length: number): BigInt64Array<ArrayBuffer>;
}

/** Of whoever is given them. */
export const ownArrays: ColumnArrays = {
  ints: (length) => new Int32Array(length),
  floats: (length) => new Float64Array(length),
  words: (length) => new BigInt64Array(length),
};

/** Small arrays are not worth a room. */
const roomBytesMin = 16 * 1024;

/** Lends arrays until `free`. */
export class LentArrays implements ColumnArrays {
  private readonly rooms = new GroupRooms();
  private lent: ArrayBuffer[] = [];

  private take(bytes: number): ArrayBuffer {
    if (bytes < roomBytesMin && !isSpoiled()) return new ArrayBuffer(bytes);
    const buffer = this.rooms.take(bytes).buffer as ArrayBuffer;
    this.lent.push(buffer);
    return buffer;
  }

  ints(length: number): Int32Array<ArrayBuffer> {
    return new Int32Array(this.take(4 * length), 0, length);
  }

  floats(length: number): Float64Array<ArrayBuffer> {
    return new Float64Array(this.take(8 * length), 0, length);
  }

  words(length: number): BigInt64Array<ArrayBuffer> {
    return new BigInt64Array(this.take(8 * length), 0, length);
  }

  /** Nothing of what was lent is used any more. */
  free(): void {
    for (const buffer of this.lent) {
      forgetReach(buffer);
      notReadAgain(buffer);
    }
    this.lent = [];
    this.rooms.free();
  }

  /** What was lent is kept by others. */
  leave(): void {
    this.lent = [];
    this.rooms.leave();
  }
}
