// Orders of rows, against a stable sort by comparison of values.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { columnValues } from "../../../proto/batch/decode-column.ts";
import { compareNumbers, compareValues } from "../../operators/order.ts";
import { arbitraryColumn, columnOfValues } from "../testing/arbitrary-columns.ts";
import { argsort, compareBySteps } from "./argsort.ts";
import { sortSteps } from "./sort-words.ts";

interface Key {
  readonly values: readonly unknown[];
  readonly kind: string;
  readonly direction: "asc" | "desc";
  readonly nulls: "first" | "last";
}

/** Decimals are text in rows, but numbers in the order. */
function compareOf(kind: string, a: unknown, b: unknown): number {
  if (kind === "wide")
    return compareValues(BigInt(String(a).split(".")[0]!), BigInt(String(b).split(".")[0]!));
  return kind === "decimal" ? compareNumbers(Number(a), Number(b)) : compareValues(a, b);
}

function compareKeys(keys: readonly Key[], a: number, b: number): number {
  for (const { values, kind, direction, nulls } of keys) {
    const left = values[a] ?? null;
    const right = values[b] ?? null;
    if (left === null || right === null) {
      if (left === right) continue;
      return (left === null) === (nulls === "first") ? -1 : 1;
    }
    const order = compareOf(kind, left, right);
    if (order !== 0) return direction === "asc" ? order : -order;
  }
  return 0;
}

const directions = fc.constantFrom<"asc" | "desc">("asc", "desc");
const places = fc.constantFrom<"first" | "last">("first", "last");

describe("argsort", () => {
  test("is the stable order of the keys", () => {
    const cases = fc.integer({ min: 0, max: 60 }).chain((rows) =>
      fc
        .array(fc.tuple(arbitraryColumn("k", rows), directions, places), {
          minLength: 1,
          maxLength: 3,
        })
        .map((keys) => ({ rows, keys })),
    );
    fc.assert(
      fc.property(cases, ({ rows, keys }) => {
        const steps = keys.flatMap(([{ column }, direction, nulls]) =>
          sortSteps(column, direction, nulls),
        );
        const naive = keys.map(([{ column, kind }, direction, nulls]) => ({
          ...{ values: columnValues(column), kind, direction, nulls },
        }));
        const expected = Array.from({ length: rows }, (_, row) => row);
        expected.sort((a, b) => compareKeys(naive, a, b));
        expect(Array.from(argsort(rows, steps))).toEqual(expected);
        for (let i = 1; i < rows; i++) {
          const order = compareBySteps(steps, i - 1, i);
          expect(Math.sign(order)).toBe(Math.sign(compareKeys(naive, i - 1, i)));
        }
      }),
      { numRuns: 300 },
    );
  });

  test("many rows take the radix passes", () => {
    let state = 7;
    const next = () => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return state;
    };
    const rows = 20_000;
    const low = Array.from({ length: rows }, () => next() % 7);
    const high = Array.from({ length: rows }, () => (next() - 2 ** 31) * 2 ** (next() % 20));
    const words = Array.from({ length: rows }, () => `prefix-of-${next() % 500}`);
    const keys = [low, high, words];
    const kinds = ["float64", "float64", "utf8"];
    for (const order of [[0, 1], [1], [2, 0, 1], [0, 2]]) {
      const steps = order.flatMap((key) =>
        sortSteps(columnOfValues("k", kinds[key]!, keys[key]!), "desc", "last"),
      );
      const naive = order.map((key) => ({
        ...{ values: keys[key]!, kind: kinds[key]! },
        ...{ direction: "desc" as const, nulls: "last" as const },
      }));
      const expected = Array.from({ length: rows }, (_, row) => row);
      expected.sort((a, b) => compareKeys(naive, a, b));
      expect(Array.from(argsort(rows, steps))).toEqual(expected);
    }
  });
});
