// Writes the report: Markdown beside its plots.

import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { suiteFile } from "../places.ts";
import type { ResultLine, Results } from "../protocol/results.ts";
import { curvePlot } from "./curve-plot.ts";
import { plotsShownIn } from "./earlier-plots.ts";
import { reportText } from "./markdown.ts";
import { originOf, type PlotOrigin } from "./plot-origin.ts";
import { ratioPlot } from "./ratio-plot.ts";

export interface ReportPlaces {
  readonly markdown: string;
  /** The folder of plots; those that an earlier report at `markdown` shows are removed, and nothing else. */
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
  { title, workload }: { readonly title: string; readonly workload: string },
  lines: readonly ResultLine[],
  origin: PlotOrigin,
): Map<string, string> {
  const plots = new Map<string, string>();
  for (const [name, own] of curvesOf(lines)) {
    const drawn = curvePlot(name, own, origin);
    const file = `${workload}-${name.replaceAll(/[^a-z0-9]+/gi, "-").toLowerCase()}.svg`;
    if (drawn !== undefined) plots.set(file, drawn);
  }
  const ratios = ratioPlot(
    title,
    lines.filter(({ curve }) => curve === undefined),
    origin,
  );
  if (ratios !== undefined) plots.set(`${workload}.svg`, ratios);
  return plots;
}

function removeEarlierPlots({ markdown, plots }: ReportPlaces): void {
  if (!existsSync(markdown)) return;
  for (const name of plotsShownIn(readFileSync(markdown, "utf8"))) {
    rmSync(join(plots, name), { force: true });
  }
}

/** A link from the report in the project; elsewhere a name, since what it links to is not beside it. */
export function pageFrom(markdown: string): (name: string) => string {
  const isBeside = dirname(resolve(markdown)) === suiteFile("..");
  return (name) => (isBeside ? `[bench/${name}](${name})` : `bench/${name}`);
}

export function writeReport(results: Results, places: ReportPlaces): void {
  mkdirSync(places.plots, { recursive: true });
  removeEarlierPlots(places);
  const shown = new Map<string, readonly string[]>();
  for (const about of results.workloads) {
    const { workload } = about;
    const lines = results.results.filter((line) => line.workload === workload);
    const plots = plotsOf(about, lines, originOf(results.header, about));
    for (const [file, drawn] of plots) writeFileSync(join(places.plots, file), drawn);
    const folder = relative(dirname(places.markdown), places.plots);
    shown.set(
      workload,
      [...plots.keys()].map((file) => (folder === "" ? file : `${folder}/${file}`)),
    );
  }
  writeFileSync(places.markdown, reportText(results, shown, pageFrom(places.markdown)));
}
