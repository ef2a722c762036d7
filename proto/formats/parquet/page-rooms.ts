// Rooms for the codes of one column's pages, in the memory that codes are read in. Those of the batch at hand are needed,
// and of earlier ones only the last page's, of which the next batch may want the rest: so a column needs no more rooms
// than a batch has pages, and one.

import { notReadAgain } from "../../batch/given-back.ts";
import type { CodesMemory, HeldBytes } from "../../kernels/codes-memory.ts";

/** Multiples of this: the next page is about as large. */
const stepBytes = 4 * 1024;

export class PageRooms {
  readonly memory: CodesMemory;
  private readonly rooms: HeldBytes[] = [];
  /** How many are in use, those taken last at the end. */
  private used = 0;

  constructor(memory: CodesMemory) {
    this.memory = memory;
  }

  /** All but the last page's codes are of no use any more. */
  startBatch(): void {
    if (this.used < 2) return;
    const last = this.used - 1;
    const kept = this.rooms[last]!;
    this.rooms[last] = this.rooms[0]!;
    this.rooms[0] = kept;
    for (let index = 1; index < this.used; index++) {
      notReadAgain(this.memory.view(this.rooms[index]!));
    }
    this.used = 1;
  }

  /**
   * The address of room that is valid through this batch and, if nothing is taken after it, the next. Undefined where the
   * row group has no more of it.
   */
  take(bytes: number): number | undefined {
    let room = this.rooms[this.used];
    if (room === undefined || room.length < bytes) {
      const length = Math.ceil((bytes * 1.25) / stepBytes) * stepBytes;
      const at = this.memory.take(length);
      if (at === undefined) return undefined;
      // What is too small is free with its row group.
      room = { at, length };
      this.rooms[this.used] = room;
    }
    this.used++;
    return room.at;
  }

  /** The bytes where they lie, if that is in a room, or a copy of what is lent; the rest as `take` says. */
  hold(bytes: Uint8Array, isLent: boolean): Uint8Array | HeldBytes {
    const held = this.memory.heldOf(bytes);
    if (held !== undefined) return held;
    const at = this.take(bytes.length);
    if (at === undefined) return isLent ? new Uint8Array(bytes) : bytes;
    const copy = { at, length: bytes.length };
    this.memory.view(copy).set(bytes);
    return copy;
  }
}
