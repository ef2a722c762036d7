// What a report says of kernels alone, of works in bounded memory, and of the worst rows' profiles.

import type { KernelLine, ProfileLine, Results, WorkLine } from "../protocol/results.ts";
import { table, titleOf } from "./markdown-table.ts";
import { bytesText, durationText, ratioText } from "./units.ts";

/** Threads below this share of the busiest one's time are not shown. */
const threadShareMin = 0.05;

const yesOrNo = (isMet: boolean): string => (isMet ? "yes" : "**no**");

/** Of a part that was measured later than the rows. */
function sourceText(header: Results["header"], lines: readonly { readonly commit: string }[]) {
  const commits = [...new Set(lines.map(({ commit }) => commit))];
  return commits.every((commit) => commit === header.commit)
    ? ""
    : ` Measured at ${commits.join(", ")}.`;
}

function kernelsText(results: Results): string {
  const { kernels, header } = results;
  if (kernels.length === 0) return "";
  const rows = kernels.map(({ kernel, unit, aim, ours, duckdb }: KernelLine) => [
    kernel,
    ...[`${ours.toFixed(1)} ${unit}`, `≥ ${aim}`, yesOrNo(ours >= aim), duckdb.toFixed(1)],
  ]);
  const about = `\`node bench/micro/kernels/main.mjs\`: within a second, by the clock, in ${header.threads} threads, turn by turn with DuckDB.`;
  const head = ["kernel", "Millrace", "aim", "met", "DuckDB"];
  return `## Kernels alone\n\n${about}${sourceText(header, kernels)}\n\n${table(head, rows)}`;
}

function worksText({ works, header }: Results, page: (path: string) => string): string {
  if (works.length === 0) return "";
  const rows = works.map((line: WorkLine) => [
    line.work,
    ...[`${(line.rows / 1e6).toFixed(1)} M`, bytesText(line.rows * line.rowBytes)],
    ...[bytesText(line.limitBytes), bytesText(line.peakBytes)],
    ...[ratioText(line.peakBytes / line.limitBytes), yesOrNo(line.peakBytes <= line.peakBytesMax)],
    ...[`${line.seconds.toFixed(1)} s`, line.problem === undefined ? "right" : "**wrong**"],
  ]);
  const problems = works.flatMap(({ work, problem }) =>
    problem === undefined ? [] : [`- ${work}: ${problem.split("\n")[0]}\n`],
  );
  const about =
    "`npm run bench:memory`: rows of ten times the memory that an executor may take; the peak of its process may be " +
    "1.25 times that. `parquet` writes a large file without a limit, and may take 1 GB. What a sort of twenty times " +
    `the memory took is in ${page("PROFILES.md")}.`;
  const head = ["work", "rows", "bytes of rows", "limit", "peak", "of it", "met", "time", "answer"];
  const shown = `${table(head, rows)}${problems.length === 0 ? "" : `\n${problems.join("")}`}`;
  return `## Memory\n\n${about}${sourceText(header, works)}\n\n${shown}`;
}

/** V8 has names in angle brackets, which would be tags. */
const textOf = (what: string): string => what.replaceAll("<", "&lt;");

function profileText({ row, ratio, fastest, wallMs, threads }: ProfileLine): string {
  const most = Math.max(...threads.map(({ busyMs }) => busyMs));
  const rows = threads
    .filter(({ busyMs }) => busyMs >= threadShareMin * most)
    .map(({ name, busyMs, functions }) => [
      name.replaceAll(/-\d+-thread-(\d+)$/g, ", thread $1"),
      durationText(busyMs),
      functions
        .map(({ what, ms }) => `${textOf(what)} ${((100 * ms) / busyMs).toFixed(0)} %`)
        .join("<br>"),
    ]);
  const about = `${titleOf(fastest)} takes ${ratioText(ratio)} of our time; ${durationText(wallMs)} under the profilers.`;
  return `### ${row}\n\n${about}\n\n${table(["process, thread", "busy", "in"], rows)}`;
}

function profilesText({ profiles, header }: Results, page: (path: string) => string): string {
  if (profiles.length === 0) return "";
  const about =
    "Those in which the fastest other is most ahead, once more with `--profile`: the functions in which each thread was " +
    `most of its busy time. What was done about them is in ${page("PROFILES.md")}.`;
  const sections = profiles.map(profileText).join("\n");
  return `## The worst rows, profiled\n\n${about}${sourceText(header, profiles)}\n\n${sections}`;
}

/** Sections of the parts that the results have. */
export function partsText(results: Results, page: (path: string) => string): readonly string[] {
  return [kernelsText(results), worksText(results, page), profilesText(results, page)];
}
