// Lines of any length, cut anywhere, are what a split of the whole says.

import { expect, test } from "vitest";
import { createLineReader } from "./snapshot-lines.ts";

const text = 'é\n\n{"a":1}\n日本\n';

test("pieces of every size", () => {
  const bytes = new TextEncoder().encode(text);
  for (let size = 1; size <= bytes.length; size++) {
    const lines: string[] = [];
    const reader = createLineReader((line) => lines.push(line));
    for (let at = 0; at < bytes.length; at += size) reader.take(bytes.subarray(at, at + size));
    expect(lines).toEqual(text.split("\n").slice(0, -1));
    expect(reader.isAtLineEnd()).toBe(true);
  }
});

test("a line without its end is not told, and is known to be there", () => {
  const lines: string[] = [];
  const reader = createLineReader((line) => lines.push(line));
  reader.take(new TextEncoder().encode("one\ntw"));
  expect(lines).toEqual(["one"]);
  expect(reader.isAtLineEnd()).toBe(false);
  expect(() => reader.take(Uint8Array.of(0xff, 10))).toThrow();
});
