// Arrays of tables: zero where they say so, whatever lay there before, and of nobody else at the same time.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { roomBytesMin, tableRoomsBytesMax } from "../../../proto/limits/memory.ts";
import { giveBack, longerRoom, takeInts } from "./table-rooms.ts";

const manyInts = roomBytesMin;

describe("arrays of tables", () => {
  test("are zero, and keep what was written as long as they are owned", () => {
    const steps = fc.array(
      fc.record({
        step: fc.constantFrom("take" as const, "grow" as const, "give" as const),
        at: fc.nat(),
        length: fc.integer({ min: 0, max: 4 * manyInts }),
      }),
      { maxLength: 20 },
    );
    fc.assert(
      fc.property(steps, (all) => {
        const owned: { array: Int32Array; written: number }[] = [];
        let next = 1;
        for (const { step, at, length } of all) {
          if (step === "take" || owned.length === 0) {
            const array = takeInts(length);
            expect([array.length, array.every((value) => value === 0)]).toEqual([length, true]);
            owned.push({ array: array.fill(next), written: next++ });
            continue;
          }
          const own = owned[at % owned.length]!;
          if (step === "give") {
            giveBack(own.array);
            owned.splice(at % owned.length, 1);
            continue;
          }
          const before = own.array.length;
          own.array = longerRoom<Int32Array>(own.array, before + length, Int32Array);
          expect(own.array.subarray(before).every((value) => value === 0)).toBe(true);
          own.array.fill(own.written, before);
        }
        for (const { array, written } of owned) {
          expect(array.every((value) => value === written)).toBe(true);
          giveBack(array);
        }
      }),
      { numRuns: 30 },
    );
  });

  test("lie where those lay that were given back, once each", () => {
    const first = takeInts(manyInts);
    giveBack(first);
    // As all that is given back in tests.
    expect(first.includes(0)).toBe(false);
    // Again by mistake.
    giveBack(first);
    const [second, third] = [takeInts(manyInts), takeInts(manyInts)];
    expect(second.buffer).toBe(first.buffer);
    expect(third.buffer).not.toBe(first.buffer);
    giveBack(second);
    giveBack(third);
  });

  test("are new where they are too large, or those before came from elsewhere", () => {
    const large = takeInts(tableRoomsBytesMax / 4);
    giveBack(large);
    expect(takeInts(tableRoomsBytesMax / 4).buffer).not.toBe(large.buffer);
    const other = new Int32Array(manyInts);
    giveBack(other);
    expect(takeInts(manyInts).buffer).not.toBe(other.buffer);
  });
});
