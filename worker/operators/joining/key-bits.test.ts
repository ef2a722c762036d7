// Keys that are asked for by their bits are those that a set of them has.
import fc from "fast-check";
import { expect, test } from "vitest";
import { columnOfValues } from "../../kernels/testing/arbitrary-columns.ts";
import { KeyBits } from "./key-bits.ts";

const int = fc.oneof(
  fc.integer({ min: -20, max: 20 }),
  fc.constantFrom(-(2 ** 31), 2 ** 31 - 1, 1_000_000),
);
const kinds = fc.constantFrom("int32", "int53", "int64", "float64");

function columnOf(kind: "int32" | "int53" | "int64" | "float64", keys: readonly (number | null)[]) {
  const values = keys.map((key) => (kind === "int64" && key !== null ? BigInt(key) : key));
  return columnOfValues("k", kind, values);
}

test("answers of bits are those of a set, and null is in none", () => {
  let asked = 0;
  fc.assert(
    fc.property(
      fc.array(fc.option(int), { maxLength: 20 }),
      fc.array(fc.option(int), { maxLength: 20 }),
      kinds,
      kinds,
      (kept, streaming, keptKind, kind) => {
        const bits = new KeyBits(columnOf(keptKind, kept));
        const set = new Set(kept.filter((key) => key !== null));
        for (let again = 0; again < 2; again++) {
          const found = bits.find(columnOf(kind, streaming));
          if (found === undefined) continue;
          asked++;
          const wanted = streaming.map((key) => (key !== null && set.has(key) ? 1 : 0));
          expect(Array.from(found)).toEqual(wanted);
        }
      },
    ),
  );
  expect(asked).toBeGreaterThan(20);
});

test("keys that are no whole numbers, or lie far apart, are not asked for", () => {
  const some = columnOf("int32", [1, 2]);
  expect(new KeyBits(columnOf("int32", [0, 2 ** 31 - 1])).find(some)).toBeUndefined();
  expect(new KeyBits(columnOf("int53", [1, 2 ** 40])).find(some)).toBeUndefined();
  expect(new KeyBits(columnOf("float64", [1.5])).find(some)).toBeUndefined();
  expect(new KeyBits(columnOfValues("k", "utf8", ["1"])).find(some)).toBeUndefined();
  expect(new KeyBits(some).find(columnOfValues("k", "utf8", ["1"]))).toBeUndefined();
  // Those of the other side that are none equal none.
  expect(new KeyBits(some).find(columnOf("int53", [2 ** 40, 2, null]))).toEqual(
    Uint8Array.of(0, 1, 0),
  );
  expect(new KeyBits(some).find(columnOf("float64", [1.5, 2, -0]))).toEqual(Uint8Array.of(0, 1, 0));
});
