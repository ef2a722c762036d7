// Codes of any width, in runs and packed, come out as they were written; damaged bytes are told from sound ones.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { writeRuns } from "../formats/parquet/runs-write.ts";
import { readCodes } from "./dictionary-codes.ts";

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
  return { problem: readCodes(bytes, width, codesEnd, out), codes: Array.from(out) };
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
        readCodes(
          packed(new Array<number>(200).fill(end - 1), width),
          width,
          end,
          new Int32Array(200),
        );
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
