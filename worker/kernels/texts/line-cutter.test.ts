// Columns of lines against the decoder of lines, for any bytes and any cuts.

import fc from "fast-check";
import { expect, test } from "vitest";
import { columnValues } from "../../../proto/batch/decode-column.ts";
import { createLineDecoder } from "../line-decoder.ts";
import { LineCutter } from "./line-cutter.ts";

interface Lines<Made> {
  push(block: Uint8Array): Made;
  finish(): Made;
}

function inBlocks<Made>(lines: Lines<Made>, bytes: Uint8Array, cuts: readonly number[]): Made[] {
  const made: Made[] = [];
  let from = 0;
  for (const cut of [...cuts].sort((left, right) => left - right)) {
    const to = Math.min(cut, bytes.length);
    // Blocks are used for other bytes afterwards.
    const block = bytes.slice(from, to);
    made.push(lines.push(block));
    block.fill(33);
    from = to;
  }
  made.push(lines.push(bytes.slice(from)));
  made.push(lines.finish());
  return made;
}

function cutLines(bytes: Uint8Array, cuts: readonly number[]): unknown[] {
  const columns = inBlocks(new LineCutter("value"), bytes, cuts);
  return columns.flatMap((column) => (column === undefined ? [] : columnValues(column)));
}

const decodedLines = (bytes: Uint8Array, cuts: readonly number[]): string[] =>
  inBlocks(createLineDecoder(), bytes, cuts).flat();

const text = fc
  .string({
    unit: fc.constantFrom(
      "a",
      "b ",
      "\n",
      "\n",
      "\r\n",
      "\r",
      "é",
      "字",
      "😀",
      "\ufeff",
      "0123456789abcde",
    ),
  })
  .map((value) => new TextEncoder().encode(value));
const anyBytes = fc
  .array(fc.constantFrom(10, 13, 97, 0xc3, 0xa9, 0xe5, 0xad, 0x97, 0xf0, 0x9f, 0x80, 0xff))
  .map((values) => Uint8Array.from(values));

test("lines are those of the decoder, whatever the bytes and wherever they are cut", () => {
  fc.assert(
    fc.property(fc.oneof(text, anyBytes), fc.array(fc.nat(60), { maxLength: 8 }), (bytes, cuts) => {
      expect(cutLines(bytes, cuts)).toEqual(decodedLines(bytes, cuts));
    }),
    { numRuns: 2000 },
  );
});

test("lines of every length around sixteen, with both kinds of ends", () => {
  const lines = Array.from({ length: 70 }, (_, length) => "x".repeat(length));
  for (const end of ["\n", "\r\n"]) {
    const bytes = new TextEncoder().encode(lines.map((line) => line + end).join(""));
    expect(cutLines(bytes, [])).toEqual(lines);
  }
});

test("halves of a character in two lines are no character", () => {
  const bytes = Uint8Array.of(97, 0xc3, 10, 0xa9, 98, 10);
  expect(cutLines(bytes, [])).toEqual(["a\ufffd", "\ufffdb"]);
});

test("a long line that comes in many blocks is told by its length and place", () => {
  const lines = new LineCutter("value");
  lines.push(new TextEncoder().encode("short\nlo"));
  lines.push(new TextEncoder().encode("ng"));
  expect([lines.heldBytes, lines.heldFrom]).toEqual([4, 6]);
  expect(columnValues(lines.push(new TextEncoder().encode("er\n"))!)).toEqual(["longer"]);
  expect([lines.heldBytes, lines.heldFrom]).toEqual([0, 13]);
});

test("a large text in blocks: more than the kernel's memory has at first", () => {
  const wanted = Array.from({ length: 60_000 }, (_, index) => `line ${index} é`.repeat(index % 9));
  const bytes = new TextEncoder().encode(`${wanted.join("\n")}\n`);
  expect(cutLines(bytes, [1 << 20, 2 << 20, 3 << 20])).toEqual(wanted);
});
