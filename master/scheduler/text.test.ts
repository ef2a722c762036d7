// The size of text, against the encoder that pure code has not.

import fc from "fast-check";
import { expect, test } from "vitest";
import { utf8Bytes } from "./text.ts";

test("counts the bytes an encoder makes", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (text) => {
      expect(utf8Bytes(text)).toBe(Buffer.byteLength(text));
    }),
  );
  expect(utf8Bytes("aß€😀")).toBe(10);
});
