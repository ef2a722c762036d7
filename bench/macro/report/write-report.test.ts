// A report replaces what an earlier one wrote, and touches nothing else.

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { suiteFile } from "../places.ts";
import { line, someResults } from "./testing/some-results.ts";
import { pageFrom, writeReport } from "./write-report.ts";

const folder = mkdtempSync(join(tmpdir(), "millrace-report-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const results = someResults([line("q1", "millrace", [100]), line("q1", "spark", [1000])]);
const lonely = someResults([line("q1", "millrace", [100])]);

test("plots of an earlier report go, those of anybody else stay", () => {
  const places = { markdown: join(folder, "report.md"), plots: folder };
  writeFileSync(join(folder, "my-holiday.svg"), "<svg/>");
  writeReport(results, places);
  expect(readdirSync(folder).sort()).toEqual(["my-holiday.svg", "report.md", "tpch.svg"]);
  writeReport(lonely, places);
  expect(readdirSync(folder).sort()).toEqual(["my-holiday.svg", "report.md"]);
  expect(readFileSync(join(folder, "my-holiday.svg"), "utf8")).toBe("<svg/>");
});

test("what a report of somebody else's shows is theirs too", () => {
  const own = join(folder, "own");
  mkdirSync(own);
  writeFileSync(join(own, "report.md"), "# My holiday\n\n![sea](my-holiday.svg)\n");
  writeFileSync(join(own, "my-holiday.svg"), "<svg/>");
  writeReport(results, { markdown: join(own, "report.md"), plots: own });
  expect(readdirSync(own).sort()).toEqual(["my-holiday.svg", "report.md", "tpch.svg"]);
});

test("plots in a folder beside the report are found there", () => {
  const beside = { markdown: join(folder, "beside.md"), plots: join(folder, "plots") };
  writeReport(results, beside);
  expect(readFileSync(beside.markdown, "utf8")).toContain("![TPC-H](plots/tpch.svg)");
  writeReport(lonely, beside);
  expect(readdirSync(beside.plots)).toEqual([]);
});

test("pages of the project are linked to only from where they are", () => {
  const markdown = join(folder, "report.md");
  writeReport(results, { markdown, plots: folder });
  const away = readFileSync(markdown, "utf8");
  expect(away).toContain("How it measures is in bench/macro/README.md.");
  const fromProject = pageFrom(suiteFile("../RESULTS.md"));
  expect(fromProject("macro/README.md")).toBe("[bench/macro/README.md](macro/README.md)");
});
