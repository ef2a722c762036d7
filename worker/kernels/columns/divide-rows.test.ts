// Rows of parts against rows picked one part at a time.

import fc from "fast-check";
import { expect, test } from "vitest";
import { batchRows, makeBatch } from "../../../proto/batch/batch.ts";
import { arbitraryColumn } from "../testing/arbitrary-columns.ts";
import { divideRows } from "./divide-rows.ts";
import { gatherBatch } from "./gather.ts";

test("parts have their rows in order, whatever the columns", () => {
  const cases = fc.integer({ min: 0, max: 40 }).chain((rows) =>
    fc.record({
      columns: fc.tuple(...Array.from({ length: 4 }, (_, at) => arbitraryColumn(`c${at}`, rows))),
      parts: fc.array(fc.nat({ max: 4 }), { minLength: rows, maxLength: rows }),
    }),
  );
  fc.assert(
    fc.property(cases, ({ columns, parts }) => {
      const batch = makeBatch(
        "record",
        columns.map(({ column }) => column),
      );
      const found = new Map(divideRows(batch, Int32Array.from(parts), 5));
      for (let part = 0; part < 5; part++) {
        const rows = parts.flatMap((own, row) => (own === part ? [row] : []));
        const own = found.get(part);
        expect(own === undefined).toBe(rows.length === 0);
        if (own === undefined) continue;
        expect(batchRows(own)).toEqual(batchRows(gatherBatch(batch, Int32Array.from(rows))));
      }
    }),
    { numRuns: 300 },
  );
});
