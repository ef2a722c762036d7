// Copies of columns, against what picking all rows makes of them.
import fc from "fast-check";
import { expect, test } from "vitest";
import { columnValues } from "../../../proto/batch/decode-column.ts";
import { arbitraryColumn } from "../testing/arbitrary-columns.ts";
import { copyColumn } from "./copy-column.ts";
import { gather, rowsFrom, slice } from "./gather.ts";

const cases = fc
  .integer({ min: 0, max: 40 })
  .chain((rows) => fc.tuple(arbitraryColumn("c", rows), fc.nat(rows), fc.nat(rows)));

/** Arrays that lie anywhere in a column. */
function arraysOf(part: unknown): ArrayBufferView[] {
  if (ArrayBuffer.isView(part)) return [part];
  if (typeof part !== "object" || part === null) return [];
  return Object.entries(part).flatMap(([name, own]) =>
    name === "dictionary" ? [] : arraysOf(own),
  );
}

test("has the values of any part of a column, and none of its memory", () => {
  fc.assert(
    fc.property(cases, ([{ column }, from, to]) => {
      const part = slice(column, Math.min(from, to), Math.max(from, to));
      const before = columnValues(part);
      const copy = copyColumn(part);
      expect(columnValues(copy)).toEqual(before);
      const picked = gather(part, rowsFrom(0, part.length));
      expect({ ...copy, validity: undefined }).toEqual({ ...picked, validity: undefined });
      const buffers = new Set(arraysOf(part).map(({ buffer }) => buffer));
      for (const { buffer, byteLength } of arraysOf(copy)) {
        if (byteLength > 0) expect(buffers.has(buffer)).toBe(false);
      }
    }),
    { numRuns: 500 },
  );
});
