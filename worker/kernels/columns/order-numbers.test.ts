// Numbers of orders, against the steps by which rows are sorted.
import fc from "fast-check";
import { expect, test } from "vitest";
import { arbitraryColumn } from "../testing/arbitrary-columns.ts";
import { compareBySteps } from "./argsort.ts";
import { orderNumbers } from "./order-numbers.ts";
import { sortSteps } from "./sort-words.ts";

const directions = fc.constantFrom<"asc" | "desc">("asc", "desc");
const places = fc.constantFrom<"first" | "last">("first", "last");

test("a lesser number comes first, and equal ones that are all there is are equal values", () => {
  const numbered = new Set<string>();
  const rows = 24;
  fc.assert(
    fc.property(arbitraryColumn("k", rows), directions, places, ({ column }, direction, nulls) => {
      const steps = sortSteps(column, direction, nulls);
      const found = orderNumbers(column, direction, nulls);
      if (found === undefined) return;
      numbered.add(found.kind);
      const { numbers, areAll } = found;
      const isWrong = (a: number, b: number): boolean => {
        const order = compareBySteps(steps, a, b);
        if (numbers[a] !== numbers[b]) return numbers[a]! < numbers[b]! !== order < 0;
        return order !== 0 && areAll && Number.isFinite(numbers[a]);
      };
      const wrong: (readonly [number, number])[] = [];
      for (let a = 0; a < rows; a++) {
        for (let b = 0; b < rows; b++) if (isWrong(a, b)) wrong.push([a, b]);
      }
      expect(wrong).toEqual([]);
    }),
    { numRuns: 200 },
  );
  const all = ["any", "binary", "bool", "date", "number", "timestamp", "utf8"];
  expect([...numbered].sort((a, b) => (a < b ? -1 : 1))).toEqual(all);
});
