// Rooms of a row group go to a later one once they are given back, and no sooner.
import { expect, test } from "vitest";
import { parquetRoomsBytesKept } from "../../limits/formats.ts";
import { GroupRooms } from "./group-rooms.ts";

/** Not by `toBe` of buffers: of two that are not the same it compares all bytes, one by one. */
const liesIn = (bytes: Uint8Array, other: Uint8Array): boolean => bytes.buffer === other.buffer;

test("rooms are used again once they are given back, if they are not far too large", () => {
  const [first, second] = [new GroupRooms(), new GroupRooms()];
  // Rooms that other tests of this thread gave back make way for one that is too large to be kept itself.
  first.take(parquetRoomsBytesKept);
  first.free();
  const one = first.take(1_000_000);
  expect([one.length, one.byteOffset % 8]).toEqual([1_000_000, 0]);
  expect(liesIn(second.take(1_000_000), one)).toBe(false);
  first.free();
  expect(liesIn(second.take(1_100_000), one)).toBe(true);
  second.free();
  expect(new GroupRooms().take(1000).buffer.byteLength).toBeLessThan(100_000);
  const large = first.take(parquetRoomsBytesKept);
  first.free();
  expect(liesIn(new GroupRooms().take(parquetRoomsBytesKept), large)).toBe(false);
});
