// LZ4 frames made by hand: what blocks may do, and what damaged ones are.
import fc from "fast-check";
import { expect, test } from "vitest";
import { EngineError } from "../../errors.ts";
import { unpackLz4Frame } from "./lz4-frame.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const bytesOf = (of: string) => [...new TextEncoder().encode(of)];
const word = (value: number) => [...new Uint8Array(Uint32Array.of(value).buffer)];

/** Blocks of linked mode; no sizes, no checksums. */
function frame(...blocks: readonly { readonly stored?: boolean; readonly bytes: number[] }[]) {
  const body = blocks.flatMap(({ stored = false, bytes }) => [
    ...word(stored ? bytes.length + 0x80000000 : bytes.length),
    ...bytes,
  ]);
  return Uint8Array.from([...word(0x184d2204), 0x40, 0x40, 0, ...body, ...word(0)]);
}

const literals = { bytes: [4 << 4, ...bytesOf("abcd")] };
/** Twenty bytes from four back, over themselves, then a last literal. */
const repeat = { bytes: [15, 4, 0, 1, 1 << 4, ...bytesOf("!")] };

test("literals, stored blocks, and matches that reach into earlier blocks and into themselves", () => {
  const stored = { stored: true, bytes: bytesOf("wxyz") };
  expect(text(unpackLz4Frame(frame(literals), 4))).toBe("abcd");
  expect(text(unpackLz4Frame(frame(literals, repeat), 25))).toBe(`${"abcd".repeat(6)}!`);
  expect(text(unpackLz4Frame(frame(literals, stored, repeat), 29))).toBe(
    `abcd${"wxyz".repeat(6)}!`,
  );
  expect(unpackLz4Frame(frame(), 0).length).toBe(0);
});

test.each([
  ["another beginning", Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)],
  ["a match before the beginning", frame(repeat)],
  ["more than it says", frame(literals, literals)],
  ["less than it says", frame()],
  ["a block that is cut", frame(literals).subarray(0, 13)],
  ["no end", frame(literals).subarray(0, -4)],
])("%s is malformed", (_, packed) => {
  expect(() => unpackLz4Frame(packed, 4)).toThrow(EngineError);
});

test("whatever the bytes are, the answer has the size, or it is malformed", () => {
  const good = frame(literals, repeat);
  fc.assert(
    fc.property(fc.nat(good.length - 1), fc.nat(255), fc.nat(good.length), (at, value, end) => {
      const packed = good.slice(0, end);
      if (at < end) packed[at] = value;
      try {
        expect(unpackLz4Frame(packed, 25).length).toBe(25);
      } catch (thrown) {
        if (!(thrown instanceof EngineError)) throw thrown;
      }
    }),
  );
});
