// Writes the report: Markdown beside its plots.

import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import type { ResultLine, Results } from "../protocol/results.ts";
import { curvePlot } from "./curve-plot.ts";
import { reportText } from "./markdown.ts";
import { ratioPlot } from "./ratio-plot.ts";

export interface ReportPlaces {
  readonly markdown: string;
  /** The folder of plots; those of an earlier report in it are removed. */
  readonly plots: string;
}

function curvesOf(lines: readonly ResultLine[]): ReadonlyMap<string, readonly ResultLine[]> {
  const curves = new Map<string, ResultLine[]>();
  for (const line of lines) {
    if (line.curve === undefined) continue;
    const { name } = line.curve;
    curves.set(name, [...(curves.get(name) ?? []), line]);
  }
  return curves;
}

function plotsOf(
  title: string,
  workload: string,
  lines: readonly ResultLine[],
): Map<string, string> {
  const plots = new Map<string, string>();
  for (const [name, own] of curvesOf(lines)) {
    const drawn = curvePlot(name, own[0]?.curve?.along ?? "", own);
    const file = `${workload}-${name.replaceAll(/[^a-z0-9]+/gi, "-").toLowerCase()}.svg`;
    if (drawn !== undefined) plots.set(file, drawn);
  }
  const ratios = ratioPlot(
    title,
    lines.filter(({ curve }) => curve === undefined),
  );
  if (ratios !== undefined) plots.set(`${workload}.svg`, ratios);
  return plots;
}

export function writeReport(results: Results, places: ReportPlaces): void {
  mkdirSync(places.plots, { recursive: true });
  for (const name of readdirSync(places.plots).filter((each) => each.endsWith(".svg"))) {
    rmSync(join(places.plots, name));
  }
  const shown = new Map<string, readonly string[]>();
  for (const { workload, title } of results.workloads) {
    const lines = results.results.filter((line) => line.workload === workload);
    const plots = plotsOf(title, workload, lines);
    for (const [file, drawn] of plots) writeFileSync(join(places.plots, file), drawn);
    const folder = relative(dirname(places.markdown), places.plots);
    shown.set(
      workload,
      [...plots.keys()].map((file) => (folder === "" ? file : `${folder}/${file}`)),
    );
  }
  writeFileSync(places.markdown, reportText(results, shown));
}
