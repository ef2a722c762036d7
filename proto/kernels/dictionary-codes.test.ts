// Codes of any width, in runs and packed, come out as they were written; damaged bytes are told from sound ones.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { writeRuns } from "../formats/parquet/runs-write.ts";
import { heldCodesBytesMax } from "../limits/memory.ts";
import { packSnappy } from "./block-codecs.ts";
import { CodesMemory } from "./codes-memory.ts";
import {
  type CodesPart,
  listPlaces,
  readCodes,
  readValues,
  testCodes,
  testedWidthMax,
} from "./dictionary-codes.ts";

/** As `writeRuns`, which packs by sixes or runs as it sees fit, but every code packed: one group after the other. */
function packed(codes: readonly number[], width: number): Uint8Array {
  const groups = Math.ceil(codes.length / 8);
  const head: number[] = [];
  for (let rest = groups * 2 + 1; ; rest >>>= 7) {
    head.push(rest < 0x80 ? rest : (rest & 0x7f) | 0x80);
    if (rest < 0x80) break;
  }
  const bits = Array.from({ length: groups * 8 * width }, (_, bit) => {
    const code = codes[Math.floor(bit / width)] ?? 0;
    return Math.floor(code / 2 ** (bit % width)) % 2;
  });
  const bytes = Array.from({ length: groups * width }, (_, byte) =>
    bits.slice(byte * 8, byte * 8 + 8).reduce((sum, bit, at) => sum + bit * 2 ** at, 0),
  );
  return Uint8Array.from([...head, ...bytes]);
}

const codesOfWidth = fc.integer({ min: 1, max: 31 }).chain((width) => {
  const most = 2 ** width - 1;
  const code = fc.oneof(fc.integer({ min: 0, max: most }), fc.constant(most), fc.constant(0));
  const piece = fc.tuple(code, fc.integer({ min: 1, max: 40 }));
  return fc.record({
    width: fc.constant(width),
    codes: fc
      .array(fc.oneof(piece, fc.tuple(code, fc.constant(1))), { minLength: 1, maxLength: 60 })
      .map((pieces) => pieces.flatMap(([value, count]) => new Array<number>(count).fill(value))),
  });
});

function read(bytes: Uint8Array, width: number, codesEnd: number, count: number) {
  const out = new Int32Array(count).fill(-1);
  const codes = { bytes, width, values: count, codesEnd };
  const problem = readCodes(new CodesMemory(), [{ codes, from: 0, to: count }], undefined, out);
  return { problem, codes: Array.from(out) };
}

describe("codes into a dictionary", () => {
  test("come out as they went in, packed or in runs", () => {
    fc.assert(
      fc.property(codesOfWidth, ({ width, codes }) => {
        const end = Math.max(...codes) + 1;
        for (const bytes of [packed(codes, width), writeRuns(codes, codes.length, width)]) {
          expect(read(bytes, width, end, codes.length)).toEqual({ problem: undefined, codes });
        }
      }),
      { numRuns: 200 },
    );
  });

  test("of the largest code or above it are told", () => {
    fc.assert(
      fc.property(codesOfWidth, ({ width, codes }) => {
        const end = Math.max(...codes);
        for (const bytes of [packed(codes, width), writeRuns(codes, codes.length, width)]) {
          expect(read(bytes, width, end, codes.length).problem).toBe("outside the dictionary");
        }
      }),
      { numRuns: 100 },
    );
  });

  test("that end early are told, whatever lay in memory before", () => {
    fc.assert(
      fc.property(codesOfWidth, fc.nat(), ({ width, codes }, seed) => {
        const end = 2 ** width;
        read(packed(new Array<number>(200).fill(end - 1), width), width, end, 200);
        for (const bytes of [packed(codes, width), writeRuns(codes, codes.length, width)]) {
          const cut = bytes.subarray(0, seed % bytes.length);
          const { problem, codes: got } = read(cut, width, end, codes.length);
          // Padding of the last group may be what is missing.
          if (problem === undefined) expect(got).toEqual(codes);
          else expect(problem).toBe("ends early");
        }
      }),
      { numRuns: 100 },
    );
  });

  test("in runs longer than a page and heads without an end are no codes beyond it", () => {
    expect(read(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x0f), 32, 1, 4).problem).toBe("ends early");
    expect(read(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0x0f), 1, 2, 4).problem).toBe(
      "ends early",
    );
    expect(read(Uint8Array.of(0xfe, 0xff, 0xff, 0xff, 0x0f, 3), 2, 4, 5).codes).toEqual([
      3, 3, 3, 3, 3,
    ]);
  });
});

