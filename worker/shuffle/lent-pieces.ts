// Memory of the pieces of a shuffle that a task holds until its end, used again by the next one: a gigabyte that is sorted
// is a gigabyte of new memory else.

import type { Batch } from "../../proto/batch/batch.ts";
import type { Column } from "../../proto/batch/column.ts";
import { pieceRoomsBytesMax, pieceRoomsShare } from "../../proto/limits/memory.ts";
import { Rooms } from "../memory/rooms.ts";
import type { RoomFor } from "./sealed-files.ts";

let bytesKept = 0;
const rooms = new Rooms(() => bytesKept);

/** Where executors have much memory, more stays. `limitBytes`: of all operators of the process. */
export function keepPieces(limitBytes: number): void {
  bytesKept = Math.min(Math.floor(limitBytes / pieceRoomsShare), pieceRoomsBytesMax);
}

/** Dictionaries are shared with what comes of a column, so that the piece that has one must stay. */
function hasDictionary(column: Column): boolean {
  switch (column.type) {
    case "dictionary":
      return true;
    case "list":
      return hasDictionary(column.item);
    case "struct":
      return column.fields.some(hasDictionary);
    default:
      return false;
  }
}

/** Of one task. Of a sort that spills, pieces are no longer used before its end: only as many as may be kept are held. */
export class LentPieces {
  private pieces: Uint8Array[] = [];
  private heldBytes = 0;
  /** Whether what was read last is one of them. */
  private isLastHeld = false;

  /** For bytes that are read next. */
  readonly room: RoomFor = (bytes) => {
    this.isLastHeld = this.heldBytes + bytes <= bytesKept;
    if (!this.isLastHeld) return new Uint8Array(bytes);
    const piece = new Uint8Array(rooms.take(bytes, bytes), 0, bytes);
    this.pieces.push(piece);
    this.heldBytes += piece.buffer.byteLength;
    return piece;
  };

  /** Told of the batches in what was read last: a piece of which some may share a dictionary is never given back. */
  leaveShared(batches: readonly Batch[]): void {
    const isShared = batches.some(({ columns }) => columns.some(hasDictionary));
    if (isShared && this.isLastHeld) this.heldBytes -= this.pieces.pop()!.buffer.byteLength;
    // What is read next may be none of these.
    this.isLastHeld = false;
  }

  /** Nobody uses batches of these pieces any more. */
  giveBack(): void {
    for (const { buffer } of this.pieces) rooms.give(buffer);
    this.pieces = [];
    this.heldBytes = 0;
    this.isLastHeld = false;
  }
}
