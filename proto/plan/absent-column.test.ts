// A column is absent where no row of any task has it, however the rows are cut into tasks.

import fc from "fast-check";
import { expect, test } from "vitest";
import {
  absentColumn,
  type ColumnNeed,
  noColumn,
  watchedCounts,
  withoutWatched,
} from "./absent-column.ts";

const letters = ["a", "b", "c", "d"] as const;
type Row = readonly string[];

/** Rows as the names of their columns, cut into tasks, of two nodes that may have what is looked for. */
const cut = fc.array(fc.array(fc.subarray([...letters])), { maxLength: 4 });

function countsOf(tasks: readonly (readonly Row[])[], maker: string, needs: readonly ColumnNeed[]) {
  return tasks.flatMap((rows) => {
    if (rows.length === 0) return [];
    const names = new Set(rows.flat());
    const absent = needs.filter(({ name }) => !names.has(name));
    return Object.entries(watchedCounts(maker, absent, [...names]));
  });
}

function summed(counts: readonly (readonly [string, number])[]) {
  const sums = new Map<string, number>();
  for (const [name, count] of counts) sums.set(name, (sums.get(name) ?? 0) + count);
  return [...sums];
}

test("what tasks count says what the rows would say", () => {
  const wanted = fc.constantFrom(...letters);
  fc.assert(
    fc.property(cut, cut, wanted, wanted, (left, right, name, other) => {
      const need = { step: "where#9", column: name, name, makers: ["#1", "#2"] };
      // The same column, under another name in the rows of the other node.
      const renamed = { ...need, name: other };
      const counts = summed([...countsOf(left, "#1", [need]), ...countsOf(right, "#2", [renamed])]);
      const rows = [left.flat(), right.flat()] as const;
      const hasRows = rows[0].length > 0 && rows[1].length > 0;
      const hasColumn =
        rows[0].some((row) => row.includes(name)) || rows[1].some((row) => row.includes(other));
      const found = absentColumn([["c:users", 1], ...counts]);
      expect(found !== undefined).toBe(hasRows && !hasColumn);
      if (found === undefined) return;
      expect(found).toMatchObject({ code: "PLAN_INVALID", details: { operator: "where#9" } });
      for (const seen of new Set(rows.flat(2))) expect(found.message).toContain(seen);
    }),
  );
});

test("a column that is not there is named with the one that was meant, and those there are", () => {
  expect(noColumn("wrod", ["line", "word"])).toBe(
    "there is no column wrod; did you mean word? The columns are: line, word",
  );
  expect(noColumn("x", [])).toBe("there is no column x. The columns are: none");
});

test("what is watched is not among the counters of a job, and what makes no sense counts for nothing", () => {
  const counts = Object.entries(watchedCounts("#3", [], []));
  expect(withoutWatched([["c:a", 1], ...counts])).toEqual([["c:a", 1]]);
  expect(
    absentColumn([
      ["column absent:{", 1],
      ["column absent:3", 1],
    ]),
  ).toBeUndefined();
});
