// The report as Markdown: who, on what, how; then a table for each workload.

import { contenders } from "../contenders/contenders.ts";
import {
  geometricMean,
  median,
  medianMs,
  type ResultLine,
  type Results,
  type WorkloadLine,
} from "../protocol/results.ts";
import { largeRowSeconds } from "../protocol/workload.ts";
import { aimsTable } from "./aims.ts";
import { reportTitle } from "./earlier-plots.ts";
import { table, titleOf } from "./markdown-table.ts";
import { partsText } from "./parts-text.ts";
import { bytesText, durationText, ratioText } from "./units.ts";

/** Contenders that did something, in the order of the report. */
export function takingPart(lines: readonly ResultLine[]): string[] {
  const present = new Set(
    lines.filter(({ outcome }) => outcome.kind !== "skipped").map(({ contender }) => contender),
  );
  return contenders.map(({ name }) => name).filter((name) => present.has(name));
}

function cellText(line: ResultLine | undefined, ourMs: number | undefined): string {
  if (line === undefined) return "";
  const { outcome } = line;
  switch (outcome.kind) {
    case "skipped":
      return "–";
    case "wrong":
      return "**wrong**";
    case "failed":
      return "**failed**";
    case "late":
      return `> ${outcome.limitSeconds} s`;
    case "measured": {
      const ms = median(outcome.tookMs);
      const [least, most] = [Math.min(...outcome.tookMs), Math.max(...outcome.tookMs)];
      const range = `${durationText(least)}–${durationText(most)}`;
      const ratio =
        ourMs === undefined || line.contender === "millrace" ? "" : ` ${ratioText(ms / ourMs)}`;
      return `${durationText(ms)}${ratio}<br>${range}, n=${outcome.tookMs.length}${outcome.isCold ? " cold" : ""}, ${bytesText(outcome.peakBytes)}`;
    }
  }
}

function workloadTable(lines: readonly ResultLine[]): string {
  const names = takingPart(lines);
  const rows = [...new Set(lines.map(({ row }) => row))];
  const find = (row: string, contender: string): ResultLine | undefined =>
    lines.find((line) => line.row === row && line.contender === contender);
  const body = rows.map((row) => {
    const ours = find(row, "millrace");
    const ourMs = ours === undefined ? undefined : medianMs(ours);
    const title = lines.find((line) => line.row === row)?.title ?? row;
    return [title, ...names.map((name) => cellText(find(row, name), ourMs))];
  });
  if (rows.length > 4) body.push(meanRow(lines, names));
  return table(["", ...names.map(titleOf)], body);
}

/** Each contender's time over ours, as the geometric mean of the rows that both have. */
function summaryTable({ workloads, results }: Results): string {
  const lines = results.filter(({ curve }) => curve === undefined);
  const names = takingPart(lines).filter((name) => name !== "millrace");
  const rows = workloads.flatMap(({ workload, title }) => {
    const own = lines.filter((line) => line.workload === workload);
    const cells = names.map((name) => sharedRatio(own, name));
    if (cells.every((cell) => cell === "")) return [];
    return [[title, ...cells]];
  });
  if (rows.length === 0) return "";
  const head = ["", ...names.map(titleOf)];
  const about = "Each one's time over Millrace's: the geometric mean of the rows that both have.";
  return `## Summary\n\n${about} Above 1 × is slower than Millrace.\n\n${table(head, rows)}`;
}

function sharedRatio(lines: readonly ResultLine[], contender: string): string {
  const ours = measuredBy(lines, "millrace");
  const ratios = [...measuredBy(lines, contender)].flatMap(([row, ms]) => {
    const ourMs = ours.get(row);
    return ourMs === undefined ? [] : [ms / ourMs];
  });
  if (ratios.length === 0) return "";
  const all = ratios.length === ours.size ? "" : ` (${ratios.length} of ${ours.size} rows)`;
  return `${ratioText(geometricMean(ratios))}${all}`;
}

/** Over the rows that a contender and we both have, beside ours over the same rows. */
function meanRow(lines: readonly ResultLine[], names: readonly string[]): string[] {
  const ours = measuredBy(lines, "millrace");
  const cells = names.map((name) => {
    const theirs = measuredBy(lines, name);
    const shared = [...theirs.keys()].filter((row) => ours.has(row));
    if (shared.length === 0) return "";
    const mean = geometricMean(shared.map((row) => theirs.get(row)!));
    if (name === "millrace") return durationText(mean);
    const ratio = mean / geometricMean(shared.map((row) => ours.get(row)!));
    return `${durationText(mean)} ${ratioText(ratio)} (${shared.length} rows)`;
  });
  return ["**geometric mean**", ...cells];
}

