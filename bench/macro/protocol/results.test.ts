// Lines of results, whole or cut short.

import { expect, test } from "vitest";
import { reportText } from "../report/markdown.ts";
import { line, someResults } from "../report/testing/some-results.ts";
import { resultsOf } from "./results.ts";

test("a workload that was cut short is shown with the rows that it has", () => {
  const { header, workloads } = someResults([]);
  const tpch = [line("q1", "millrace", [100]), line("q2", "millrace", [200])];
  const csv = { ...line("stations", "millrace", [300]), workload: "csv" };
  const results = resultsOf([header, ...tpch, ...workloads, csv]);
  expect(results.workloads.map(({ workload, title }) => [workload, title])).toEqual([
    ["tpch", "TPC-H"],
    ["csv", "csv"],
  ]);
  const text = reportText(results, new Map(), (name) => name);
  expect(text).toContain("- All rows cut short, so that rows are missing");
  expect(text).toContain("## csv\n\nCut short, so that rows are missing.\n\n");
  expect(text).toContain("| query stations | 300 ms<br>");
});
