// The least and greatest of plain numbers, and NaN wherever there is one.

import fc from "fast-check";
import { expect, test } from "vitest";
import { bestOf } from "./number-extremes.ts";

const numbers = fc.float64Array({ maxLength: 70, noNaN: true });

test("the best of numbers is that of a plain loop, zeros as they came first", () => {
  fc.assert(
    fc.property(numbers, fc.double({ noNaN: true }), (values, before) => {
      const least = values.reduce((best, value) => (value < best ? value : best), before);
      const most = values.reduce((best, value) => (value > best ? value : best), before);
      expect(bestOf("min", before, values)).toBe(least);
      expect(bestOf("max", before, values)).toBe(most);
    }),
  );
});

test("one NaN is found wherever it is", () => {
  for (let length = 1; length < 14; length++) {
    for (let at = 0; at < length; at++) {
      const values = Float64Array.from({ length }, (_, i) => (i === at ? Number.NaN : i));
      expect(bestOf("min", Number.POSITIVE_INFINITY, values)).toBeNaN();
      expect(bestOf("max", Number.NEGATIVE_INFINITY, values)).toBeNaN();
    }
  }
});
