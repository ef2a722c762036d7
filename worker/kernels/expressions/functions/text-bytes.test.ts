// Upper and lower case by bytes, against those of strings.

import fc from "fast-check";
import { expect, test } from "vitest";
import { batchOfRows } from "../../../../proto/batch/batch.ts";
import { columnValues } from "../../../../proto/batch/decode-column.ts";
import { sliceBatch } from "../../columns/gather.ts";
import { compileExpr } from "../compile-expr.ts";
import { call, column } from "../testing/expr.ts";

// Letters whose other case has another number of bytes, or of letters, or depends on what stands beside them.
const character = fc.constantFrom(..."azAZ@[`{09 ", ..."éÉßẞſΣσİıŉ字😀\u212a");
const text = fc
  .oneof(fc.array(fc.constantFrom(..."azAZ@[`{ ")), fc.array(character, { maxLength: 8 }))
  .map((characters) => characters.join(""));

test.each(["upper", "lower"])("%s of texts of ASCII and others between them", (name) => {
  const cases = fc.record({ values: fc.array(fc.option(text), { minLength: 1 }), cut: fc.nat(3) });
  fc.assert(
    fc.property(cases, ({ values, cut }) => {
      const start = Math.min(cut, values.length - 1);
      const batch = sliceBatch(batchOfRows(values.map((t) => ({ t }))), start, values.length);
      const expected = values
        .slice(start)
        .map((value) => (name === "upper" ? value?.toUpperCase() : value?.toLowerCase()) ?? null);
      expect(columnValues(compileExpr(call(name, column("t")))(batch))).toEqual(expected);
    }),
    { numRuns: 500 },
  );
});
