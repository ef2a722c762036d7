// Which rows are profiled.

import { expect, test } from "vitest";
import { line, someResults } from "../report/testing/some-results.ts";
import { worstRows } from "./worst-rows.ts";

test("the worst rows are those in which the fastest other is most ahead", () => {
  const results = someResults([
    line("q1", "millrace", [100]),
    line("q1", "spark", [1000]),
    line("q1", "duckdb", [20]),
    line("q2", "millrace", [100]),
    line("q2", "millrace-3", [5]),
    line("q2", "polars", [10]),
    line("q3", "millrace", { kind: "failed", reason: "lost" }),
    line("q3", "duckdb", [1]),
    line("q4", "millrace", [100]),
    line("q4", "duckdb", { kind: "wrong", reason: "1 rows, not 2" }),
    line("shell", "millrace", [500]),
    line("shell", "duckdb", [1]),
  ]);
  expect(worstRows(results, 5)).toEqual([
    { row: "tpch/q2", ratio: 0.1, fastest: "polars" },
    { row: "tpch/q1", ratio: 0.2, fastest: "duckdb" },
  ]);
  expect(worstRows(results, 1).map(({ row }) => row)).toEqual(["tpch/q2"]);
});