/** Parts of pages, packed or in runs, with the codes that they are about. */
const parts = codesOfWidth.chain(({ width, codes }) =>
  fc
    .array(fc.tuple(fc.boolean(), fc.nat(codes.length), fc.nat(codes.length)), {
      minLength: 1,
      maxLength: 3,
    })
    .map((cuts) => {
      const codesEnd = Math.max(...codes) + 1;
      const wanted = cuts.map(([isPacked, one, other]) => {
        const bytes = isPacked ? packed(codes, width) : writeRuns(codes, codes.length, width);
        const [from, to] = [Math.min(one, other), Math.max(one, other)];
        const part: CodesPart = {
          codes: { bytes, width, values: codes.length, codesEnd },
          from,
          to,
        };
        return { part, codes: codes.slice(from, to) };
      });
      return {
        width,
        codesEnd,
        parts: wanted.map(({ part }) => part),
        codes: wanted.flatMap((own) => own.codes),
      };
    }),
);

/** The same parts with pages in the memory where they are read: some of them, and of each there is one copy. */
function heldIn(memory: CodesMemory, parts: readonly CodesPart[], salt: number): CodesPart[] {
  return parts.map((part, index) => {
    const { bytes } = part.codes;
    if (!(bytes instanceof Uint8Array) || ((salt >> index) & 1) === 0) return part;
    const held = { at: memory.take(bytes.length)!, length: bytes.length };
    if (((salt >> (index + 3)) & 1) === 0) memory.view(held).set(bytes);
    else memory.unpackSnappy(packSnappy(bytes), bytes.length, held.at);
    return { ...part, codes: { ...part.codes, bytes: held } };
  });
}

/** Leaves no room for anything: what is looked up is copied for each call then. */
function fillUp(memory: CodesMemory): void {
  for (let bytes = heldCodesBytesMax; bytes >= 1; bytes >>= 1) {
    while (memory.take(bytes) !== undefined);
  }
}

/** Each third, or nearly all, more or less. */
const isPicked = (index: number, salt: number): boolean =>
  Math.imul(index + salt, 0x9e3779b1) >>> 0 < (2 ** 32 * (salt % 2 === 0 ? 1 : 2.8)) / 3;

describe("parts of pages", () => {
  test("give their codes, or those at some places, and what these stand for", () => {
    fc.assert(
      fc.property(parts, fc.nat(), ({ parts: apart, codes, codesEnd }, salt) => {
        const memory = new CodesMemory();
        const parts = heldIn(memory, apart, salt);
        if (salt % 5 === 0) fillUp(memory);
        const all = new Int32Array(codes.length);
        expect(readCodes(memory, parts, undefined, all)).toBeUndefined();
        expect(Array.from(all)).toEqual(codes);
        const wanted = Uint8Array.from(codes, (_, index) => (isPicked(index, salt) ? 1 : 0));
        const places = listPlaces(wanted);
        expect(Array.from(places)).toEqual([...codes.keys()].filter((at) => wanted[at] === 1));
        const picked = codes.filter((_, index) => wanted[index] === 1);
        const some = new Int32Array(picked.length);
        expect(readCodes(memory, parts, places, some)).toBeUndefined();
        expect(Array.from(some)).toEqual(picked);
        if (codesEnd > 1000) return;
        const short = Int32Array.from({ length: codesEnd }, (_, code) => code * -3);
        const long = BigInt64Array.from(short, (value) => BigInt(value) << 32n);
        expect(readValues(memory, parts, places, short, some)).toBeUndefined();
        expect(Array.from(some)).toEqual(picked.map((code) => short[code]));
        // Once more, by what is held of it.
        some.fill(0);
        expect(readValues(memory, parts, places, short, some)).toBeUndefined();
        expect(Array.from(some)).toEqual(picked.map((code) => short[code]));
        const out = new BigInt64Array(codes.length);
        expect(readValues(memory, parts, undefined, long, out)).toBeUndefined();
        expect(Array.from(out)).toEqual(codes.map((code) => long[code]));
        memory.free();
      }),
      { numRuns: 60 },
    );
  });

  test("are tested by their codes, where rows are wanted yet", () => {
    fc.assert(
      fc.property(parts, fc.nat(), ({ parts: apart, codes, codesEnd, width }, salt) => {
        const memory = new CodesMemory();
        const parts = heldIn(memory, apart, salt);
        if (salt % 5 === 0) fillUp(memory);
        if (width > testedWidthMax) return;
        const truths = Uint8Array.from({ length: codesEnd }, (_, code) => ((code + salt) & 3) % 2);
        const before = Uint8Array.from(codes, (_, index) => (isPicked(index, salt) ? 0 : 1));
        const wanted = before.slice();
        expect(testCodes(memory, parts, truths, wanted)).toBeUndefined();
        expect(Array.from(wanted)).toEqual(codes.map((code, at) => before[at]! & truths[code]!));
        // Without its last truth the largest code is beyond the dictionary.
        const all = new Uint8Array(codes.length).fill(1);
        const isMet = codes.includes(codesEnd - 1);
        const problem = testCodes(memory, parts, truths.subarray(0, -1), all);
        expect(problem).toBe(isMet ? "outside the dictionary" : undefined);
        const again = before.slice();
        expect(testCodes(memory, parts, truths, again)).toBeUndefined();
        expect(Array.from(again)).toEqual(Array.from(wanted));
        memory.free();
      }),
      { numRuns: 200 },
    );
  });
});
