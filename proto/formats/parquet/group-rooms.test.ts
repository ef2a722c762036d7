// Rooms of a row group go to a later one once they are given back, and no sooner.
import { expect, test } from "vitest";
import { parquetRoomsBytesKept } from "../../limits/formats.ts";
import { GroupRooms } from "./group-rooms.ts";

test("rooms are used again once they are given back, if they are not far too large", () => {
  const [first, second] = [new GroupRooms(), new GroupRooms()];
  const one = first.take(1_000_000);
  expect([one.length, one.byteOffset % 8]).toEqual([1_000_000, 0]);
  expect(second.take(1_000_000).buffer).not.toBe(one.buffer);
  first.free();
  expect(second.take(1_100_000).buffer).toBe(one.buffer);
  second.free();
  expect(new GroupRooms().take(1000).buffer.byteLength).toBeLessThan(100_000);
  const large = first.take(parquetRoomsBytesKept);
  first.free();
  expect(new GroupRooms().take(parquetRoomsBytesKept).buffer).not.toBe(large.buffer);
});
