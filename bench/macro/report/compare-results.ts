// Two results side by side: what became faster or slower than the noise of both.

import { contenders } from "../contenders/contenders.ts";
import {
  geometricMean,
  medianMs,
  type ResultLine,
  type Results,
  type RunHeader,
} from "../protocol/results.ts";
import { tpchScaleDefault } from "../protocol/workload.ts";
import { titleOf } from "./markdown-table.ts";
import { durationText, ratioText } from "./units.ts";

/** Of fewer runs nobody can tell a change from noise. */
const runsMin = 3;

type Verdict = "faster" | "slower" | "within noise" | "too few runs to tell";

/** Ranges of both runs that do not touch: a change that noise alone seldom makes. */
function verdictOf(before: readonly number[], after: readonly number[]): Verdict {
  if (Math.min(before.length, after.length) < runsMin) return "too few runs to tell";
  if (Math.max(...after) < Math.min(...before)) return "faster";
  return Math.max(...before) < Math.min(...after) ? "slower" : "within noise";
}

interface Pair {
  readonly before: ResultLine;
  readonly after: ResultLine;
}

function keyOf({ workload, row, contender, threads }: ResultLine): string {
  return `${workload}/${row}/${contender}/${threads}`;
}

function pairsOf(earlier: Results, later: Results): Pair[] {
  const before = new Map(earlier.results.map((line) => [keyOf(line), line]));
  return later.results.flatMap((after) => {
    const old = before.get(keyOf(after));
    return old === undefined ? [] : [{ before: old, after }];
  });
}

interface Change {
  /** The later time over the earlier one. */
  readonly ratio: number;
  readonly verdict: Verdict;
}

function changeOf({ before, after }: Pair): Change | undefined {
  if (before.outcome.kind !== "measured" || after.outcome.kind !== "measured") return undefined;
  const [oldMs, newMs] = [medianMs(before)!, medianMs(after)!];
  const verdict = verdictOf(before.outcome.tookMs, after.outcome.tookMs);
  return { ratio: newMs / oldMs, verdict };
}

function rowText(pair: Pair): string {
  const { before, after } = pair;
  const name = `${after.workload}/${after.row} | ${titleOf(after.contender)}`;
  const change = changeOf(pair);
  if (change === undefined) {
    if (before.outcome.kind === after.outcome.kind) return "";
    return `| ${name} | ${before.outcome.kind} | ${after.outcome.kind} | |\n`;
  }
  const { ratio, verdict } = change;
  const percent = Math.round((ratio - 1) * 100) + 0;
  const signed = `${percent > 0 ? "+" : ""}${percent} %`;
  const isClear = verdict === "faster" || verdict === "slower";
  const times = `${durationText(medianMs(before)!)} | ${durationText(medianMs(after)!)}`;
  return `| ${name} | ${times} | ${signed}${isClear ? "" : ` (${verdict})`} |\n`;
}

/** A line for each contender: where it is not us, it shows how much the machine itself changed. */
function summaryText(pairs: readonly Pair[]): string {
  const lines = contenders.flatMap(({ name, title }) => {
    const changes = pairs
      .filter(({ after }) => after.contender === name)
      .flatMap((pair) => changeOf(pair) ?? []);
    if (changes.length === 0) return [];
    const count = (verdict: Verdict): number =>
      changes.filter((change) => change.verdict === verdict).length;
    const [faster, slower] = [count("faster"), count("slower")];
    const mean = ratioText(geometricMean(changes.map(({ ratio }) => ratio)));
    const rest = changes.length - faster - slower;
    return [
      `- ${title}: ${mean} of the earlier time (geometric mean of ${changes.length} rows); ` +
        `${faster} faster, ${slower} slower, ${rest} that cannot be told from noise\n`,
    ];
  });
  return lines.join("");
}

/** What makes times of two runs not comparable. */
function differencesText(before: RunHeader, after: RunHeader): string {
  const names = ["size", "tpchScale", "threads", "machine", "cores", "node"] as const;
  const scaled = (header: RunHeader) => ({ tpchScale: tpchScaleDefault, ...header });
  const [first, second] = [scaled(before), scaled(after)] as const;
  const different = names.filter((name) => first[name] !== second[name]);
  if (different.length === 0) return "";
  const told = different.map((name) => `${name} ${first[name]} and ${second[name]}`);
  return `**Not measured alike**: ${told.join("; ")}.\n\n`;
}

/** Markdown: a line about each contender, then a table of rows that both results have. */
export function comparisonText(earlier: Results, later: Results): string {
  const of = ({ header }: Results): string =>
    `${header.commit}, ${header.startedAt.slice(0, 16).replace("T", " ")}`;
  const pairs = pairsOf(earlier, later);
  const title = `## Compared with an earlier result\n\n${differencesText(earlier.header, later.header)}`;
  if (pairs.length === 0) return `${title}The two have no row of the same contender in common.\n`;
  const head = `| row | who | ${of(earlier)} | ${of(later)} | change |\n| --- | --- | ---: | ---: | ---: |\n`;
  return `${title}${summaryText(pairs)}\n${head}${pairs.map(rowText).join("")}`;
}
