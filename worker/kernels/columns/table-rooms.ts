// Arrays of tables that live for many batches: indexes of groups, sums. Buffers that live so long are old to V8, which finds
// that nobody uses them only when it marks its whole heap, and does so for each 64 MiB of them. So whoever owns one gives
// it back as soon as a larger one takes its place, or the table is not needed any more, and the next one lies there.

import { tableRoomsBytesMax, tableRoomsShare } from "../../../proto/limits/memory.ts";
import { Rooms } from "../../memory/rooms.ts";

let bytesKept = tableRoomsBytesMax;
const rooms = new Rooms(() => bytesKept);

/** Where executors have little memory, less stays. `limitBytes`: of all operators of the process. */
export function keepTables(limitBytes: number): void {
  bytesKept = Math.min(Math.floor(limitBytes / tableRoomsShare), tableRoomsBytesMax);
}

/** All zero. */
export function takeInts(length: number): Int32Array<ArrayBuffer> {
  return new Int32Array(rooms.take(4 * length, 0), 0, length);
}

export type Numbers = Int32Array | Float64Array | BigInt64Array | Uint8Array;

export type ArrayClass<T> = new (buffer: ArrayBuffer, offset: number, length: number) => T;

/** An array with the values of one that is given back, and zeros behind them. */
export function longerRoom<T extends Numbers>(array: T, length: number, view: ArrayClass<T>): T {
  const buffer = rooms.take(length * array.BYTES_PER_ELEMENT, array.byteLength);
  const longer = new view(buffer, 0, length);
  (longer as { set(from: unknown): void }).set(array);
  giveBack(array);
  return longer;
}

/** Nobody uses the array, nor another one of its buffer, any more. */
export function giveBack({ buffer }: Numbers): void {
  rooms.give(buffer);
}
