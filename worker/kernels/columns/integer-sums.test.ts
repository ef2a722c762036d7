// Sums of the kernel against a Map: groups in the order of their coming, sums in that of the rows.

import fc from "fast-check";
import { expect, test } from "vitest";
import { IntegerSums, type SummedRows } from "./integer-sums.ts";

const partCount = 3;
const partOf = (key: number): number => Math.abs(key) % partCount;

/** Rows in pieces, as they come; the second sum counts. */
function summedRows(pieces: readonly (readonly (readonly [number, number])[])[]): SummedRows {
  return {
    keys: pieces.map((rows) => Int32Array.from(rows, ([key]) => key)),
    parts: pieces.map((rows) => Int32Array.from(rows, ([key]) => partOf(key))),
    values: [
      pieces.map((rows) => Float64Array.from(rows, ([, value]) => value)),
      pieces.map((rows) => new Float64Array(rows.length).fill(1)),
    ],
  };
}

class PlainSums {
  private readonly parts = Array.from({ length: partCount }, () => new Map<number, number[]>());

  add(rows: readonly (readonly [number, number])[]): void {
    for (const [key, value] of rows) {
      const part = this.parts[partOf(key)]!;
      const sums = part.get(key) ?? [0, 0];
      part.set(key, [sums[0]! + value, sums[1]! + 1]);
    }
  }

  take(part: number) {
    const groups = [...this.parts[part]!];
    this.parts[part]!.clear();
    return {
      keys: groups.map(([key]) => key),
      sums: [0, 1].map((at) => groups.map(([, own]) => own[at]!)),
    };
  }
}

const key = fc.oneof(
  fc.integer({ min: -20, max: 20 }),
  fc.integer(),
  fc.constantFrom(0, -(2 ** 31), 2 ** 31 - 1),
);
const row = fc.tuple(key, fc.double({ noNaN: true, min: -1e6, max: 1e6 }));
const pieces = fc.array(fc.array(row, { maxLength: 30 }), { maxLength: 4 });
/** What is added, and which part is taken afterwards. */
const steps = fc.array(fc.tuple(pieces, fc.integer({ min: -1, max: partCount - 1 })), {
  maxLength: 6,
});

test("rows of any keys, of which parts are taken now and then", () => {
  fc.assert(
    fc.property(steps, (all) => {
      const sums = new IntegerSums(partCount, 2);
      const plain = new PlainSums();
      const take = (part: number) => {
        const taken = plain.take(part);
        expect(sums.size(part)).toBe(taken.keys.length);
        const { keys, sums: own } = sums.take(part);
        expect({ keys: [...keys], sums: own.map((each) => [...each]) }).toEqual(taken);
        expect(sums.bytes(part)).toBe(0);
      };
      for (const [added, taken] of all) {
        expect(sums.add(summedRows(added))).toBe(true);
        for (const rows of added) plain.add(rows);
        if (taken >= 0) take(taken);
      }
      for (let part = 0; part < partCount; part++) take(part);
      sums.close();
    }),
    { numRuns: 300 },
  );
});

test("tables grow, whatever the keys have in common", () => {
  const sums = new IntegerSums(partCount, 2);
  for (const step of [1, 3, 4096, 65_536, 2 ** 20 + 1]) {
    const rows = Array.from({ length: 30_000 }, (_, i) => [(i * step) | 0, i] as const);
    const plain = new PlainSums();
    plain.add(rows);
    sums.add(summedRows([rows.slice(0, 10_000), rows.slice(10_000)]));
    for (let part = 0; part < partCount; part++) {
      const { keys, sums: own } = sums.take(part);
      const taken = plain.take(part);
      expect(
        Buffer.compare(Buffer.from(keys.buffer), Buffer.from(Int32Array.from(taken.keys).buffer)),
      ).toBe(0);
      const wanted = Float64Array.from(taken.sums[0]!);
      expect(Buffer.compare(Buffer.from(own[0]!.buffer), Buffer.from(wanted.buffer))).toBe(0);
    }
  }
  sums.close();
});
