// Rooms of pages, by what is overwritten and how many there are.

import fc from "fast-check";
import { expect, test } from "vitest";
import { GroupRooms } from "./group-rooms.ts";
import { PageRooms } from "./page-rooms.ts";

test("codes of the batch at hand and of the last page before it are never overwritten", () => {
  const page = fc
    .tuple(fc.integer({ min: 1, max: 300_000 }), fc.nat(255))
    .map(([length, byte]) => new Uint8Array(length).fill(byte));
  const batches = fc.array(fc.array(page, { maxLength: 5 }), { maxLength: 8 });
  fc.assert(
    fc.property(batches, (batchesOfPages) => {
      const group = new GroupRooms();
      const rooms = new PageRooms(group);
      let last: { readonly copy: Uint8Array; readonly page: Uint8Array } | undefined;
      for (const pages of batchesOfPages) {
        rooms.startBatch();
        const held = last === undefined ? [] : [last];
        for (const page of pages) {
          last = { page, copy: rooms.copy(page) };
          held.push(last);
        }
        for (const { copy, page } of held) expect(Buffer.compare(copy, page)).toBe(0);
      }
      group.free();
    }),
    { numRuns: 50 },
  );
});

test("a column takes as many rooms as a batch has pages, and one", () => {
  let taken = 0;
  const group = new GroupRooms();
  const take = group.take.bind(group);
  group.take = (bytes) => {
    taken++;
    return take(bytes);
  };
  const rooms = new PageRooms(group);
  for (let batch = 0; batch < 20; batch++) {
    rooms.startBatch();
    for (let page = 0; page < 3; page++) rooms.copy(new Uint8Array(1000));
  }
  expect(taken).toBe(4);
});
