// Memory for what is held of a row group while it is read: its packed bytes and dictionaries of numbers. New memory is
// cleared page by page when it is first touched, which takes longer than to read a file into it, and makes garbage of
// which V8 collects a few megabytes at a time. So the rooms of one row group are those of a later one.

import { notReadAgain } from "../../batch/given-back.ts";
import { parquetRoomsBytesKept } from "../../limits/formats.ts";

/** Multiples of this, so that the next row group of a file, which is about as large, fits. */
const stepBytes = 64 * 1024;

function roomOf(bytes: number): Uint8Array {
  return new Uint8Array(Math.ceil((bytes * 1.25) / stepBytes) * stepBytes);
}

/** Of the thread, those given back last at the end. */
const free: Uint8Array[] = [];

function freeBytes(): number {
  return free.reduce((sum, room) => sum + room.length, 0);
}

/** The smallest that is large enough, if it is not far too large. */
function takeFree(bytes: number): Uint8Array | undefined {
  let best = -1;
  for (const [index, room] of free.entries()) {
    if (room.length < bytes || room.length > 4 * bytes + stepBytes) continue;
    if (best < 0 || room.length < free[best]!.length) best = index;
  }
  return best < 0 ? undefined : free.splice(best, 1)[0];
}

export class GroupRooms {
  private taken: Uint8Array[] = [];

  /** `bytes` bytes that hold anything, at a multiple of eight: valid until `free`. */
  take(bytes: number): Uint8Array {
    const room = takeFree(bytes) ?? roomOf(bytes);
    this.taken.push(room);
    return room.subarray(0, bytes);
  }

  /** Leaves all that was taken to whoever has it. */
  leave(): void {
    this.taken = [];
  }

  /** Gives back all that was taken, of which nothing is used any more. */
  free(): void {
    for (const room of this.taken) notReadAgain(room);
    free.push(...this.taken);
    this.taken = [];
    while (freeBytes() > parquetRoomsBytesKept) free.shift();
  }
}
