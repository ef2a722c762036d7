// Where pieces end, against a plain search.
import fc from "fast-check";
import { expect, test } from "vitest";
import { endOfPiece } from "./end-of-piece.ts";

test("is the last row that fits, however long rows are", () => {
  const lengths = fc.array(fc.nat(9), { minLength: 1, maxLength: 40 });
  const limits = fc.record({ rowsMax: fc.integer({ min: 1, max: 12 }), lengthMax: fc.nat(30) });
  fc.assert(
    fc.property(lengths, fc.nat(), limits, (own, at, limits) => {
      const starts = Int32Array.of(5, ...own.map(() => 0));
      for (const [row, length] of own.entries()) starts[row + 1] = starts[row]! + length;
      const row = at % own.length;
      let end = row;
      while (
        end < own.length &&
        end - row < limits.rowsMax &&
        starts[end + 1]! - starts[row]! <= limits.lengthMax
      ) {
        end++;
      }
      expect(endOfPiece(starts, row, own.length, limits)).toBe(end);
    }),
  );
});
