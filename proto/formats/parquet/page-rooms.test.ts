// Rooms of pages, by what is overwritten and how many there are.

import fc from "fast-check";
import { expect, test } from "vitest";
import { CodesMemory, type HeldBytes } from "../../kernels/codes-memory.ts";
import { heldCodesBytesMax } from "../../limits/memory.ts";
import { PageRooms } from "./page-rooms.ts";

const bytesOf = (memory: CodesMemory, held: Uint8Array | HeldBytes): Uint8Array =>
  held instanceof Uint8Array ? held : memory.view(held);

test("codes of the batch at hand and of the last page before it are never overwritten", () => {
  const page = fc
    .tuple(fc.integer({ min: 1, max: 300_000 }), fc.nat(255))
    .map(([length, byte]) => new Uint8Array(length).fill(byte));
  const batches = fc.array(fc.array(page, { maxLength: 5 }), { maxLength: 8 });
  fc.assert(
    fc.property(batches, batches, (one, other) => {
      const memory = new CodesMemory();
      // Two columns, which share the memory.
      const columns = [one, other].map((batches) => ({
        batches,
        rooms: new PageRooms(memory),
        last: [] as { readonly held: Uint8Array | HeldBytes; readonly page: Uint8Array }[],
      }));
      for (let batch = 0; batch < Math.max(one.length, other.length); batch++) {
        for (const column of columns) {
          column.rooms.startBatch();
          for (const page of column.batches[batch] ?? []) {
            column.last.push({ page, held: column.rooms.hold(page, true) });
          }
        }
        for (const column of columns) {
          for (const { held, page } of column.last) {
            expect(Buffer.compare(bytesOf(memory, held), page)).toBe(0);
          }
          column.last = column.last.slice(-1);
        }
      }
      memory.free();
    }),
    { numRuns: 50 },
  );
});

test("a column takes as many rooms as a batch has pages, and one", () => {
  let taken = 0;
  const memory = new CodesMemory();
  const take = memory.take.bind(memory);
  memory.take = (bytes) => {
    taken++;
    return take(bytes);
  };
  const rooms = new PageRooms(memory);
  for (let batch = 0; batch < 20; batch++) {
    rooms.startBatch();
    for (let page = 0; page < 3; page++) rooms.hold(new Uint8Array(1000), true);
  }
  expect(taken).toBe(4);
  memory.free();
});

test("pages for which there is no room stay what they are, copied where they are lent", () => {
  const memory = new CodesMemory();
  memory.take(heldCodesBytesMax - 1000);
  const rooms = new PageRooms(memory);
  const lent = new Uint8Array(2000).fill(7);
  const own = new Uint8Array(2000).fill(8);
  const copy = rooms.hold(lent, true);
  expect(rooms.hold(own, false)).toBe(own);
  lent.fill(0);
  expect(bytesOf(memory, copy)).toEqual(new Uint8Array(2000).fill(7));
  memory.free();
});

test("what lies in the memory already is not copied", () => {
  const memory = new CodesMemory();
  const rooms = new PageRooms(memory);
  const at = rooms.take(1000)!;
  const view = memory.view({ at, length: 1000 });
  expect(rooms.hold(view.subarray(3), true)).toEqual({ at: at + 3, length: 997 });
  memory.free();
});
