// The loop for records of the same keys makes the columns that are made of the rows one by one, or none at all.

import fc from "fast-check";
import { expect, test } from "vitest";
import { type Batch, batchOfRows, batchRows } from "./batch.ts";
import { recordColumns } from "./record-columns.ts";

const yes = (): boolean => true;
const value = fc.oneof(
  fc.double(),
  fc.double(),
  fc.double(),
  fc.string(),
  fc.bigInt({ min: -5n, max: 5n }),
  fc.constantFrom(null, undefined, true, -0, Number.NaN),
);
const row = (keys: readonly string[]) =>
  fc
    .array(value, { minLength: keys.length, maxLength: keys.length })
    .map((values) => Object.fromEntries(keys.map((key, at) => [key, values[at]])));
const sets = [["a", "b"], ["b", "a"], ["a"], ["a", "b", "c"]] as const;

/** In pieces too small for the loop, each by itself. */
function oneByOne(rows: readonly unknown[]): unknown[] {
  return rows.flatMap((each) => batchRows(batchOfRows([each])));
}

test("equal keys: the same rows come back; other keys, or other kinds of values: left to who looks at each row", () => {
  const rows = fc.tuple(
    fc.array(row(sets[0]), { minLength: 80, maxLength: 90 }),
    fc.array(fc.oneof(...sets.map(row)), { maxLength: 3 }),
  );
  fc.assert(
    fc.property(rows, fc.nat(80), ([alike, others], at) => {
      const given = [...alike.slice(0, at), ...others, ...alike.slice(at)];
      const columns = recordColumns(given, given[0]!, yes);
      const batch: Batch = batchOfRows(given);
      expect(batchRows(batch)).toEqual(oneByOne(given));
      if (columns !== undefined) expect(batch.columns).toEqual(columns);
      const keys = Object.keys(given[0]!).join();
      const isAlike = given.every(
        (each) =>
          Object.keys(each).join() === keys &&
          Object.keys(each).every(
            (key) => typeof given[0]![key] !== "number" || typeof each[key] === "number",
          ),
      );
      expect(columns !== undefined).toBe(isAlike);
    }),
    { numRuns: 60 },
  );
});

test("what is no plain record is none; what has no prototype is one", () => {
  class Point {
    readonly x = 1;
  }
  const plain = Array.from({ length: 80 }, (_, x) => ({ x }));
  const bare = plain.map((point) => Object.assign(Object.create(null) as object, point));
  const last = (odd: unknown) => recordColumns([...plain, odd], plain[0]!, yes);
  for (const odd of [new Point(), [1], 7, null, undefined, { x: "1" }, { y: 1 }, { x: 1, y: 1 }]) {
    expect(last(odd)).toBeUndefined();
  }
  expect(recordColumns([...plain, ...bare], plain[0]!, yes)).toHaveLength(1);
  const inherited = Object.create({ x: 1 }) as unknown;
  expect(last(inherited)).toBeUndefined();
});
