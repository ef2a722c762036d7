// Memory for the codes of one column's pages, which lie elsewhere only until the next page is unpacked. Those of the
// batch at hand are needed, and of earlier ones only the last page's, of which the next batch may want the rest: so a
// column needs no more rooms than a batch has pages, and one. New memory for each page would be cleared first, and make
// garbage outside of V8's heap, for which V8 looks through all of it.

import type { GroupRooms } from "./group-rooms.ts";

export class PageRooms {
  private readonly group: GroupRooms;
  private readonly rooms: Uint8Array[] = [];
  /** How many are in use, those taken last at the end. */
  private used = 0;

  constructor(group: GroupRooms) {
    this.group = group;
  }

  /** All but the last page's codes are of no use any more. */
  startBatch(): void {
    if (this.used < 2) return;
    const last = this.used - 1;
    const kept = this.rooms[last]!;
    this.rooms[last] = this.rooms[0]!;
    this.rooms[0] = kept;
    this.used = 1;
  }

  /** A copy of the bytes, valid through this batch and, if nothing is copied after it, the next. */
  copy(bytes: Uint8Array): Uint8Array {
    let room = this.rooms[this.used];
    if (room === undefined || room.length < bytes.length) {
      // What is too small is free with its row group.
      room = this.group.take(bytes.length);
      this.rooms[this.used] = room;
    }
    this.used++;
    const copy = room.subarray(0, bytes.length);
    copy.set(bytes);
    return copy;
  }
}
