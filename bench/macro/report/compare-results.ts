// Two results side by side: what became faster or slower than the noise of both.

import { medianMs, type ResultLine, type Results } from "../protocol/results.ts";
import { titleOf } from "./markdown.ts";
import { durationText } from "./units.ts";

/** Ranges of both runs that do not touch: a change that noise alone seldom makes. */
function isClear(before: ResultLine, after: ResultLine): boolean {
  if (before.outcome.kind !== "measured" || after.outcome.kind !== "measured") return false;
  const [a, b] = [before.outcome.tookMs, after.outcome.tookMs];
  return Math.max(...a) < Math.min(...b) || Math.max(...b) < Math.min(...a);
}

function keyOf({ workload, row, contender, threads }: ResultLine): string {
  return `${workload}/${row}/${contender}/${threads}`;
}

/** As a Markdown table; other contenders show how much the machine itself changed. */
export function comparisonText(earlier: Results, later: Results): string {
  const before = new Map(earlier.results.map((line) => [keyOf(line), line]));
  const lines = later.results.flatMap((after) => {
    const old = before.get(keyOf(after));
    if (old === undefined) return [];
    const [oldMs, newMs] = [medianMs(old), medianMs(after)];
    const name = `${after.workload}/${after.row} | ${titleOf(after.contender)}`;
    if (oldMs === undefined || newMs === undefined) {
      if (old.outcome.kind === after.outcome.kind) return [];
      return [`| ${name} | ${old.outcome.kind} | ${after.outcome.kind} | |\n`];
    }
    const change = `${((newMs / oldMs - 1) * 100).toFixed(0)} %${isClear(old, after) ? "" : " (within noise)"}`;
    return [`| ${name} | ${durationText(oldMs)} | ${durationText(newMs)} | ${change} |\n`];
  });
  const of = ({ header }: Results): string =>
    `${header.commit} of ${header.startedAt.slice(0, 10)}`;
  const head = `| row | who | ${of(earlier)} | ${of(later)} | change |\n| --- | --- | ---: | ---: | ---: |\n`;
  return `${head}${lines.join("")}`;
}
