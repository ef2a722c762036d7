// What a memory of codes holds stays as it was while it grows, up to its bound, and is gone once it is given back.

import fc from "fast-check";
import { expect, test } from "vitest";
import { heldCodesBytesMax } from "../limits/memory.ts";
import { packSnappy } from "./block-codecs.ts";
import { CodesMemory, type HeldBytes } from "./codes-memory.ts";

const block = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 1, max: 3000 })), {
    maxLength: 40,
  })
  .map((runs) =>
    Uint8Array.from(runs.flatMap(([byte, count]) => new Array<number>(count).fill(byte))),
  );

test("blocks and tables stay as they are, whatever comes behind them", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(block, fc.nat(2)), { maxLength: 20 }), (blocks) => {
      const memory = new CodesMemory();
      const held: { readonly bytes: Uint8Array; readonly at: HeldBytes }[] = [];
      for (const [bytes, way] of blocks) {
        const { length } = bytes;
        const at = way === 2 ? memory.keep(bytes, length + 5, 9)! : memory.take(length)!;
        if (way === 0) memory.view({ at, length }).set(bytes);
        if (way === 1) memory.unpackSnappy(packSnappy(bytes), length, at);
        held.push({ bytes, at: { at, length } });
        if (way === 2) {
          held.push({ bytes: new Uint8Array(5).fill(9), at: { at: at + length, length: 5 } });
          expect(memory.keep(bytes, length + 5, 9)).toBe(at);
        }
        const regions = memory.start([1000 * length, 7]);
        regions.bytes(0, 1000 * length).fill(1);
        regions.bytes(1, 7).fill(2);
      }
      for (const { bytes, at } of held) {
        expect(Buffer.compare(memory.view(at), bytes)).toBe(0);
      }
      memory.free();
    }),
    { numRuns: 30 },
  );
});

test("a table that needs more behind it than is held is held anew", () => {
  const memory = new CodesMemory();
  const table = Int32Array.of(1, 2, 3);
  const at = memory.keep(table, 14, 2)!;
  expect(memory.keep(table, 13, 2)).toBe(at);
  const longer = memory.keep(table, 20, 2)!;
  expect(longer).not.toBe(at);
  expect(Array.from(memory.view({ at: longer, length: 20 }).subarray(12))).toEqual(
    new Array(8).fill(2),
  );
  memory.free();
});

test("blocks that are damaged or of another size are told", () => {
  const memory = new CodesMemory();
  const packed = packSnappy(new Uint8Array(5000).fill(3));
  const at = memory.take(6000)!;
  expect(memory.unpackSnappy(packed, 5000, at)?.every((byte) => byte === 3)).toBe(true);
  expect(memory.unpackSnappy(packed, 4999, at)).toBeUndefined();
  expect(memory.unpackSnappy(packed, 5001, at)).toBeUndefined();
  expect(memory.unpackSnappy(packed.subarray(0, -3), 5000, at)).toBeUndefined();
  memory.free();
});

test("as much as may be is held, and nothing is read once it is given back", () => {
  const memory = new CodesMemory();
  expect(memory.take(heldCodesBytesMax + 1)).toBeUndefined();
  expect(memory.take(1e12)).toBeUndefined();
  const at = memory.take(heldCodesBytesMax - 1000)!;
  expect(memory.take(2000)).toBeUndefined();
  expect(memory.keep(new Float64Array(250))).toBeUndefined();
  expect(memory.take(500)).toBeDefined();
  const view = memory.view({ at, length: 8 });
  expect(() => memory.view({ at, length: heldCodesBytesMax + 1 })).toThrow();
  memory.free();
  expect(() => memory.addressOf({ at, length: 8 })).toThrow();
  expect(() => memory.take(1)).toThrow();
  // It was overwritten, as in all tests.
  expect(Array.from(view)).toEqual(new Array(8).fill(0xa5));
});
