// The kernel against its plain reference, and its bounds.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { EngineError } from "../../proto/errors.ts";
import { partitionOf, stableHash32 } from "./stable-hash.ts";
import { allStrings, type StringCountColumns, StringCounter } from "./string-counter.ts";
import { StringCounterPlain } from "./string-counter-plain.ts";

const decoder = new TextDecoder("utf-8", { ignoreBOM: true, fatal: true });

/** Counts per key of each partition; checks the layout on the way. */
function contents(parts: readonly StringCountColumns[]): [string, number][][] {
  return parts.map((part, index) => {
    expect(part.offsets.length).toBe(part.rows + 1);
    expect(part.counts.length).toBe(part.rows);
    expect(part.offsets[0]).toBe(0);
    expect(part.offsets[part.rows]).toBe(part.bytes.length);
    const counts = new Map<string, number>();
    for (let row = 0; row < part.rows; row++) {
      const key = part.bytes.subarray(part.offsets[row]!, part.offsets[row + 1]!);
      const owner = partitionOf(stableHash32(key), parts.length);
      if (owner !== index) throw new Error(`a key of partition ${owner} lies in ${index}`);
      counts.set(decoder.decode(key), part.counts[row]!);
    }
    expect(counts.size).toBe(part.rows);
    return [...counts].sort(([left], [right]) => (left < right ? -1 : left > right ? 1 : 0));
  });
}