export function measuredBy(lines: readonly ResultLine[], contender: string): Map<string, number> {
  const found = new Map<string, number>();
  for (const line of lines) {
    const ms = medianMs(line);
    if (line.contender === contender && ms !== undefined) found.set(line.row, ms);
  }
  return found;
}

function startsText({ starts }: WorkloadLine): string {
  const parts = Object.entries(starts).map(
    ([name, { startMs }]) => `${titleOf(name)} ${durationText(startMs)}`,
  );
  return parts.length === 0 ? "" : `Start-up, not in the times: ${parts.join(", ")}.\n`;
}

/** Reasons of what is missing or wrong, each once. */
function remarks(lines: readonly ResultLine[]): string {
  const found = new Map<string, string[]>();
  for (const { outcome, contender, row } of lines) {
    if (outcome.kind === "measured") continue;
    const key = `${titleOf(contender)}: ${outcome.kind}, ${outcome.reason}`;
    found.set(key, [...(found.get(key) ?? []), row]);
  }
  return [...found].map(([reason, rows]) => `- ${reason} (${rows.join(", ")})\n`).join("");
}

function workloadText(results: Results, about: WorkloadLine): string {
  const heading = `## ${about.title}\n\n`;
  if (about.skipped !== undefined) return `${heading}Left out: ${about.skipped}.\n`;
  const lines = results.results.filter(({ workload }) => workload === about.workload);
  const parts = [`${about.data}.`, workloadTable(lines), startsText(about), remarks(lines)];
  return (
    heading +
    parts
      .filter((part) => part !== "")
      .join("\n\n")
      .replaceAll("\n\n\n", "\n\n")
  );
}

function endText({ end }: Results): string {
  if (end === undefined) return "cut short, so that rows are missing";
  const spent = Object.entries(end.spentMinutes).map(
    ([name, minutes]) => `${titleOf(name)} ${minutes}`,
  );
  return `took ${end.tookMinutes} minutes, of which in starts and runs: ${spent.join(", ")}`;
}

/** How a page of ours is named, or linked to, in a report. */
export type PageName = (path: string) => string;

function headText(results: Results, page: PageName): string {
  const { header, workloads } = results;
  const { machine, cores, memoryBytes, node, threads, size, absent } = header;
  const { runs, rowSeconds, runSeconds, contenderMinutes, coldSeconds = rowSeconds } = header;
  const versions = new Map<string, string>();
  for (const { starts } of workloads) {
    for (const [name, { version }] of Object.entries(starts)) versions.set(name, version);
  }
  const listed = [...versions].map(([name, version]) => `${titleOf(name)} ${version}`).join(", ");
  const missing = Object.entries(absent).map(([name, why]) => `- ${titleOf(name)}: ${why}\n`);
  return `${reportTitle}

Written by \`npm run bench\`; do not edit. How it measures is in ${page("macro/README.md")}.

- ${header.startedAt.slice(0, 16).replace("T", " ")} UTC, commit ${header.commit}, size ${size}
- ${machine}, ${cores} cores, ${bytesText(memoryBytes)} of memory, Node ${node}
- ${threads} threads each; ${size === "smoke" ? "no warm-up" : "one warm-up"}, then up to ${runs} runs in turn (fewer once a contender spent
  ${rowSeconds} s on a row, ${Math.max(rowSeconds, largeRowSeconds)} s on a large one (synthetic words by expressions, the sort of a file); one cold run where the warm-up of a row took longer than ${coldSeconds} s); median, ratio to Millrace, least–most, runs (n), peak memory of all its processes
- A run is stopped after ${runSeconds} s (\`--run-seconds\`); a contender gets no more rows after ${contenderMinutes} minutes in all (\`--contender-minutes\`)
- All rows ${endText(results)}
- ${listed}
${missing.length === 0 ? "" : `\nNot measured:\n\n${missing.join("")}`}`;
}

/** `plots`: paths of pictures by the workload that they show. */
export function reportText(
  results: Results,
  plots: ReadonlyMap<string, readonly string[]>,
  page: PageName,
): string {
  const sections = results.workloads.map((about) => {
    const pictures = (plots.get(about.workload) ?? []).map(
      (path) => `\n![${about.title}](${path})\n`,
    );
    return `${workloadText(results, about).trimEnd()}\n${pictures.join("")}`;
  });
  const summaries = [headText(results, page), summaryTable(results), aimsTable(results)];
  return [...summaries, ...sections, ...partsText(results, page)]
    .filter((part) => part !== "")
    .join("\n");
}
