// The order of bytes is that of the values they were made of.

import fc from "fast-check";
import { expect, test } from "vitest";
import { compareBytes } from "../../kernels/columns/sort-words.ts";
import { compareValues } from "../order.ts";
import { KeyBytes } from "./key-bytes.ts";

const leaf = fc.oneof(
  fc.constantFrom<unknown>(undefined, null, true, false, 0, -0, Number.NaN, 1n, -1n, 0n),
  fc.double(),
  fc.integer({ min: -3, max: 3 }),
  fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }),
  fc.date({ noInvalidDate: false }),
  fc.string({ unit: "grapheme", maxLength: 4 }),
  fc.constantFrom("", "\0", "\0a", "a", "a\0", "\u{1f600}", "\uffff"),
  fc.uint8Array({ maxLength: 3 }),
);
const value = fc.oneof(
  leaf,
  fc.array(leaf, { maxLength: 3 }),
  fc.dictionary(fc.constantFrom("a", "b", "c\0", ""), leaf, { maxKeys: 3 }),
  fc.array(fc.array(leaf, { maxLength: 2 }), { maxLength: 2 }),
);

test("as compareValues has it, for values of any kinds", () => {
  fc.assert(
    fc.property(fc.array(value, { minLength: 2, maxLength: 6 }), (values) => {
      const bytes = new KeyBytes();
      for (const each of values) bytes.add(each);
      const { offsets, values: all, length } = bytes.take("k");
      for (let a = 0; a < length; a++) {
        for (let b = 0; b < length; b++) {
          const order = compareBytes(
            all,
            offsets[a]!,
            offsets[a + 1]!,
            all,
            offsets[b]!,
            offsets[b + 1]!,
          );
          expect(Math.sign(order)).toBe(Math.sign(compareValues(values[a], values[b])));
        }
      }
    }),
    { numRuns: 400 },
  );
});