function thrownBy(work: () => unknown): EngineError {
  try {
    work();
  } catch (error) {
    if (error instanceof EngineError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

const word = fc.oneof(
  { weight: 4, arbitrary: fc.string({ maxLength: 20 }) },
  {
    weight: 2,
    arbitrary: fc.string({ unit: fc.constantFrom("a", "b", "\n", "\0", " ", "é"), maxLength: 5 }),
  },
  { weight: 2, arbitrary: fc.string({ unit: "grapheme", maxLength: 40 }) },
  {
    weight: 1,
    arbitrary: fc.string({ unit: fc.constantFrom("x", "ÿ", "Ж", "字", "😀"), maxLength: 300 }),
  },
  { weight: 1, arbitrary: fc.integer({ min: 14, max: 70 }).map((length) => "p".repeat(length)) },
);
const words = fc.array(word, { maxLength: 60 });

describe("StringCounter", () => {
  test("agrees with the reference on any strings, chunks, merges and partitions", () => {
    const step = fc.record({ arrays: fc.array(words, { maxLength: 5 }), merge: fc.boolean() });
    const counter = new StringCounter();
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 5 }),
        fc.integer({ min: 1, max: 9 }),
        (steps, parts) => {
          const plain = new StringCounterPlain();
          for (const { arrays, merge } of steps) {
            if (merge) {
              const other = new StringCounterPlain();
              for (const values of arrays) other.add(values);
              const [columns] = other.drain(1);
              counter.addUtf8(columns!.bytes, columns!.offsets, columns!.counts);
              plain.addUtf8(columns!.bytes, columns!.offsets, columns!.counts);
            } else {
              counter.addMany(arrays);
              for (const values of arrays) plain.add(values);
            }
          }
          expect(counter.size).toBe(plain.size);
          expect(contents(counter.drain(parts))).toEqual(contents(plain.drain(parts)));
          expect(counter.size).toBe(0);
        },
      ),
      { numRuns: 150 },
    );
  });

  test("many distinct strings, through several growths of the table and the arena", () => {
    const counter = new StringCounter();
    const plain = new StringCounterPlain();
    const values: string[] = [];
    for (let index = 0; index < 120_000; index++) {
      values.push(index % 3 === 0 ? `a long key with number ${index}` : `${(index * 7) % 50_000}`);
    }
    counter.add(values);
    counter.addMany([values, []]);
    for (let time = 0; time < 2; time++) plain.add(values);
    expect(counter.size).toBe(plain.size);
    const parts = counter.drain(16);
    expect(contents(parts)).toEqual(contents(plain.drain(16)));
    for (const { bytes, offsets, counts } of parts) counter.addUtf8(bytes, offsets, counts);
    for (const { bytes, offsets } of parts) counter.addUtf8(bytes, Uint32Array.from(offsets));
    const once = new StringCounterPlain();
    for (const { bytes, offsets, counts } of parts)
      once.addUtf8(
        bytes,
        offsets,
        counts.map((n) => n + 1),
      );
    expect(contents(counter.drain(3))).toEqual(contents(once.drain(3)));
  });

  test("strings that exceed the staging area, ASCII and not, added and merged", () => {
    const counter = new StringCounter();
    const plain = new StringCounterPlain();
    const lengths = [43_690, 43_691, 131_072, 131_073, 1_500_000, 3_000_000];
    const values = lengths.flatMap((length) => [
      "y".repeat(length),
      "字".repeat(length / 3),
      "é",
      "z",
    ]);
    counter.addMany([values, values.slice(3)]);
    plain.add(values);
    plain.add(values.slice(3));
    const [columns] = counter.drain(1);
    expect(contents([columns!])).toEqual(contents(plain.drain(1)));
    counter.addUtf8(columns!.bytes, columns!.offsets, columns!.counts);
    plain.addUtf8(columns!.bytes, columns!.offsets, columns!.counts);
    expect(contents(counter.drain(2))).toEqual(contents(plain.drain(2)));
  });

  test("a slice of an Arrow column, whose offsets do not begin at zero", () => {
    const counter = new StringCounter();
    counter.addUtf8(new TextEncoder().encode("xxabbab"), Int32Array.of(2, 3, 5, 6, 7));
    expect(contents(counter.drain(1))).toEqual([
      [
        ["a", 2],
        ["b", 1],
        ["bb", 1],
      ].sort(),
    ]);
  });

  test("the same sequence gives the same bytes, however it is cut and whatever came before", () => {
    const values = Array.from({ length: 40_000 }, (_, index) => `${(index * index) % 31_013}`);
    const fresh = new StringCounter();
    fresh.add(values);
    const used = new StringCounter();
    used.add(Array.from({ length: 90_000 }, (_, index) => `other ${index}`));
    used.drain(2);
    for (let from = 0; from < values.length; from += 777) used.add(values.slice(from, from + 777));
    expect(used.drain(5)).toEqual(fresh.drain(5));
  });

  test("rows do not leave in the order of slots, which would cluster in a smaller table", () => {
    const counter = new StringCounter();
    counter.add(Array.from({ length: 100_000 }, (_, index) => `${index}`));
    const [{ bytes, offsets } = { bytes: new Uint8Array(0), offsets: new Int32Array(1) }] =
      counter.drain(1);
    const eighths = new Array<number>(8).fill(0);
    for (let row = 0; row < 4000; row++) {
      const hash = stableHash32(bytes, offsets[row], offsets[row + 1]);
      eighths[Math.imul(hash, 0x9e3779b1) >>> 29]! += 1;
    }
    // Fair: 500 each.
    expect(Math.min(...eighths)).toBeGreaterThan(400);
    expect(Math.max(...eighths)).toBeLessThan(600);
  });

  test("stops before the first value that is not a string", () => {
    const counter = new StringCounter();
    expect(counter.add(["a", 1, "b"])).toBe(1);
    expect(counter.add([null])).toBe(0);
    expect(counter.add(new Array(1))).toBe(0);
    expect(contents(counter.drain(1))).toEqual([[["a", 1]]]);
    expect(allStrings(["a", ""])).toBe(true);
    expect(allStrings(["a", undefined])).toBe(false);
    const error = thrownBy(() => counter.addMany([["a"], ["b", 7]]));
    expect(error.code).toBe("VALUE_UNSUPPORTED");
    expect(error.message).toContain("value 1 of array 1 is of type number");
  });

  test("half a surrogate pair is refused, short or long, and whole pairs are not", () => {
    for (const value of ["\ud83d", "\ude00", "a\ud83d", "\ude00\ud83d", "\ud83d\ud83d\ude00"]) {
      for (const pad of ["", "x".repeat(100), "x".repeat(200_000)]) {
        const error = thrownBy(() => new StringCounter().add([pad + value]));
        expect(error.code).toBe("VALUE_UNSUPPORTED");
      }
    }
    const counter = new StringCounter();
    expect(counter.add(["😀", "x".repeat(100).concat("😀")])).toBe(2);
    expect(counter.size).toBe(2);
  });

  test("counts up to 2^53 are exact, and more are refused", () => {
    const counter = new StringCounter();
    const key = new TextEncoder().encode("k");
    const offsets = Int32Array.of(0, 1);
    counter.addUtf8(key, offsets, Float64Array.of(Number.MAX_SAFE_INTEGER));
    counter.add(["k"]);
    expect(counter.drain(1)[0]!.counts[0]).toBe(2 ** 53);
    counter.addUtf8(key, offsets, Float64Array.of(Number.MAX_SAFE_INTEGER));
    counter.addUtf8(key, offsets, Float64Array.of(Number.MAX_SAFE_INTEGER));
    expect(thrownBy(() => counter.drain(1)).code).toBe("LIMIT_EXCEEDED");
    expect(() => new StringCounter().addUtf8(key, offsets, Float64Array.of(0.5))).toThrow("0.5");
    expect(() => new StringCounter().addUtf8(key, Int32Array.of(0, 2))).toThrow("offset 1");
  });

  test("memory is bounded: tables, arena and single strings", () => {
    const bytesMax = 4 * 1024 * 1024;
    const short = Array.from({ length: 100_000 }, (_, index) => `${index}`);
    const long = short.map((value) => `${value} is more than sixteen bytes long`);
    for (const values of [short, long, ["x".repeat(5_000_000)], ["é".repeat(2_500_000)]]) {
      const error = thrownBy(() => {
        const counter = new StringCounter({ bytesMax });
        counter.add(values);
        counter.drain(1);
      });
      expect(error.code).toBe("LIMIT_EXCEEDED");
      expect(error.message).toContain(`bound of ${bytesMax} bytes`);
      expect(error.details.peakBytes).toBeLessThanOrEqual(bytesMax);
    }
  });

  test("reports its memory, and gives it back by a drain", () => {
    const counter = new StringCounter();
    const empty = counter.bytesUsed;
    counter.add(Array.from({ length: 600_000 }, (_, index) => `${index}`));
    expect(counter.size).toBe(600_000);
    expect(counter.bytesUsed).toBeGreaterThan(32 * 600_000);
    expect(counter.drain(4).reduce((sum, part) => sum + part.rows, 0)).toBe(600_000);
    expect(counter.bytesUsed).toBe(empty);
  });
});
